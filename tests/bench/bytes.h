/* bytes.h - what sink and limit know of bytes and JSON.
 *
 * Not core/base: a yardstick must not get faster or slower with what it measures.
 * Running out of memory ends the program. */
#ifndef HOKO_BENCH_BYTES_H
#define HOKO_BENCH_BYTES_H

#include <emmintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct slice {
  const char *ptr;
  size_t len;
};
struct buf {
  char *ptr;
  size_t len, cap;
};

#define SLICE_INIT(text)                                                                           \
  { text, sizeof text - 1 }
#define SLICE_LIT(text) ((struct slice)SLICE_INIT(text))

static inline void die(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(1);
}

static inline void buf_room(struct buf *b, size_t more) {
  if (__builtin_expect(b->len + more <= b->cap, 1)) return;
  size_t cap = b->cap ? b->cap : 65536;
  while (cap < b->len + more) cap *= 2;
  b->ptr = realloc(b->ptr, cap);
  if (!b->ptr) die("out of memory");
  b->cap = cap;
}

static inline void buf_add(struct buf *b, struct slice s) {
  buf_room(b, s.len);
  memcpy(b->ptr + b->len, s.ptr, s.len);
  b->len += s.len;
}

static inline void buf_add_char(struct buf *b, char c) { buf_add(b, (struct slice){&c, 1}); }

static inline const char *skip_blanks(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
  return p;
}

/* Behind a comma and blanks, if there are any. */
static inline const char *skip_comma(const char *p, const char *end) {
  p = skip_blanks(p, end);
  return p < end && *p == ',' ? skip_blanks(p + 1, end) : p;
}

/* P stands behind the opening quote of a JSON string; gives the closing one, or NULL. */
static inline const char *string_end(const char *p, const char *end, bool *has_escape) {
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
  *has_escape = false;
  while (p < end) {
    if (end - p >= 16) {
      __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
      int m = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
      if (!m) {
        p += 16;
        continue;
      }
      p += __builtin_ctz((unsigned)m);
    }
    if (*p == '"') return p;
    if (*p == '\\') *has_escape = true;
    p += *p == '\\' ? 2 : 1;
  }
  return NULL;
}

#endif
