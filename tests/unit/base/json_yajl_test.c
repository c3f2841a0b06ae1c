/* yajl as the oracle: what both must agree on.  Known and left out: yajl takes form
 * feed and vertical tab for white space and overlong UTF-8 for valid, and overlooks
 * the begin of a string behind the value. */
#include "base/json_scan.h"

#include "json_cases.h"
#include "json_trace.h"

#include <yajl/yajl_parse.h>

static int on_null(void *trace) { return buf_add_text(trace, "z "), 1; }
static int on_boolean(void *trace, int is_true) {
  return buf_add_text(trace, is_true ? "t " : "f "), 1;
}
static int on_number(void *trace, const char *text, size_t len) {
  buf_add(trace, text, len);
  buf_add_text(trace, " ");
  return 1;
}
static int on_string(void *trace, const unsigned char *text, size_t len) {
  json_put_string(trace, (struct slice){(const char *)text, len});
  buf_add_text(trace, " ");
  return 1;
}
static int on_key(void *trace, const unsigned char *text, size_t len) {
  json_put_string(trace, (struct slice){(const char *)text, len});
  buf_add_text(trace, ": ");
  return 1;
}
static int on_map(void *trace) { return buf_add_text(trace, "{ "), 1; }
static int on_map_end(void *trace) { return buf_add_text(trace, "} "), 1; }
static int on_array(void *trace) { return buf_add_text(trace, "[ "), 1; }
static int on_array_end(void *trace) { return buf_add_text(trace, "] "), 1; }

static bool yajl_accepts(struct slice text, struct buf *trace) {
  static const yajl_callbacks callbacks = {.yajl_null = on_null,
                                           .yajl_boolean = on_boolean,
                                           .yajl_number = on_number,
                                           .yajl_string = on_string,
                                           .yajl_start_map = on_map,
                                           .yajl_map_key = on_key,
                                           .yajl_end_map = on_map_end,
                                           .yajl_start_array = on_array,
                                           .yajl_end_array = on_array_end};
  yajl_handle handle = yajl_alloc(&callbacks, NULL, trace);
  assert_non_null(handle);
  bool is_ok = yajl_parse(handle, (const unsigned char *)text.ptr, text.len) == yajl_status_ok &&
               yajl_complete_parse(handle) == yajl_status_ok;
  yajl_free(handle);
  if (is_ok) buf_add_text(trace, ".");
  return is_ok;
}

static void yajl_reads_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
    struct buf trace = BUF_WITH_LIMIT(TRACE_LIMIT);
    assert_true(yajl_accepts(accepted[i].text, &trace));
    assert_string_equal(buf_text(&trace), accepted[i].trace);
    buf_free(&trace);
  }
}

static void yajl_refuses_the_same(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct buf trace = BUF_WITH_LIMIT(TRACE_LIMIT);
    if (yajl_accepts(refused[i].text, &trace))
      fail_msg("yajl reads %.*s as %s", SLICE_ARG(refused[i].text), buf_text(&trace));
    buf_free(&trace);
  }
}

/* A linear congruential generator (Knuth's MMIX): the same documents on each run. */
static unsigned draw(uint64_t *seed, unsigned below) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(*seed >> 33) % below;
}

static void put_random_string(struct buf *b, uint64_t *seed) {
  static const char *const parts[] = {
      "a",   "id", "\\n", "\\\"", "\\u00e9", "\xc3\xa9", "\\ud83d\\ude00", "{", "0123456789abcdef",
      "\\\\"};
  buf_add_char(b, '"');
  for (unsigned i = draw(seed, 6); i > 0; i--)
    buf_add_text(b, parts[draw(seed, sizeof parts / sizeof parts[0])]);
  buf_add_char(b, '"');
}

static void put_random_value(struct buf *b, uint64_t *seed, unsigned depth) {
  static const char *const words[] = {"true", "false", "null", "0", "-1.5e3", "12345", "[]", "{}"};
  unsigned kind = draw(seed, depth > 0 ? 4 : 2), len = draw(seed, 4);
  if (kind == 0) buf_add_text(b, words[draw(seed, sizeof words / sizeof words[0])]);
  if (kind == 1) put_random_string(b, seed);
  if (kind < 2) return;
  buf_add_char(b, kind == 2 ? '[' : '{');
  for (unsigned i = 0; i < len; i++) {
    if (i > 0) buf_add_text(b, draw(seed, 2) ? ", " : ",");
    if (kind == 3) {
      put_random_string(b, seed);
      buf_add_text(b, draw(seed, 2) ? ": " : ":");
    }
    put_random_value(b, seed, depth - 1);
  }
  buf_add_char(b, kind == 2 ? ']' : '}');
}

/* Overwrites, removes or doubles a byte, none of which makes invalid UTF-8 of what
 * is ASCII: yajl is laxer there. */
static void damage(struct buf *b, uint64_t *seed) {
  static const char bytes[] = "\"\\{}[]:,0123456789.eE+-tfn \n\x01u/a";
  size_t at = draw(seed, (unsigned)b->len);
  if ((unsigned char)b->ptr[at] >= 0x80) return;
  if (draw(seed, 2)) {
    b->ptr[at] = bytes[draw(seed, sizeof bytes - 1)];
  } else {
    memmove(b->ptr + at, b->ptr + at + 1, b->len - at - 1);
    b->len--;
  }
}

static bool has_lone_surrogate(const struct buf *trace) {
  return memchr(trace->ptr, '?', trace->len) != NULL;
}

static void random_documents_are_read_as_yajl_reads_them(void **state) {
  uint64_t seed = 20261124;
  unsigned accepted_len = 0, refused_len = 0;
  (void)state;
  for (int i = 0; i < 20000; i++) {
    struct buf text = BUF_WITH_LIMIT(TRACE_LIMIT), ours = BUF_WITH_LIMIT(TRACE_LIMIT),
               theirs = BUF_WITH_LIMIT(TRACE_LIMIT);
    struct json_scan s;
    put_random_value(&text, &seed, 5);
    if (draw(&seed, 2)) damage(&text, &seed);
    json_trace(&s, buf_slice(&text), draw(&seed, 2) ? SIZE_MAX : 1 + draw(&seed, 20), &ours);
    bool is_ours = ours.len > 0 && ours.ptr[ours.len - 1] == '.';
    bool is_theirs = yajl_accepts(buf_slice(&text), &theirs);
    bool is_behind = !is_ours && s.reason && strcmp(s.reason, BEHIND) == 0;
    if (is_ours != is_theirs && !is_behind)
      fail_msg("document %d: %s: %s, yajl: %s", i, buf_text(&text), buf_text(&ours),
               buf_text(&theirs));
    if (is_ours && !has_lone_surrogate(&ours))
      assert_true(slice_equal(buf_slice(&ours), buf_slice(&theirs)));
    accepted_len += is_ours;
    refused_len += !is_ours;
    buf_free(&text);
    buf_free(&ours);
    buf_free(&theirs);
  }
  assert_true(accepted_len > 5000 && refused_len > 5000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(yajl_reads_the_same),
      cmocka_unit_test(yajl_refuses_the_same),
      cmocka_unit_test(random_documents_are_read_as_yajl_reads_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
