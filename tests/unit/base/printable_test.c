#include "base/printable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

struct printable_case {
  const char *text, *shown; /* in room for 7 and a NUL */
};

static const struct printable_case cases[] = {
    {"", ""},
    {"abcdefg", "abcdefg"},
    {"abcdefgh", "abcdefg"},
    {"a\nb", "a\\nb"},
    {"\x1b[0m", "\\x1b[0m"},
    {"abcdef\x1b", "abcdef\\"},
    {"\xd8\xb3\xd9\x88\xd9\x82\xd8\xb3", "\xd8\xb3\xd9\x88\xd9\x82"}, /* two bytes each */
    {"abcdef\xe2\x82\xac", "abcdef"},
    {"ab\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "ab\xf0\x9f\x98\x80"},
    {"\xff", "\\xff"},
};

static void text_is_shown_as_far_as_whole_characters_fit(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char to[8] = "untouch";
    printable_copy(to, sizeof to, slice_of(cases[i].text));
    assert_string_equal(to, cases[i].shown);
  }
}

static void a_text_of_any_length_costs_no_more_than_its_room(void **state) {
  (void)state;
  static char text[1 << 20];
  char to[4];
  memset(text, 'x', sizeof text);
  printable_copy(to, sizeof to, (struct slice){text, sizeof text});
  assert_string_equal(to, "xxx");
  printable_copy(to, 1, (struct slice){text, 5});
  assert_string_equal(to, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_shown_as_far_as_whole_characters_fit),
      cmocka_unit_test(a_text_of_any_length_costs_no_more_than_its_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
