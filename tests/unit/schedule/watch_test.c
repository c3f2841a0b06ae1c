#include "schedule/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void what_the_clocks_tell_is_named(void **user) {
  static const struct {
    int64_t planned_ms, passed_ms, wall_ms; /* since the last look */
    enum watch_verdict verdict;
    int64_t shift_ms;
  } cases[] = {
      {1000, 1000, 1000, WATCH_STEADY, 0},        {1000, 1000, 10999, WATCH_STEADY, 9999},
      {1000, 1000, 11000, WATCH_JUMPED, 10000},   {1000, 1000, -8999, WATCH_STEADY, -9999},
      {1000, 1000, -9000, WATCH_JUMPED, -10000},  {1000, 60999, 60999, WATCH_STEADY, 0},
      {1000, 61000, 61000, WATCH_SLEPT, 0},       {INT64_MAX, 86400000, 86400000, WATCH_STEADY, 0},
      {1000, 86400000, 86400000, WATCH_SLEPT, 0}, {1000, 86400000, 0, WATCH_JUMPED, -86400000},
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct watch w;
    int64_t wall_ms = 1795507200000, passed_ms = 123456, shift_ms;
    watch_begin(&w, wall_ms, passed_ms);
    watch_plan(&w, cases[i].planned_ms == INT64_MAX ? INT64_MAX : passed_ms + cases[i].planned_ms);
    wall_ms += cases[i].wall_ms;
    passed_ms += cases[i].passed_ms;
    assert_int_equal(watch_look(&w, wall_ms, passed_ms, &shift_ms), cases[i].verdict);
    assert_int_equal(shift_ms, cases[i].shift_ms);
    assert_int_equal(watch_look(&w, wall_ms, passed_ms, &shift_ms), WATCH_STEADY); /* told once */
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_the_clocks_tell_is_named)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
