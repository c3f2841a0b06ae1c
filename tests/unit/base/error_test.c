#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void setting_an_error_forgets_the_last_one(void **state) {
  struct error err;
  (void)state;
  error_set(&err, ERROR_STATE, "first");
  error_place(&err, "a.lua", 7);
  error_hint(&err, "do %s", "that");
  assert_string_equal(err.hint, "do that");
  assert_int_equal(error_set(&err, ERROR_DATA, "line %d", 3), -1);
  assert_int_equal(err.code, ERROR_DATA);
  assert_string_equal(err.message, "line 3");
  assert_string_equal(err.hint, "");
  assert_string_equal(err.file, "");
  assert_int_equal(err.line, 0);
}

static void the_system_s_words_stand_behind(void **state) {
  struct error err;
  (void)state;
  assert_int_equal(error_errno(&err, ERROR_STATE, ENOENT, "opening %s", "a"), -1);
  assert_string_equal(err.message, "opening a: No such file or directory");
}

static void context_stands_before_and_keeps_the_rest(void **state) {
  struct error err;
  (void)state;
  error_set(&err, ERROR_STATE, "no such column");
  error_hint(&err, "name it");
  error_place(&err, "a.csv", 9);
  assert_int_equal(error_context(&err, "reading %s", "a.csv"), -1);
  assert_string_equal(err.message, "reading a.csv: no such column");
  assert_string_equal(err.hint, "name it");
  assert_int_equal(err.line, 9);
  assert_int_equal(err.code, ERROR_STATE);
}

static void what_is_too_long_is_cut(void **state) {
  static char text[5000];
  struct error err;
  (void)state;
  memset(text, 'x', sizeof text - 1);
  error_set(&err, ERROR_DATA, "%s", text);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  error_context(&err, "%s", text);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  error_errno(&err, ERROR_DATA, ENOENT, "%s", text);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  error_hint(&err, "%s", text);
  assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
  error_place(&err, text, 1);
  assert_int_equal(strlen(err.file), sizeof err.file - 1);
  error_place(&err, NULL, 1);
  assert_string_equal(err.file, "");
}

static void each_code_has_its_own_word(void **state) {
  (void)state;
  for (enum error_code a = ERROR_NONE; a <= ERROR_INTERNAL; a++) {
    assert_true(strlen(error_code_name(a)) > 0);
    for (enum error_code b = ERROR_NONE; b < a; b++)
      assert_string_not_equal(error_code_name(a), error_code_name(b));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(setting_an_error_forgets_the_last_one),
      cmocka_unit_test(the_system_s_words_stand_behind),
      cmocka_unit_test(context_stands_before_and_keeps_the_rest),
      cmocka_unit_test(what_is_too_long_is_cut),
      cmocka_unit_test(each_code_has_its_own_word),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
