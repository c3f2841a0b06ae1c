#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void what_is_added_is_in_it(void **state) {
  struct buf b = BUF_WITH_LIMIT(1 << 20);
  (void)state;
  buf_add_text(&b, "one ");
  buf_add(&b, "two\0", 4);
  buf_add_char(&b, '!');
  buf_add_slice(&b, (struct slice){NULL, 0});
  buf_printf(&b, " %d %s", 3, "four");
  assert_true(slice_equal(buf_slice(&b), SLICE("one two\0! 3 four")));
  assert_true(buf_ok(&b));
  buf_free(&b);
}

static void growing_keeps_the_content(void **state) {
  struct buf b = BUF_WITH_LIMIT(100000);
  (void)state;
  for (int i = 0; i < 100000; i++) buf_add_char(&b, (char)('a' + i % 26));
  assert_true(buf_ok(&b));
  for (int i = 0; i < 100000; i++) assert_int_equal(b.ptr[i], 'a' + i % 26);
  buf_free(&b);
}

static void an_addition_beyond_the_limit_adds_nothing_and_is_remembered(void **state) {
  struct buf b = BUF_WITH_LIMIT(5);
  (void)state;
  buf_add_text(&b, "12345");
  assert_true(buf_ok(&b));
  buf_add_char(&b, '6');
  assert_false(buf_ok(&b));
  assert_int_equal(b.len, 5);
  buf_clear(&b);
  assert_true(buf_ok(&b));
  buf_add_text(&b, "123456");
  buf_add_text(&b, "1");
  assert_int_equal(b.len, 0);
  assert_false(buf_ok(&b));
  assert_null(buf_text(&b));
  buf_free(&b);
  assert_int_equal(b.limit, 5);
}

static void sizes_that_overflow_are_refused(void **state) {
  struct buf b = BUF_WITH_LIMIT(SIZE_MAX);
  (void)state;
  buf_add_char(&b, 'x');
  assert_null(buf_room(&b, SIZE_MAX));
  assert_false(buf_ok(&b));
  assert_int_equal(b.len, 1);
  buf_free(&b);
}

static void the_text_ends_with_a_nul_that_is_not_counted(void **state) {
  struct buf b = BUF_WITH_LIMIT(100);
  (void)state;
  assert_string_equal(buf_text(&b), "");
  buf_add_text(&b, "abc");
  assert_string_equal(buf_text(&b), "abc");
  assert_int_equal(b.len, 3);
  buf_free(&b);
}

static void the_first_bytes_are_dropped(void **state) {
  struct buf b = BUF_WITH_LIMIT(100);
  (void)state;
  buf_add_text(&b, "abcdef");
  buf_drop(&b, 0);
  buf_drop(&b, 4);
  assert_string_equal(buf_text(&b), "ef");
  buf_drop(&b, 2);
  assert_int_equal(b.len, 0);
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_added_is_in_it),
      cmocka_unit_test(growing_keeps_the_content),
      cmocka_unit_test(an_addition_beyond_the_limit_adds_nothing_and_is_remembered),
      cmocka_unit_test(sizes_that_overflow_are_refused),
      cmocka_unit_test(the_text_ends_with_a_nul_that_is_not_counted),
      cmocka_unit_test(the_first_bytes_are_dropped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
