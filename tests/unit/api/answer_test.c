#include "api/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <sys/resource.h>

#define ID1 "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define ID2 "0d5c6a0e-5b1c-4b3e-8a4d-3c6b7f9e2a01"
#define TIMES "\"createdAt\":\"2026-03-09T06:15:42Z\",\"updatedAt\":\"2026-11-02T18:40:05Z\""
#define NEST4(x) "[[[[" x "]]]]"

static const struct hash_key key = {1, 2};
static const struct answer_options usual = {
    .partners_max = 3, .bytes_max = 64 << 10, .keeps_text = true, .key = {1, 2}};

static void start(struct answer *a, const struct answer_options *options) {
  struct error err;
  assert_int_equal(answer_init(a, options, &err), 0);
}

/* Feeds BODY in pieces of STEP bytes. */
static void feed(struct answer *a, struct slice body, size_t step) {
  bool goes_on = true;
  for (size_t at = 0; at < body.len && goes_on; at += step) {
    size_t len = body.len - at < step ? body.len - at : step;
    goes_on = answer_feed(a, (struct slice){body.ptr + at, len});
  }
  answer_end(a);
}

static uint64_t hash_of(const char *json) { return answer_hash_field(&key, slice_of(json)); }

static void assert_id(const struct answer *a, size_t i, const char *text) {
  struct uuid id;
  assert_true(uuid_parse(slice_of(text), &id));
  assert_true(uuid_equal(&id, &a->partners[i].id));
}

static const char whole[] =
    " [ {\"id\":\"" ID1
    "\",\"name\":\"Dar Al Noor\",\"email\":null,\"phone\":\"+966501234567\"," TIMES "},\n"
    "{\"name\":\"\\u0633\\u0648\\u0642\",\"extra\":{\"id\":[1,{\"name\":[true]}],\"x\":-1e3},"
    "\"id\":\"" ID2 "\"} ]\r\n";

static void a_whole_answer_is_listed_however_it_is_cut(void **state) {
  (void)state;
  struct answer a;
  start(&a, &usual);
  for (size_t step = 1; step <= sizeof whole; step++) {
    answer_reset(&a);
    feed(&a, slice_of(whole), step);
    assert_int_equal(a.state, ANSWER_COMPLETE);
    assert_int_equal(a.partners_len, 2);
    assert_int_equal(a.bytes, sizeof whole - 1);
    assert_id(&a, 0, ID1);
    assert_id(&a, 1, ID2);
    assert_int_equal(a.partners[0].field_hash[ROW_NAME], hash_of("\"Dar Al Noor\""));
    assert_int_equal(a.partners[0].field_hash[ROW_EMAIL], 0);
    assert_int_equal(a.partners[0].field_hash[ROW_PHONE], hash_of("\"+966501234567\""));
    assert_int_equal(a.partners[1].field_hash[ROW_NAME], hash_of("\"\xd8\xb3\xd9\x88\xd9\x82\""));
    assert_int_equal(a.partners[1].field_hash[ROW_PHONE], 0);
    const char *first = strchr(whole, '{'), *second = strstr(whole, "{\"name\":\"\\u");
    assert_true(slice_equal(answer_text(&a, 0),
                            (struct slice){first, (size_t)(strstr(whole, ",\n{") - first)}));
    assert_true(slice_equal(answer_text(&a, 1),
                            (struct slice){second, (size_t)(strstr(whole, " ]\r") - second)}));
  }
  answer_free(&a);
}

static void every_prefix_of_an_answer_is_wrong(void **state) {
  (void)state;
  struct answer a;
  start(&a, &usual);
  size_t len = (size_t)(strrchr(whole, ']') - whole) + 1;
  for (size_t cut = 0; cut < len; cut++) {
    answer_reset(&a);
    feed(&a, (struct slice){whole, cut}, 7);
    assert_int_equal(a.state, ANSWER_WRONG);
    assert_non_null(a.reason);
  }
  answer_free(&a);
}

struct wrong_case {
  const char *body, *reason; /* a part of it */
};

static const struct wrong_case wrong_cases[] = {
    {"", "empty"},
    {" \n\t", "empty"},
    {"null", "no JSON array"},
    {"{}", "no JSON array"},
    {"{\"id\":\"" ID1 "\"}", "no JSON array"},
    {"\"[]\"", "no JSON array"},
    {"<html><body>502</body></html>", "it is no JSON"},
    {"\xef\xbb\xbf[]", "it is no JSON"},
    {"[]]", "behind its array"},
    {"[] []", "behind its array"},
    {"[]x", "behind its array"},
    {"[null]", "something else"},
    {"[[]]", "something else"},
    {"[\"" ID1 "\"]", "something else"},
    {"[{}]", "no id"},
    {"[{\"name\":\"x\"}]", "no id"},
    {"[{\"id\":null}]", "no UUID"},
    {"[{\"id\":7}]", "no UUID"},
    {"[{\"id\":[]}]", "no UUID"},
    {"[{\"id\":\"\"}]", "no UUID"},
    {"[{\"id\":\"7b1f0c523d0e4c8a9a550f6f2d1e8c11\"}]", "no UUID"},
    {"[{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c1g\"}]", "no UUID"},
    {"[{\"id\":\"" ID1 "\",\"id\":\"" ID1 "\"}]", "twice"},
    {"[{\"id\":\"" ID1 "\",\"name\":\"a\",\"n\\u0061me\":\"a\"}]", "twice"},
    {"[{\"id\":\"" ID1 "\",\"name\":1}]", "neither a string nor null"},
    {"[{\"id\":\"" ID1 "\",\"phone\":{}}]", "neither a string nor null"},
    {"[{\"id\":\"" ID1 "\",\"email\":false}]", "neither a string nor null"},
    {"[{\"id\":\"" ID1 "\",\"name\":\"\\ud800\"}]", "surrogate"},
    {"[{\"id\":\"" ID1 "\",\"name\":\"\xff\"}]", "UTF-8"},
    {"[{\"id\":\"" ID1 "\",\"name\":\"a\nb\"}]", "control character"},
    {"[{\"id\":\"" ID1 "\"},]", "expected a value"},
    {"[{\"id\":\"" ID1 "\",}]", "expected a key"},
    {"[{\"id\":\"" ID1 "\"},{\"id\":\"" ID1 "\"},{\"id\":\"" ID1 "\"},{\"id\":\"" ID1 "\"}]",
     "more partners"},
    {"[{\"id\":\"" ID1 "\",\"x\":" NEST4(NEST4(NEST4(NEST4(NEST4(
         NEST4(NEST4(NEST4(NEST4(NEST4(NEST4(NEST4(NEST4(NEST4(NEST4(NEST4("1")))))))))))))))) "}]",
     "too deeply"},
};

static void what_is_no_array_of_partners_is_wrong_and_says_why(void **state) {
  (void)state;
  struct answer a;
  start(&a, &usual);
  for (size_t i = 0; i < sizeof wrong_cases / sizeof wrong_cases[0]; i++) {
    const struct wrong_case *c = &wrong_cases[i];
    for (size_t step = 1; step < 200; step += 33) {
      answer_reset(&a);
      feed(&a, slice_of(c->body), step);
      assert_int_equal(a.state, ANSWER_WRONG);
      if (!strstr(a.reason, c->reason)) fail_msg("%s: %s", c->body, a.reason);
    }
  }
  answer_free(&a);
}

static void an_empty_array_is_a_whole_answer(void **state) {
  (void)state;
  struct answer a;
  start(&a, &usual);
  feed(&a, SLICE("[ ]"), 1);
  assert_int_equal(a.state, ANSWER_COMPLETE);
  assert_int_equal(a.partners_len, 0);
  answer_free(&a);
}

static void ids_in_any_letter_case_are_one(void **state) {
  (void)state;
  struct answer a;
  start(&a, &usual);
  feed(&a, SLICE("[{\"\\u0069d\":\"7B1F0C52-3d0E-4C8a-9A55-0F6F2D1E8C11\"}]"), 100);
  assert_int_equal(a.state, ANSWER_COMPLETE);
  assert_id(&a, 0, ID1);
  answer_free(&a);
}

static void escaped_and_raw_text_hash_alike(void **state) {
  (void)state;
  static const char *const same[][2] = {
      {"\"\xd8\xb3/\\\"\"", "\"\\u0633\\/\\u0022\""},
      {"\"\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\""},
      {"\"a\\tb\"", "\"\\u0061\\u0009b\""},
      {"\"\"", "\"\""},
  };
  struct answer a;
  start(&a, &usual);
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    char body[256];
    assert_int_equal(hash_of(same[i][0]), hash_of(same[i][1]));
    assert_int_not_equal(hash_of(same[i][0]), 0);
    for (int form = 0; form < 2; form++) {
      (void)snprintf(body, sizeof body, "[{\"id\":\"" ID1 "\",\"name\":%s}]", same[i][form]);
      answer_reset(&a);
      feed(&a, slice_of(body), 3);
      assert_int_equal(a.partners[0].field_hash[ROW_NAME], hash_of(same[i][0]));
    }
  }
  assert_int_equal(hash_of("null"), 0);
  assert_int_equal(hash_of(""), 0);
  assert_int_not_equal(hash_of("\"null\""), 0);
  assert_int_not_equal(hash_of("\"\\ud800\""), hash_of("\"\""));
  answer_free(&a);
}

static void endless_spaces_end_at_the_cap_in_flat_memory(void **state) {
  (void)state;
  static char spaces[64 << 10];
  struct answer_options options = usual;
  options.bytes_max = 256 << 20;
  struct rusage before, after;
  struct answer a;
  memset(spaces, ' ', sizeof spaces);
  start(&a, &options);
  getrusage(RUSAGE_SELF, &before);
  size_t fed = 0;
  while (answer_feed(&a, (struct slice){spaces, sizeof spaces})) fed += sizeof spaces;
  getrusage(RUSAGE_SELF, &after);
  assert_int_equal(fed, options.bytes_max);
  assert_int_equal(a.state, ANSWER_WRONG);
  assert_true(after.ru_maxrss - before.ru_maxrss < 4 << 10);
  answer_free(&a);
}

static void a_string_without_end_is_not_kept(void **state) {
  (void)state;
  static char letters[8 << 10];
  struct answer_options options = usual;
  options.bytes_max = 256 << 20;
  struct answer a;
  memset(letters, 'x', sizeof letters);
  start(&a, &options);
  assert_true(answer_feed(&a, SLICE("[{\"unknown\":\"")));
  size_t fed = 0;
  while (answer_feed(&a, (struct slice){letters, sizeof letters})) fed += sizeof letters;
  assert_true(fed < 1 << 20);
  assert_non_null(strstr(a.reason, "too long"));
  answer_free(&a);
}

static void long_strings_in_small_pieces_are_read(void **state) {
  (void)state;
  struct answer_options options = usual;
  options.bytes_max = 1 << 20;
  struct answer a;
  struct buf body = BUF_WITH_LIMIT(1 << 20);
  buf_add_text(&body, "[{\"note\":\"");
  for (int i = 0; i < 100000; i++) buf_add_char(&body, 'n');
  buf_add_text(&body, "\",\"id\":\"" ID1 "\",\"name\":\"b\"}]");
  start(&a, &options);
  for (size_t step = 1; step < 9000; step = step * 3 + 1) {
    answer_reset(&a);
    feed(&a, buf_slice(&body), step);
    assert_int_equal(a.state, ANSWER_COMPLETE);
    assert_int_equal(a.partners_len, 1);
    assert_true(slice_equal(answer_text(&a, 0), (struct slice){body.ptr + 1, body.len - 2}));
  }
  answer_free(&a);
  buf_free(&body);
}

static void text_is_not_kept_where_it_is_not_asked_for(void **state) {
  (void)state;
  struct answer_options options = usual;
  options.keeps_text = false;
  struct answer a;
  start(&a, &options);
  feed(&a, slice_of(whole), 9);
  assert_int_equal(a.state, ANSWER_COMPLETE);
  assert_int_equal(a.text.len, 0);
  assert_int_equal(answer_text(&a, 1).len, 0);
  answer_free(&a);
}

static void an_object_gives_its_pieces(void **state) {
  (void)state;
  struct row row;
  struct slice object =
      SLICE("{\"x\":[{\"id\":1}],\"id\":\"" ID1 "\",\"name\":\"a\\\"b\",\"email\":null,"
            "\"y\":{\"a\":{}},\"z\":4}");
  assert_int_equal(answer_object(object, &row), 0);
  assert_true(slice_is(row.id, ID1));
  assert_true(slice_is(row.field[ROW_NAME], "\"a\\\"b\""));
  assert_true(row_is_null(row.field[ROW_EMAIL]));
  assert_int_equal(row.field[ROW_PHONE].len, 0);
  assert_true(row.id.ptr > object.ptr && row.id.ptr < object.ptr + object.len);
  assert_true(row.field[ROW_EMAIL].ptr > object.ptr &&
              row.field[ROW_EMAIL].ptr < object.ptr + object.len);

  static const char *const none[] = {"",
                                     "[]",
                                     "null",
                                     "{}",
                                     "{\"id\":null}",
                                     "{\"id\":\"" ID1 "\"",
                                     "{\"id\":\"" ID1 "\",\"name\":1}",
                                     "{\"id\":\"" ID1 "\",\"x\":[}",
                                     "{\"id\":\"" ID1 "\",\"x\":[[1]",
                                     "{\"id\":{\"id\":1}}"};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
    assert_int_equal(answer_object(slice_of(none[i]), &row), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_answer_is_listed_however_it_is_cut),
      cmocka_unit_test(every_prefix_of_an_answer_is_wrong),
      cmocka_unit_test(what_is_no_array_of_partners_is_wrong_and_says_why),
      cmocka_unit_test(an_empty_array_is_a_whole_answer),
      cmocka_unit_test(ids_in_any_letter_case_are_one),
      cmocka_unit_test(escaped_and_raw_text_hash_alike),
      cmocka_unit_test(endless_spaces_end_at_the_cap_in_flat_memory),
      cmocka_unit_test(a_string_without_end_is_not_kept),
      cmocka_unit_test(long_strings_in_small_pieces_are_read),
      cmocka_unit_test(text_is_not_kept_where_it_is_not_asked_for),
      cmocka_unit_test(an_object_gives_its_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
