#include "base/json_scan.h"

#include "json_cases.h"
#include "json_trace.h"

static void check(struct slice text, const char *expected) {
  static const size_t steps[] = {SIZE_MAX, 1, 2, 3, 7, 16, 17};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    struct json_scan s;
    struct buf trace = BUF_WITH_LIMIT(TRACE_LIMIT);
    json_trace(&s, text, steps[i], &trace);
    if (!slice_is(buf_slice(&trace), expected))
      fail_msg("%.*s by %zu: %s", SLICE_ARG(text), steps[i], buf_text(&trace));
    buf_free(&trace);
  }
}

static void what_rfc_8259_allows_is_read(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
    check(accepted[i].text, accepted[i].trace);
}

static void what_rfc_8259_forbids_is_refused_at_its_place(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    struct json_scan s;
    struct buf trace = BUF_WITH_LIMIT(TRACE_LIMIT);
    check(refused[i].text, refused[i].trace);
    json_trace(&s, refused[i].text, SIZE_MAX, &trace);
    assert_string_equal(s.reason, refused[i].reason);
    assert_int_equal(json_column(&s), refused[i].column);
    buf_free(&trace);
  }
}

static void a_string_that_is_no_utf8_is_refused_at_the_byte(void **state) {
  static const struct refused texts[] = {
      {SLICE_INIT("\"\x80\""), "!", 2, NO_UTF8},
      {SLICE_INIT("\"a\xc3\""), "!", 3, NO_UTF8},
      {SLICE_INIT("\"\xc0\xaf\""), "!", 2, NO_UTF8},
      {SLICE_INIT("\"\xe0\x80\x80\""), "!", 2, NO_UTF8},
      {SLICE_INIT("\"\xed\xa0\x80\""), "!", 2, NO_UTF8},
      {SLICE_INIT("\"\xf4\x90\x80\x80\""), "!", 2, NO_UTF8},
      {SLICE_INIT("\"\xff\""), "!", 2, NO_UTF8},
      {SLICE_INIT("\"0123456789abcdef01234\xe2\x82\""), "!", 23, NO_UTF8},
      {SLICE_INIT("{\"\xfe\":1}"), "{ !", 3, NO_UTF8},
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct json_scan s;
    struct buf trace = BUF_WITH_LIMIT(TRACE_LIMIT);
    check(texts[i].text, texts[i].trace);
    json_trace(&s, texts[i].text, 1, &trace);
    assert_string_equal(s.reason, texts[i].reason);
    assert_int_equal(json_column(&s), texts[i].column);
    buf_free(&trace);
  }
}

static void white_space_is_what_rfc_8259_says(void **state) {
  (void)state;
  check(SLICE("\f[]"), "!");
  check(SLICE("\v[]"), "!");
  check(SLICE("[\xc2\xa0]"), "[ !");
}

static void a_lone_surrogate_is_left_to_the_reader_of_the_string(void **state) {
  (void)state;
  check(SLICE("[\"\\ud800\",1]"), "[ ? 1 ] .");
}

static void an_escape_is_announced(void **state) {
  struct json_scan s;
  (void)state;
  json_init(&s, 1);
  json_feed(&s, SLICE("[\"\\n\",\"n\",1]"), true);
  assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_int_equal(json_next(&s), JSON_STRING);
  assert_true(s.has_escape);
  assert_true(slice_is(s.text, "\\n"));
  assert_int_equal(json_next(&s), JSON_STRING);
  assert_false(s.has_escape);
}

/* How far TEXT is read once its object is open, and whether KEY was taken there. */
static bool takes(const char *text, const char *key, enum json_token *behind) {
  struct json_scan s;
  json_init(&s, DEPTH);
  json_feed(&s, slice_of(text), true);
  assert_int_equal(json_next(&s), JSON_OBJECT_BEGIN);
  if (s.at[0] == '"') { /* the first member is read as ever */
    assert_int_equal(json_next(&s), JSON_KEY);
    assert_int_equal(json_next(&s), JSON_NUMBER);
  }
  const char *before = s.at;
  bool is_taken = json_take_key(&s, slice_of(key));
  if (is_taken)
    assert_true(slice_is(s.text, key) && !s.has_escape && s.offset == (uint64_t)(s.at - text));
  else
    assert_ptr_equal(s.at, before);
  *behind = json_next(&s);
  return is_taken;
}

static void a_key_is_taken_only_as_it_was_and_where_a_key_may_be(void **state) {
  static const struct {
    const char *text;
    const char *key;
    bool is_taken;
    enum json_token behind;
  } cases[] = {
      {"{\"a\":1,\"b\":2}", "b", true, JSON_NUMBER},
      {"{\"a\":1, \"b\": 2}", "b", true, JSON_NUMBER},
      {"{\"a\":1,\"b\":}", "b", true, JSON_ERROR},
      {"{\"a\":1,\"b\":", "b", true, JSON_ERROR},
      {"{\"a\":1,\"\":2}", "", true, JSON_NUMBER},
      {"{\"a\":1,  \"b\":2}", "b", false, JSON_KEY},
      {"{\"a\":1 ,\"b\":2}", "b", false, JSON_KEY},
      {"{\"a\":1,\"b\" :2}", "b", false, JSON_KEY},
      {"{\"a\":1,\"bc\":2}", "b", false, JSON_KEY},
      {"{\"a\":1,\"\\u0062\":2}", "b", false, JSON_KEY},
      {"{\"a\":1\"b\":2}", "b", false, JSON_ERROR},
      {"{\"a\":1,\"b", "b", false, JSON_ERROR},
      {"{\"a\":1,\"b\"", "b", false, JSON_KEY},
      {"{\"a\":1,", "b", false, JSON_ERROR},
      {"{\"a\":1}", "b", false, JSON_OBJECT_END},
      {"{ \"b\":2}", "b", false, JSON_KEY},
      {"{}", "", false, JSON_OBJECT_END},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    enum json_token behind;
    if (takes(cases[i].text, cases[i].key, &behind) != cases[i].is_taken ||
        behind != cases[i].behind)
      fail_msg("%s: %d", cases[i].text, behind);
  }
}

static void a_key_is_taken_behind_an_opened_object_and_nowhere_in_an_array(void **state) {
  struct json_scan s;
  (void)state;
  json_init(&s, DEPTH);
  json_feed(&s, SLICE("[1,\"a\":2,{\"a\":[]}]"), true);
  assert_false(json_take_key(&s, SLICE("a")));
  assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_false(json_take_key(&s, SLICE("a")));
  assert_int_equal(json_next(&s), JSON_NUMBER);
  assert_false(json_take_key(&s, SLICE("a")));
  json_init(&s, DEPTH);
  json_feed(&s, SLICE("{\"a\":[]}"), true);
  assert_int_equal(json_next(&s), JSON_OBJECT_BEGIN);
  assert_true(json_take_key(&s, SLICE("a")));
  assert_false(json_take_key(&s, SLICE("a")));
  assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_int_equal(json_next(&s), JSON_ARRAY_END);
  assert_int_equal(json_next(&s), JSON_OBJECT_END);
  assert_false(json_take_key(&s, SLICE("a")));
  assert_int_equal(json_next(&s), JSON_END_OF_VALUE);
}

static void a_value_deeper_than_the_cap_is_refused(void **state) {
  char text[JSON_DEPTH_MAX + 1];
  struct json_scan s;
  (void)state;
  memset(text, '[', sizeof text);
  json_init(&s, JSON_DEPTH_MAX);
  json_feed(&s, (struct slice){text, sizeof text}, true);
  for (int i = 0; i < JSON_DEPTH_MAX; i++) assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_int_equal(json_next(&s), JSON_ERROR);
  assert_string_equal(s.reason, "nested too deeply");
  assert_int_equal(s.depth, JSON_DEPTH_MAX);
}

static void levels_are_closed_as_they_were_opened(void **state) {
  struct buf text = BUF_WITH_LIMIT(TRACE_LIMIT), expected = BUF_WITH_LIMIT(TRACE_LIMIT);
  (void)state;
  for (int i = 0; i < DEPTH / 2; i++) {
    buf_add_text(&text, "[{\"k\":");
    buf_add_text(&expected, "[ { \"k\": ");
  }
  buf_add_text(&text, "1");
  buf_add_text(&expected, "1 ");
  for (int i = 0; i < DEPTH / 2; i++) {
    buf_add_text(&text, "}]");
    buf_add_text(&expected, "} ] ");
  }
  buf_add_text(&expected, ".");
  check(buf_slice(&text), buf_text(&expected));
  buf_free(&text);
  buf_free(&expected);
}

static void values_behind_each_other_are_read_one_by_one(void **state) {
  struct json_scan s;
  (void)state;
  json_init(&s, 4);
  json_feed(&s, SLICE("{}\n[1]\n\n7\n"), true);
  assert_int_equal(json_next(&s), JSON_OBJECT_BEGIN);
  assert_int_equal(json_next(&s), JSON_OBJECT_END);
  assert_int_equal(json_next(&s), JSON_END_OF_VALUE);
  json_reset(&s);
  assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_int_equal(json_line(&s), 2);
  assert_int_equal(json_next(&s), JSON_NUMBER);
  assert_int_equal(json_next(&s), JSON_ARRAY_END);
  assert_int_equal(json_next(&s), JSON_END_OF_VALUE);
  json_reset(&s);
  assert_int_equal(json_next(&s), JSON_NUMBER);
  assert_int_equal(json_line(&s), 4);
  assert_int_equal(json_column(&s), 2);
  assert_int_equal(json_next(&s), JSON_END_OF_VALUE);
  json_reset(&s);
  assert_int_equal(json_next(&s), JSON_NEED_MORE);
  assert_int_equal(json_rest(&s).len, 0);
}

static void a_reset_leads_on_behind_an_error(void **state) {
  struct json_scan s;
  (void)state;
  json_init(&s, 4);
  json_feed(&s, SLICE("[[x\n1"), true);
  assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_int_equal(json_next(&s), JSON_ARRAY_BEGIN);
  assert_int_equal(json_next(&s), JSON_ERROR);
  assert_int_equal(json_next(&s), JSON_ERROR);
  json_reset(&s);
  struct slice rest = json_rest(&s);
  json_feed(&s, (struct slice){rest.ptr + 1, rest.len - 1}, true);
  assert_int_equal(json_next(&s), JSON_NUMBER);
  assert_int_equal(json_next(&s), JSON_END_OF_VALUE);
}

static void no_value_is_not_an_error_of_the_text(void **state) {
  (void)state;
  check(SLICE(""), "");
  check(SLICE(" \n\t "), "");
}

static void a_number_at_the_end_waits_for_more_or_for_the_end(void **state) {
  struct json_scan s;
  (void)state;
  json_init(&s, 1);
  json_feed(&s, SLICE("12"), false);
  assert_int_equal(json_next(&s), JSON_NEED_MORE);
  assert_int_equal(json_rest(&s).len, 2);
  json_feed(&s, SLICE("12"), true);
  assert_int_equal(json_next(&s), JSON_NUMBER);
  assert_true(slice_is(s.text, "12"));
  assert_int_equal(json_next(&s), JSON_END_OF_VALUE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_rfc_8259_allows_is_read),
      cmocka_unit_test(what_rfc_8259_forbids_is_refused_at_its_place),
      cmocka_unit_test(a_string_that_is_no_utf8_is_refused_at_the_byte),
      cmocka_unit_test(white_space_is_what_rfc_8259_says),
      cmocka_unit_test(a_lone_surrogate_is_left_to_the_reader_of_the_string),
      cmocka_unit_test(an_escape_is_announced),
      cmocka_unit_test(a_key_is_taken_only_as_it_was_and_where_a_key_may_be),
      cmocka_unit_test(a_key_is_taken_behind_an_opened_object_and_nowhere_in_an_array),
      cmocka_unit_test(a_value_deeper_than_the_cap_is_refused),
      cmocka_unit_test(levels_are_closed_as_they_were_opened),
      cmocka_unit_test(values_behind_each_other_are_read_one_by_one),
      cmocka_unit_test(a_reset_leads_on_behind_an_error),
      cmocka_unit_test(no_value_is_not_an_error_of_the_text),
      cmocka_unit_test(a_number_at_the_end_waits_for_more_or_for_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
