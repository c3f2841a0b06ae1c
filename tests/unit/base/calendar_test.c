#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void known_days_are_named(void **user) {
  static const struct {
    int64_t days, year;
    int month, day, weekday;
  } known[] = {
      {0, 1970, 1, 1, 4},       {-1, 1969, 12, 31, 3},    {11016, 2000, 2, 29, 2},
      {11017, 2000, 3, 1, 3},   {20781, 2026, 11, 24, 2}, {-719468, 0, 3, 1, 3},
      {-25509, 1900, 2, 28, 3}, {-25508, 1900, 3, 1, 4},  {2932896, 9999, 12, 31, 5},
  };
  (void)user;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    struct date date = calendar_date(known[i].days);
    assert_int_equal(date.year, known[i].year);
    assert_int_equal(date.month, known[i].month);
    assert_int_equal(date.day, known[i].day);
    assert_int_equal(calendar_weekday(known[i].days), known[i].weekday);
    assert_int_equal(calendar_days(date.year, date.month, date.day), known[i].days);
  }
}

static void each_day_follows_the_one_before(void **user) {
  enum { FROM = -800000, TO = 800000 }; /* more than five eras of 400 years each way */
  struct date last = calendar_date(FROM - 1);
  (void)user;
  for (int64_t days = FROM; days < TO; days++) {
    struct date date = calendar_date(days);
    bool is_month_end = last.day == calendar_month_len(last.year, last.month);
    assert_int_equal(date.day, is_month_end ? 1 : last.day + 1);
    assert_int_equal(date.month, is_month_end ? last.month % 12 + 1 : last.month);
    assert_int_equal(date.year, is_month_end && last.month == 12 ? last.year + 1 : last.year);
    assert_int_equal(calendar_days(date.year, date.month, date.day), days);
    last = date;
  }
}

static void floor_rounds_towards_the_past(void **user) {
  (void)user;
  assert_int_equal(calendar_floor(86399, 86400), 0);
  assert_int_equal(calendar_floor(-1, 86400), -1);
  assert_int_equal(calendar_floor(-86400, 86400), -1);
  assert_int_equal(calendar_floor(-86401, 86400), -2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_days_are_named),
      cmocka_unit_test(each_day_follows_the_one_before),
      cmocka_unit_test(floor_rounds_towards_the_past),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
