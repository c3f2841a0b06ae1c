#include "schedule/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { MINUTE_MS = 60000 };
#define YEAR_MS (INT64_C(365) * 86400000)

static void it_is_told_at_once_then_ever_less_often(void **state) {
  struct condition c = {0};
  int64_t told[8];
  int n = 0;
  (void)state;
  for (int64_t now_ms = 0; n < 5; now_ms += 1000)
    if (condition_holds(&c, now_ms)) told[n++] = now_ms / MINUTE_MS;
  const int64_t minutes[] = {0, 1, 3, 7, 15};
  for (int i = 0; i < 5; i++) assert_int_equal(told[i], minutes[i]);
}

static void a_year_of_it_is_told_in_some_400_lines(void **state) {
  struct condition c = {0};
  int lines = 0;
  (void)state;
  for (int64_t now_ms = 0; now_ms < YEAR_MS; now_ms += MINUTE_MS)
    lines += condition_holds(&c, now_ms);
  assert_in_range(lines, 365, 385);
  assert_int_equal(c.count, 365 * 24 * 60);
}

static void its_end_is_told_once_with_how_often_it_was_seen(void **state) {
  struct condition c = {0};
  int64_t count;
  (void)state;
  assert_false(condition_ends(&c, &count));
  for (int i = 0; i < 3; i++) (void)condition_holds(&c, i);
  assert_true(condition_ends(&c, &count));
  assert_int_equal(count, 3);
  assert_false(condition_ends(&c, &count));
  assert_true(condition_holds(&c, 10)); /* it starts anew */
}

static void a_clock_that_is_set_back_does_not_silence_it(void **state) {
  struct condition c = {0};
  (void)state;
  assert_true(condition_holds(&c, YEAR_MS));
  assert_false(condition_holds(&c, YEAR_MS + 1));
  assert_true(condition_holds(&c, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_is_told_at_once_then_ever_less_often),
      cmocka_unit_test(a_year_of_it_is_told_in_some_400_lines),
      cmocka_unit_test(its_end_is_told_once_with_how_often_it_was_seen),
      cmocka_unit_test(a_clock_that_is_set_back_does_not_silence_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
