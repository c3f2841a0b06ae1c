/* place.h - where in the user's data the row in hand stands. */
#ifndef HOKO_WORKER_PLACE_H
#define HOKO_WORKER_PLACE_H

#include <stdint.h>

struct place {
  const char *file; /* NULL: not from a file; lives as long as the Lua state */
  uint32_t line;    /* 1-based, 0: not known */
};

#endif
