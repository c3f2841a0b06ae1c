/* Rejects as any worker may tell them, made fit for the state and its exports. */
#include "host/reject_message.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static struct reject_texts texts;

static struct reject read_reject(const char *code, const char *message, const char *field,
                                 struct slice key, const char *file, struct slice row) {
  struct message m = {
      .kind = MESSAGE_REJECT,
      .number = {7},
      .text = {slice_of(code), slice_of(message), slice_of(field), key, slice_of(file), row}};
  struct reject r;
  reject_message_read(&m, &texts, &r);
  return r;
}

static void a_good_reject_is_kept_as_it_is(void **unused) {
  (void)unused;
  struct reject r = read_reject("empty", "the value is empty", "name", SLICE("k-1"), "data.csv",
                                SLICE("{\"name\":\"\"}"));
  assert_true(slice_is(r.code, "empty") && slice_is(r.message, "the value is empty") &&
              slice_is(r.field, "name"));
  assert_true(slice_is(r.key, "k-1") && slice_is(r.file, "data.csv") &&
              slice_is(r.row, "{\"name\":\"\"}"));
  assert_int_equal(r.line, 7);
  assert_int_equal(r.status, 0);
}

static void bytes_that_are_no_text_are_shown_as_text(void **unused) {
  (void)unused;
  struct reject r = read_reject("e\n", "m\xff", "f\x01", SLICE("k\xff"), "\xfe.csv", SLICE("{}"));
  assert_true(slice_is(r.code, "e\\n") && slice_is(r.message, "m\\xff") &&
              slice_is(r.field, "f\\x01"));
  assert_true(slice_is(r.file, "\\xfe.csv"));
  assert_int_equal(r.key.len, 0);
}

static void a_row_is_one_line_of_json_or_null(void **unused) {
  static const struct {
    const char *row;
    bool is_kept;
  } rows[] = {{"{}", true},         {"\"text\"", true}, {"[1,{\"a\":null}]", true},
              {"null", true},       {" 5 ", true},      {"", false},
              {" ", false},         {"{", false},       {"{}{}", false},
              {"{} x", false},      {"{\n}", false},    {"{}\n", false},
              {"\"\xff\"", false},  {"nul", false},     {"[1,]", false},
              {"{\"a\":1,}", false}};
  (void)unused;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct reject r = read_reject("c", "m", "", SLICE(""), "", slice_of(rows[i].row));
    if (!slice_is(r.row, rows[i].is_kept ? rows[i].row : "null")) fail_msg("%s", rows[i].row);
  }
}

static void long_texts_are_cut_and_a_long_key_is_none(void **unused) {
  enum { LEN = 1 << 20 };
  (void)unused;
  char *text = malloc(LEN + 1);
  memset(text, 'x', LEN);
  text[LEN] = '\0';
  struct reject r =
      read_reject(text, text, text, (struct slice){text, ROW_KEY_MAX + 1}, text, SLICE("{}"));
  assert_true(r.code.len < 64 && r.message.len < REJECT_MESSAGE_TEXT_MAX && r.field.len < 256 &&
              r.file.len < 1024);
  assert_int_equal(r.key.len, 0);
  r = read_reject("c", "m", "", (struct slice){text, ROW_KEY_MAX}, "", SLICE("{}"));
  assert_int_equal(r.key.len, ROW_KEY_MAX);
  free(text);
}

static void a_line_before_the_first_is_not_known(void **unused) {
  struct message m = {.kind = MESSAGE_REJECT, .number = {-5, 400}};
  struct reject r;
  (void)unused;
  reject_message_read(&m, &texts, &r);
  assert_int_equal(r.line, 0);
  assert_int_equal(r.status, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_reject_is_kept_as_it_is),
      cmocka_unit_test(bytes_that_are_no_text_are_shown_as_text),
      cmocka_unit_test(a_row_is_one_line_of_json_or_null),
      cmocka_unit_test(long_texts_are_cut_and_a_long_key_is_none),
      cmocka_unit_test(a_line_before_the_first_is_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
