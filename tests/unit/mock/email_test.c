#include "mock/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void addresses_are_told_from_other_text(void **state) {
  static const struct {
    struct slice text;
    bool is_valid;
  } rows[] = {
      {SLICE_INIT("a@b.example"), true},
      {SLICE_INIT("first.last+tag@mail.example.com"), true},
      {SLICE_INIT("o'brien_x-1@b.co"), true},
      {SLICE_INIT("بريد@مثال.السعودية"), true},
      {SLICE_INIT("a@b"), false},
      {SLICE_INIT("a@localhost"), false},
      {SLICE_INIT("a@.example"), false},
      {SLICE_INIT("a@b.example."), false},
      {SLICE_INIT("a@b..example"), false},
      {SLICE_INIT("a@-b.example"), false},
      {SLICE_INIT("a@b-.example"), false},
      {SLICE_INIT("a@b_c.example"), false},
      {SLICE_INIT("a@b@c.example"), false},
      {SLICE_INIT("@b.example"), false},
      {SLICE_INIT(".a@b.example"), false},
      {SLICE_INIT("a.@b.example"), false},
      {SLICE_INIT("a..b@c.example"), false},
      {SLICE_INIT("a b@c.example"), false},
      {SLICE_INIT(" a@b.example"), false},
      {SLICE_INIT("a@b.example "), false},
      {SLICE_INIT("a@b.example\n"), false},
      {SLICE_INIT("a\0@b.example"), false},
      {SLICE_INIT("\"a\"@b.example"), false},
      {SLICE_INIT("a@[127.0.0.1]"), false},
      {SLICE_INIT("ab.example"), false},
      {SLICE_INIT("@"), false},
      {SLICE_INIT(""), false},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++)
    if (email_is_valid(rows[i].text) != rows[i].is_valid) fail_msg("%.*s", SLICE_ARG(rows[i].text));
}

/* LOCAL bytes, an @, LABEL bytes, and ".example". */
static bool is_valid_of(size_t local, size_t label) {
  char text[512];
  memset(text, 'a', sizeof text);
  text[local] = '@';
  memcpy(text + local + 1 + label, ".example", 8);
  return email_is_valid((struct slice){text, local + 1 + label + 8});
}

static void parts_have_the_lengths_of_the_standards(void **state) {
  (void)state;
  assert_true(is_valid_of(64, 63));
  assert_false(is_valid_of(65, 63));
  assert_false(is_valid_of(64, 64));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_are_told_from_other_text),
      cmocka_unit_test(parts_have_the_lengths_of_the_standards),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
