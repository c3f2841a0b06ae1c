/* listen.h - the socket that a server listens on. */
#ifndef HOKO_WEB_LISTEN_H
#define HOKO_WEB_LISTEN_H

#include "base/error.h"

#include <stdint.h>

/* Listens on numeric ADDRESS and PORT (0: a free one); gives the descriptor, not
 * blocking, and the port taken. */
MUST_USE int listen_open(const char *address, uint16_t port, int *fd, uint16_t *taken,
                         struct error *err);

#endif
