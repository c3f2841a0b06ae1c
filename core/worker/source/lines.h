/* lines.h - the lines of a file, one by one, as they stand; blank ones are left out. */
#ifndef HOKO_WORKER_SOURCE_LINES_H
#define HOKO_WORKER_SOURCE_LINES_H

#include "base/error.h"
#include "base/slice.h"
#include "worker/source/bytes.h"

enum { LINES_MAX = 16 << 20 };

struct lines {
  struct bytes *bytes; /* borrowed; opened with LINES_MAX as its limit */
  struct slice text;   /* of the last line, without its end; valid until the next call */
  uint64_t line;       /* 1-based */
  /* private */
  size_t used;  /* of the bytes, by the last line and its end */
  bool is_over; /* this line is larger than the limit */
};

enum lines_got {
  LINES_LINE,
  LINES_END,
  LINES_BAD, /* the line is larger than LINES_MAX; TEXT is empty, the next call goes on behind it */
  LINES_FAILED, /* *err tells; no way on */
};

void lines_init(struct lines *l, struct bytes *bytes);
MUST_USE enum lines_got lines_next(struct lines *l, struct error *err);

#endif
