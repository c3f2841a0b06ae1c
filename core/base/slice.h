/* slice.h - bytes with a length, borrowed; travels by value. */
#ifndef HOKO_BASE_SLICE_H
#define HOKO_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
  const char *ptr;
  size_t len;
};

/* Of a string literal; the second form initialises a member of a static table,
 * where C11 allows no compound literal. */
#define SLICE(literal) ((struct slice){"" literal, sizeof literal - 1})
#define SLICE_INIT(literal)                                                                        \
  { "" literal, sizeof literal - 1 }
/* Of NUL-terminated TEXT; NULL gives the empty slice. */
static inline struct slice slice_of(const char *text) {
  return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_equal(struct slice a, struct slice b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_is(struct slice s, const char *text) {
  return slice_equal(s, slice_of(text));
}

/* For "%.*s": length capped at 200, so that no message is flooded. */
#define SLICE_ARG(s) (int)((s).len > 200 ? 200 : (s).len), (s).ptr

#endif
