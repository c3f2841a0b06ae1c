#include "schedule/allowance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { HOUR_MS = 3600000 };

static void an_hour_has_so_many_bytes_and_no_more(void **state) {
  struct allowance a = {0};
  size_t bytes = 0;
  (void)state;
  for (int i = 0; i < 10000; i++)
    if (allowance_take(&a, 100, 5 * HOUR_MS + i)) bytes += 100;
  assert_in_range(bytes, ALLOWANCE_BYTES - 100, ALLOWANCE_BYTES);
  assert_true(allowance_take(&a, 100, 6 * HOUR_MS));
}

static void what_was_kept_back_is_told_once_in_the_next_hour(void **state) {
  struct allowance a = {0};
  (void)state;
  assert_true(allowance_take(&a, ALLOWANCE_BYTES, HOUR_MS));
  for (int i = 0; i < 3; i++) assert_false(allowance_take(&a, 1, HOUR_MS));
  assert_int_equal(allowance_hidden(&a, HOUR_MS + 1), 0);
  assert_int_equal(allowance_hidden(&a, 2 * HOUR_MS), 3);
  assert_int_equal(allowance_hidden(&a, 2 * HOUR_MS), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_hour_has_so_many_bytes_and_no_more),
      cmocka_unit_test(what_was_kept_back_is_told_once_in_the_next_hour),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
