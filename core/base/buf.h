/* buf.h - bytes that grow, born with a limit.
 *
 * The functions that add do not fail on the spot: the first addition that would
 * pass the limit, or finds no memory, sets is_failed and adds nothing, and so do
 * all later ones.  Who built the content asks buf_ok() once, before using it. */
#ifndef HOKO_BASE_BUF_H
#define HOKO_BASE_BUF_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

struct buf {
  char *ptr; /* NULL while nothing was ever added */
  size_t len, cap, limit;
  bool is_failed;
};

#define BUF_WITH_LIMIT(limit_bytes) ((struct buf){.limit = (limit_bytes)})

void buf_free(struct buf *b); /* back to empty, the limit stays */
static inline void buf_clear(struct buf *b) {
  b->len = 0;
  b->is_failed = false;
} /* keeps memory */

/* Whether all additions fitted. */
MUST_USE static inline bool buf_ok(const struct buf *b) { return !b->is_failed; }
static inline struct slice buf_slice(const struct buf *b) { return (struct slice){b->ptr, b->len}; }

/* Makes room for MORE bytes behind len and returns where they go, or NULL (then
 * is_failed is set).  Add what was written there to len. */
char *buf_room_slow(struct buf *b, size_t more);
static inline char *buf_room(struct buf *b, size_t more) {
  if (__builtin_expect(b->is_failed || more > b->cap - b->len, 0)) return buf_room_slow(b, more);
  return b->ptr + b->len;
}

static inline void buf_add(struct buf *b, const void *bytes, size_t len) {
  if (len == 0) return;
  char *to = buf_room(b, len);
  if (!to) return;
  memcpy(to, bytes, len);
  b->len += len;
}
static inline void buf_add_slice(struct buf *b, struct slice s) { buf_add(b, s.ptr, s.len); }
static inline void buf_add_text(struct buf *b, const char *text) { buf_add(b, text, strlen(text)); }
static inline void buf_add_char(struct buf *b, char c) { buf_add(b, &c, 1); }
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* The content as NUL-terminated text (the NUL is not counted in len), or NULL
 * when an addition failed.  Valid until the next addition. */
const char *buf_text(struct buf *b);
/* Drops the first LEN bytes. */
void buf_drop(struct buf *b, size_t len);

#endif
