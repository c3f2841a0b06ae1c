/* json_trace.h - what json_scan() reads of a text, as one line to compare. */
#ifndef HOKO_TESTS_JSON_TRACE_H
#define HOKO_TESTS_JSON_TRACE_H

#include "base/json_scan.h"
#include "base/json_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

/* A trace is what was read as one line: keys and strings unescaped and written
 * again, "t f z" for the words, "." where the value ends, "!" for an error. */
enum { TRACE_LIMIT = 1 << 20, DEPTH = 64 };

static inline void trace_string(struct buf *trace, struct slice text, const char *behind) {
  struct buf plain = BUF_WITH_LIMIT(TRACE_LIMIT);
  if (json_unescape(&plain, text) == 0) {
    json_put_string(trace, buf_slice(&plain));
  } else {
    buf_add_text(trace, "?");
  }
  buf_add_text(trace, behind);
  buf_free(&plain);
}

static inline void trace_token(struct buf *trace, const struct json_scan *s,
                               enum json_token token) {
  switch (token) {
  case JSON_NEED_MORE: break;
  case JSON_OBJECT_BEGIN: buf_add_text(trace, "{ "); break;
  case JSON_OBJECT_END: buf_add_text(trace, "} "); break;
  case JSON_ARRAY_BEGIN: buf_add_text(trace, "[ "); break;
  case JSON_ARRAY_END: buf_add_text(trace, "] "); break;
  case JSON_KEY: trace_string(trace, s->text, ": "); break;
  case JSON_STRING: trace_string(trace, s->text, " "); break;
  case JSON_NUMBER:
    buf_add_slice(trace, s->text);
    buf_add_text(trace, " ");
    break;
  case JSON_TRUE: buf_add_text(trace, "t "); break;
  case JSON_FALSE: buf_add_text(trace, "f "); break;
  case JSON_NULL: buf_add_text(trace, "z "); break;
  case JSON_END_OF_VALUE: buf_add_text(trace, "."); break;
  case JSON_ERROR: buf_add_text(trace, "!"); break;
  }
}

/* Reads TEXT as one value, STEP bytes at a time, each time from a block of exactly
 * the bytes at hand, so that a sanitizer sees a step beyond them. */
static inline void json_trace(struct json_scan *s, struct slice text, size_t step,
                              struct buf *trace) {
  size_t read = 0, given = 0;
  enum json_token token = JSON_NEED_MORE;
  json_init(s, DEPTH);
  do {
    given = text.len - given < step ? text.len : given + step;
    size_t len = given - read;
    char *block = malloc(len ? len : 1);
    assert_non_null(block);
    if (len > 0) memcpy(block, text.ptr + read, len);
    json_feed(s, (struct slice){block, len}, given == text.len);
    do {
      token = json_next(s);
      trace_token(trace, s, token);
    } while (token != JSON_NEED_MORE && token != JSON_ERROR);
    read = given - json_rest(s).len;
    assert_int_equal(read, s->offset);
    free(block);
  } while (token != JSON_ERROR && given < text.len);
}

#endif
