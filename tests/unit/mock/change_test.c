#include "mock/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])
#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"

static void each_reason_refuses_a_body(void **state) {
  static const struct {
    enum change_kind kind;
    const char *body, *reason; /* NULL: accepted */
  } rows[] = {
      {CHANGE_UPSERT, "[{\"name\":\"a\"}]", NULL},
      {CHANGE_UPSERT, " [ { \"name\" : \"a\" } ] \r\n\t", NULL},
      {CHANGE_UPSERT, "[{\"id\":\"" ID "\"}]", NULL},
      {CHANGE_UPSERT, "[{\"id\":\"" ID "\",\"email\":null,\"phone\":null}]", NULL},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"email\":null}]", NULL},
      {CHANGE_UPSERT, "[{\"n\\u0061me\":\"\\u0061\"}]", NULL},
      {CHANGE_CREATE, "[{\"name\":\"a\",\"email\":\"a@b.example\",\"phone\":\"+1\"}]", NULL},
      {CHANGE_LOAD, "[{\"name\":\"a\",\"createdAt\":\"2026-01-02T03:04:05Z\"}]", NULL},
      /* shape */
      {CHANGE_UPSERT, "", "no body"},
      {CHANGE_UPSERT, " \n", "no body"},
      {CHANGE_UPSERT, "[", "ends too early"},
      {CHANGE_UPSERT, "[{\"name\":\"a\"}", "ends too early"},
      {CHANGE_UPSERT, "[{\"name\":\"a\"}] x", "more behind the array"},
      {CHANGE_UPSERT, "[{\"name\":\"a\"}][]", "more behind the array"},
      {CHANGE_UPSERT, "[]", "an empty array"},
      {CHANGE_UPSERT, "{}", "the body is no array"},
      {CHANGE_UPSERT, "{\"name\":\"a\"}", "the body is no array"},
      {CHANGE_UPSERT, "null", "the body is no array"},
      {CHANGE_UPSERT, "[null]", "a wrong type"},
      {CHANGE_UPSERT, "[[]]", "a wrong type"},
      {CHANGE_UPSERT, "[{\"name\":\"a\"},1]", "a wrong type"},
      {CHANGE_UPSERT, "\xef\xbb\xbf[{\"name\":\"a\"}]", "line 1"},
      {CHANGE_UPSERT, "[{\"name\":\"\xff\"}]", "line 1"},
      {CHANGE_UPSERT, "[{\"name\":\"a\nb\"}]", "line 1"},
      /* rows */
      {CHANGE_UPSERT, "[{}]", "row 1: a create without name"},
      {CHANGE_UPSERT, "[{\"name\":\"a\"},{\"email\":\"a@b.example\"}]",
       "row 2: a create without name"},
      {CHANGE_UPSERT, "[{\"name\":null}]", "null for a member"},
      {CHANGE_UPSERT, "[{\"id\":\"" ID "\",\"name\":null}]", "null for a member"},
      {CHANGE_UPSERT, "[{\"id\":null,\"name\":\"a\"}]", "null for a member"},
      {CHANGE_UPSERT, "[{\"id\":\"7b1f0c52\",\"name\":\"a\"}]", "id is no UUID"},
      {CHANGE_UPSERT, "[{\"id\":\"\",\"name\":\"a\"}]", "an empty string"},
      {CHANGE_UPSERT, "[{\"name\":\"\"}]", "an empty string"},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"phone\":\"\"}]", "an empty string"},
      {CHANGE_UPSERT, "[{\"name\":1}]", "a value is no string"},
      {CHANGE_UPSERT, "[{\"name\":true}]", "a value is no string"},
      {CHANGE_UPSERT, "[{\"name\":{}}]", "a value is no string"},
      {CHANGE_UPSERT, "[{\"name\":[\"a\"]}]", "a value is no string"},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"status\":\"b\"}]", "an unknown member"},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"createdAt\":\"2026-01-02T03:04:05Z\"}]",
       "an unknown member"},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"Name\":\"a\"}]", "an unknown member"},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"name\":\"b\"}]", "a member stands twice"},
      {CHANGE_UPSERT, "[{\"name\":\"a\",\"email\":\"a@b\"}]", "email is no e-mail address"},
      {CHANGE_UPSERT, "[{\"name\":\"a\\u0000\"}]", "a NUL"},
      {CHANGE_UPSERT, "[{\"name\":\"\\ud800\"}]", "lone surrogate"},
      {CHANGE_CREATE, "[{\"id\":\"" ID "\",\"name\":\"a\"}]", "an id in a create"},
      {CHANGE_CREATE, "[{\"name\":\"a\",\"email\":null}]", "null in a create"},
      {CHANGE_LOAD, "[{\"id\":\"" ID "\"}]", "a create without name"},
      {CHANGE_LOAD, "[{\"name\":\"a\",\"createdAt\":\"yesterday\"}]", "a time"},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    struct changes c;
    struct error err = {.message = "accepted"};
    int result = changes_parse(&c, rows[i].kind, slice_of(rows[i].body), &err);
    const char *reason = rows[i].reason ? rows[i].reason : "accepted";
    if (!strstr(err.message, reason)) fail_msg("%s: %s, not %s", rows[i].body, err.message, reason);
    assert_int_equal(result, rows[i].reason ? -1 : 0);
    changes_free(&c);
  }
}

static void fields_are_read_without_their_escapes(void **state) {
  static const char body[] =
      "[{\"name\":\"\\u0627\\n\\ud83d\\ude00 x\",\"phone\":null},"
      "{\"id\":\"7B1F0C52-3d0e-4c8a-9a55-0f6f2d1e8c11\",\"email\":\"a\\u0040b.example\"}]";
  struct changes c;
  struct error err;
  struct uuid id;
  (void)state;
  assert_int_equal(changes_parse(&c, CHANGE_UPSERT, slice_of(body), &err), 0);
  assert_int_equal(c.len, 2);
  assert_true(slice_is(c.list[0].field[PARTNER_NAME].text, "\u0627\n\U0001f600 x"));
  assert_int_equal(c.list[0].field[PARTNER_EMAIL].state, CHANGE_ABSENT);
  assert_int_equal(c.list[0].field[PARTNER_PHONE].state, CHANGE_NULL);
  assert_false(c.list[0].has_id);
  assert_true(uuid_parse(SLICE(ID), &id));
  assert_true(c.list[1].has_id && uuid_equal(&c.list[1].id, &id));
  assert_true(slice_is(c.list[1].field[PARTNER_EMAIL].text, "a@b.example"));
  changes_free(&c);
}

/* "[ITEM,ITEM,…]", COUNT of them. */
static struct buf array_of(const char *item, size_t count) {
  struct buf b = BUF_WITH_LIMIT((size_t)1 << 24);
  for (size_t i = 0; i < count; i++) buf_printf(&b, "%c%s", i ? ',' : '[', item);
  buf_add_char(&b, ']');
  return b;
}

static int parse_many(enum change_kind kind, size_t count, size_t *len) {
  struct buf body = array_of("{\"name\":\"a\"}", count);
  struct changes c;
  struct error err;
  int result = changes_parse(&c, kind, buf_slice(&body), &err);
  *len = c.len;
  changes_free(&c);
  buf_free(&body);
  return result;
}

static void ten_thousand_items_pass_and_one_more_does_not(void **state) {
  size_t len;
  (void)state;
  assert_int_equal(parse_many(CHANGE_UPSERT, 10000, &len), 0);
  assert_int_equal(len, 10000);
  assert_int_equal(parse_many(CHANGE_UPSERT, 10001, &len), -1);
  assert_int_equal(parse_many(CHANGE_CREATE, 10001, &len), -1);
}

static void a_file_of_any_length_is_read_in_pieces(void **state) {
  struct buf body = array_of("{\"name\":\"\\u0061\"}", 25000);
  struct change_reader reader;
  struct changes c = {0};
  struct error err;
  size_t sum = 0, pieces = 0;
  (void)state;
  assert_int_equal(change_reader_begin(&reader, CHANGE_LOAD, buf_slice(&body), &err), 0);
  while (!reader.is_done) {
    assert_int_equal(change_reader_next(&reader, &c, &err), 0);
    for (size_t i = 0; i < c.len; i++)
      assert_true(slice_is(c.list[i].field[PARTNER_NAME].text, "a"));
    sum += c.len;
    pieces++;
  }
  assert_int_equal(sum, 25000);
  assert_int_equal(pieces, 3);
  changes_free(&c);
  buf_free(&body);
}

static void each_reason_refuses_a_list_of_ids(void **state) {
  static const struct {
    const char *body;
    size_t len; /* 0: refused */
  } rows[] = {
      {"[\"" ID "\"]", 1},
      {"[\"" ID "\",\"" ID "\"]", 2}, /* whether they differ is the store's to see */
      {"[]", 0},
      {"{}", 0},
      {"[\"x\"]", 0},
      {"[\"\"]", 0},
      {"[1]", 0},
      {"[null]", 0},
      {"[\"" ID "\"", 0},
      {"[\"" ID "\"]]", 0},
      {"\"" ID "\"", 0},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    struct ids ids;
    struct error err;
    int result = ids_parse(&ids, slice_of(rows[i].body), &err);
    if (result != (rows[i].len ? 0 : -1)) fail_msg("%s", rows[i].body);
    if (rows[i].len) assert_int_equal(ids.len, rows[i].len);
    ids_free(&ids);
  }
}

static void ids_have_the_same_bounds(void **state) {
  struct buf body = array_of("\"" ID "\"", 10001);
  struct ids ids;
  struct error err;
  (void)state;
  assert_int_equal(ids_parse(&ids, buf_slice(&body), &err), -1);
  assert_non_null(strstr(err.message, "more than 10000"));
  ids_free(&ids);
  buf_free(&body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_reason_refuses_a_body),
      cmocka_unit_test(fields_are_read_without_their_escapes),
      cmocka_unit_test(ten_thousand_items_pass_and_one_more_does_not),
      cmocka_unit_test(a_file_of_any_length_is_read_in_pieces),
      cmocka_unit_test(each_reason_refuses_a_list_of_ids),
      cmocka_unit_test(ids_have_the_same_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
