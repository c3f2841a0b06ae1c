#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 256 };

void buf_free(struct buf *b) {
  free(b->ptr);
  *b = BUF_WITH_LIMIT(b->limit);
}

char *buf_room_slow(struct buf *b, size_t more) {
  if (b->is_failed) return NULL;
  if (b->ptr && more <= b->cap - b->len) return b->ptr + b->len;
  if (more > b->limit || b->len > b->limit - more) {
    b->is_failed = true;
    return NULL;
  }
  size_t cap = b->cap <= b->limit / 2 ? b->cap * 2 : b->limit;
  if (cap < b->len + more) cap = b->len + more;
  if (cap < FIRST_CAP) cap = FIRST_CAP;
  if (cap > b->limit) cap = b->limit;
  if (cap == 0) cap = 1;
  char *ptr = realloc(b->ptr, cap);
  if (!ptr) {
    b->is_failed = true;
    return NULL;
  }
  b->ptr = ptr;
  b->cap = cap;
  return ptr + b->len;
}

void buf_printf(struct buf *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (len < 0) {
    b->is_failed = true;
    return;
  }
  char *to = buf_room(b, (size_t)len + 1); /* vsnprintf writes a NUL that is not kept */
  if (!to) return;
  va_start(args, format);
  (void)vsnprintf(to, (size_t)len + 1, format, args);
  va_end(args);
  b->len += (size_t)len;
}

const char *buf_text(struct buf *b) {
  char *to = buf_room(b, 1);
  if (!to) return NULL;
  *to = '\0';
  return b->ptr;
}

void buf_drop(struct buf *b, size_t len) {
  assert(len <= b->len);
  if (len == 0) return;
  memmove(b->ptr, b->ptr + len, b->len - len);
  b->len -= len;
}
