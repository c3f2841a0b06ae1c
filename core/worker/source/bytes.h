/* bytes.h - the text of a file as bytes that arrive, whatever the file holds.
 *
 * What begins with gzip's magic number is unpacked on the way (several members
 * too), what is in another encoding is converted to UTF-8, and a byte order mark
 * at the begin is dropped.  UTF-8 itself passes unchecked: one bad cell must not
 * stop a file, so the check is with who uses the text.
 *
 * The reader looks at [at, end), moves AT forward over what it has done with,
 * and calls bytes_more() when it needs more.  It may write between AT and END.
 * BYTES_SLACK bytes behind END may be read (their content is arbitrary, but set), and
 * written where this header says so.  Knows nothing of Lua; one thread. */
#ifndef HOKO_WORKER_SOURCE_BYTES_H
#define HOKO_WORKER_SOURCE_BYTES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { BYTES_READ = 256 << 10, BYTES_SLACK = 16 };

struct gzip;
struct encoding;

/* What a stage has taken in and not used. */
struct bytes_inlet {
  char *ptr; /* NULL: the stage is not there */
  size_t at, len;
  bool is_end;
};

struct bytes {
  char *at, *end;
  /* private */
  char *ptr;
  size_t cap, limit;
  int fd;
  bool is_begun;
  struct gzip *gzip;         /* NULL: not packed */
  struct encoding *encoding; /* NULL: UTF-8 */
  struct bytes_inlet packed, coded;
};

enum bytes_got {
  BYTES_MORE,
  BYTES_END,    /* nothing comes behind END */
  BYTES_FULL,   /* LIMIT bytes are unread already */
  BYTES_FAILED, /* *err tells; no way on */
};

/* Takes FD, also on failure.  ENCODING: a name that iconv knows, NULL for UTF-8.
 * LIMIT: how many bytes the reader may leave unread. */
MUST_USE int bytes_open(struct bytes *b, int fd, const char *encoding, size_t limit,
                        struct error *err);
/* A struct of zeros, or a closed one, is left as it is. */
void bytes_close(struct bytes *b);

/* Puts at least one byte more behind the unread ones.  Moves them, so pointers
 * to them are void. */
MUST_USE enum bytes_got bytes_more(struct bytes *b, struct error *err);

#endif
