#include "schedule/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct cron parsed(const char *text) {
  struct cron c;
  struct error err;
  if (cron_parse(&c, slice_of(text), &err) != 0) fail_msg("%s: %s", text, err.message);
  return c;
}

static bool is_same(const struct cron *a, const struct cron *b) {
  return a->seconds == b->seconds && a->minutes == b->minutes && a->hours == b->hours &&
         a->days == b->days && a->months == b->months && a->weekdays == b->weekdays &&
         a->is_fixed == b->is_fixed && a->is_either_enough == b->is_either_enough;
}

static void a_field_is_the_set_of_its_numbers(void **user) {
  static const struct {
    const char *text;
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
  } cases[] = {
      {"* * * * *", 1, 0xfffffffffffffff, 0xffffff, 0xfffffffe, 0x1ffe, 0x7f},
      {"0 0 1 1 0", 1, 1, 1, 2, 2, 1},
      {"*/15 * * * *", 1, 0x200040008001, 0xffffff, 0xfffffffe, 0x1ffe, 0x7f},
      {"*/7 0 * * *", 1, 0x102040810204081, 1, 0xfffffffe, 0x1ffe, 0x7f},
      {"5-10/2 0 1 1 1", 1, 0x2a0, 1, 2, 2, 2},
      {"1,3,5-7 0 1 1 1", 1, 0xea, 1, 2, 2, 2},
      {"0 23 31 12 6", 1, 1, 0x800000, 0x80000000, 0x1000, 0x40},
      {"59 0 1 1 7", 1, 0x800000000000000, 1, 2, 2, 1},
      {"0 0 1 1 5-7", 1, 1, 1, 2, 2, 0x61},
      {"0 0 1 1 0-7/2", 1, 1, 1, 2, 2, 0x55},
      {"0 0 1 JAN Mon", 1, 1, 1, 2, 2, 2},
      {"0 0 1 feb-apr tue,fri-sun", 1, 1, 1, 2, 0x1c, 0x65},
      {"30 0 0 1 1 *", 0x40000000, 1, 1, 2, 2, 0x7f},
      {"*/20 0 0 1 1 *", 0x10000100001, 1, 1, 2, 2, 0x7f},
      {"05 007 01 1 1", 1, 0x20, 0x80, 2, 2, 2},
      {"*,5 0 1 1 1", 1, 0xfffffffffffffff, 1, 2, 2, 2},
      {"*/60 */24 */31 */12 */7", 1, 1, 1, 2, 2, 1},
      {"\t 1  2\t3 4 5 ", 1, 2, 4, 8, 0x10, 0x20},
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct cron c = parsed(cases[i].text);
    assert_int_equal(c.seconds, cases[i].seconds);
    assert_int_equal(c.minutes, cases[i].minutes);
    assert_int_equal(c.hours, cases[i].hours);
    assert_int_equal(c.days, cases[i].days);
    assert_int_equal(c.months, cases[i].months);
    assert_int_equal(c.weekdays, cases[i].weekdays);
  }
}

static void a_word_with_an_at_stands_for_five_fields(void **user) {
  static const char *const cases[][2] = {{"@hourly", "0 * * * *"},    {"@daily", "0 0 * * *"},
                                         {"@midnight", "0 0 * * *"},  {"@weekly", "0 0 * * 0"},
                                         {"@monthly", "0 0 1 * *"},   {"@yearly", "0 0 1 1 *"},
                                         {" @annually ", "0 0 1 1 *"}};
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct cron word = parsed(cases[i][0]), fields = parsed(cases[i][1]);
    assert_true(is_same(&word, &fields));
  }
}

static void fixed_is_whose_minute_and_hour_begin_with_no_star(void **user) {
  (void)user;
  assert_true(parsed("30 2 * * *").is_fixed);
  assert_true(parsed("0-59 0-23 * * *").is_fixed);
  assert_true(parsed("* 30 2 * * *").is_fixed);
  assert_true(parsed("5,* 2 * * *").is_fixed);
  assert_false(parsed("*/30 2 * * *").is_fixed);
  assert_false(parsed("30 */2 * * *").is_fixed);
  assert_false(parsed("0 * * * *").is_fixed);
  assert_false(parsed("0 *,2 * * *").is_fixed);
}

static void either_is_enough_where_day_and_weekday_begin_with_no_star(void **user) {
  (void)user;
  assert_true(parsed("0 0 13 * 5").is_either_enough);
  assert_true(parsed("0 0 1-31 * 0-6").is_either_enough);
  assert_false(parsed("0 0 */2 * 1").is_either_enough);
  assert_false(parsed("0 0 13 * *").is_either_enough);
  assert_false(parsed("0 0 13 * */2").is_either_enough);
}

static void the_days_of_a_month_follow_the_rule_of_day_and_weekday(void **user) {
  static const struct {
    const char *text;
    int year, month;
    uint32_t days;
  } cases[] = {
      {"0 0 * * *", 2026, 2, 0x1ffffffe},
      {"0 0 * * *", 2024, 2, 0x3ffffffe},
      {"0 0 * * *", 2026, 11, 0x7ffffffe},
      {"0 0 * * *", 2026, 12, 0xfffffffe},
      {"0 0 29 2 *", 2023, 2, 0},
      {"0 0 29 2 *", 2024, 2, 1U << 29},
      {"0 0 29 2 *", 2024, 3, 0},
      {"0 0 13 * 5", 2026, 11, 1U << 13 | 1U << 6 | 1U << 20 | 1U << 27},
      {"0 0 */13 * 0", 2026, 11, 1U << 1}, /* 1, 14, 27: the 1st is a Sunday */
      {"0 0 31 2 1", 2026, 2, 1U << 2 | 1U << 9 | 1U << 16 | 1U << 23},
      {"0 0 * * sat", 2026, 8, 1U << 1 | 1U << 8 | 1U << 15 | 1U << 22 | 1U << 29},
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct cron c = parsed(cases[i].text);
    assert_int_equal(cron_month_days(&c, cases[i].year, cases[i].month), cases[i].days);
  }
}

static void what_is_not_cron_is_refused_with_its_field_and_a_hint(void **user) {
  static const struct {
    const char *text, *field,
        *hint; /* the first is where the message begins, the second in the hint */
  } cases[] = {
      {"", "schedule: 0 fields", "minute hour day month weekday"},
      {"* * * *", "schedule: 4 fields", "minute hour day month weekday"},
      {"0 0 0 1 1 * 2026", "schedule: 7 fields", "second first"},
      {"60 * * * *", "minute: \"60\"", "0 to 59"},
      {"* 24 * * *", "hour: \"24\"", "0 to 23"},
      {"* * 0 * *", "day: \"0\"", "1 to 31"},
      {"* * 32 * *", "day: \"32\"", "1 to 31"},
      {"* * * 13 *", "month: \"13\"", "1 to 12"},
      {"* * * 0 *", "month: \"0\"", "1 to 12"},
      {"* * * * 8", "weekday: \"8\"", "0 to 7"},
      {"60 0 0 * * *", "second: \"60\"", "0 to 59"},
      {"99999999999999999999 * * * *", "minute: ", "0 to 59"},
      {"-5 * * * *", "minute: \"\"", "0 to 59"},
      {"+5 * * * *", "minute: \"+5\"", "0 to 59"},
      {"1.5 * * * *", "minute: \"1.5\"", "0 to 59"},
      {"x * * * *", "minute: \"x\"", "0 to 59"},
      {"** * * * *", "minute: \"**\"", "0 to 59"},
      {"*-5 * * * *", "minute: \"*\"", "0 to 59"},
      {"1-2-3 * * * *", "minute: \"2-3\"", "0 to 59"},
      {"jan * * * *", "minute: \"jan\"", "0 to 59"},
      {"* * * january *", "month: \"january\"", "three letters"},
      {"* * * jam *", "month: \"jam\"", "\"jan\""},
      {"* * * * mom", "weekday: \"mom\"", "\"mon\""},
      {"* 22-2 * * *", "hour: the range 22-2 runs backwards", "22-23,0-2"},
      {"* * * * 7-2", "weekday: the range 7-2 runs backwards", "0-2"},
      {"* * * nov-feb *", "month: the range 11-2 runs backwards", "11-12,1-2"},
      {"1,,2 * * * *", "minute: nothing", "1,2,3"},
      {",1 * * * *", "minute: nothing", "1,2,3"},
      {"1, * * * *", "minute: nothing", "1,2,3"},
      {"5/15 * * * *", "minute: \"5/15\" has a step but no range", "5-59/15"},
      {"* 3/4 * * *", "hour: \"3/4\" has a step but no range", "3-23/4"},
      {"*/0 * * * *", "minute: \"0\" is not a step", "every"},
      {"*/90 * * * *", "minute: \"90\" is not a step", "every"},
      {"*/ * * * *", "minute: \"\" is not a step", "every"},
      {"*/5/2 * * * *", "minute: \"5/2\" is not a step", "every"},
      {"* * L * *", "day: \"L\" is not standard cron", "28-31"},
      {"* * 15W * *", "day: \"15W\" is not standard cron", "1-5"},
      {"* * LW * *", "day: \"LW\" is not standard cron", "28-31"},
      {"* * L-3 * *", "day: \"L\" is not standard cron", "28-31"},
      {"* * * * 5L", "weekday: \"5L\" is not standard cron", "28-31"},
      {"* * * * 5#2", "weekday: \"5#2\" is not standard cron", "weekday alone"},
      {"* * ? * 1", "day: \"?\" is not standard cron", "*"},
      {"H * * * *", "minute: \"H\" is not standard cron", "jitter"},
      {"0~30 * * * *", "minute: \"0~30\" is not standard cron", "jitter"},
      {"@reboot", "schedule: \"@reboot\"", "hoko jobs run"},
      {"@every 90s", "schedule: \"@every\"", "every = \"90s\""},
      {"@dayly", "schedule: \"@dayly\"", "@daily"},
      {"@", "schedule: \"@\"", "@hourly"},
      {"@daily * * * *", "schedule: \"@daily\"", "@daily"},
      {"0 0 31 2 *", "day: \"31\" never comes in month \"2\"", "29 days"},
      {"0 0 30 2 *", "day: \"30\" never comes in month \"2\"", "29 days"},
      {"0 0 30-31 feb *", "day: \"30-31\" never comes", "29 days"},
      {"0 0 31 4,6,9,11 *", "day: \"31\" never comes", "30 days"},
      {"0 0 31 2 */2", "day: \"31\" never comes", "29 days"},
      {"0\n0 * * *", "schedule: byte 0A at position 2", "blanks"},
      {"\xd9\xa0 0 * * *", "schedule: byte D9 at position 1", "digits"},
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct cron c;
    struct error err;
    if (cron_parse(&c, slice_of(cases[i].text), &err) == 0) fail_msg("accepted: %s", cases[i].text);
    assert_int_equal(err.code, ERROR_USAGE);
    if (strncmp(err.message, cases[i].field, strlen(cases[i].field)) != 0)
      fail_msg("%s: message %s", cases[i].text, err.message);
    if (!strstr(err.hint, cases[i].hint)) fail_msg("%s: hint %s", cases[i].text, err.hint);
  }
}

static void what_comes_rarely_is_accepted(void **user) {
  static const char *const cases[] = {"0 0 29 2 *",   "0 0 29 2 */7", "0 0 31 2 1",
                                      "0 0 31 4,5 *", "0 0 31 1 *",   "0 0 30,29 2 *"};
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) (void)parsed(cases[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_field_is_the_set_of_its_numbers),
      cmocka_unit_test(a_word_with_an_at_stands_for_five_fields),
      cmocka_unit_test(fixed_is_whose_minute_and_hour_begin_with_no_star),
      cmocka_unit_test(either_is_enough_where_day_and_weekday_begin_with_no_star),
      cmocka_unit_test(the_days_of_a_month_follow_the_rule_of_day_and_weekday),
      cmocka_unit_test(what_is_not_cron_is_refused_with_its_field_and_a_hint),
      cmocka_unit_test(what_comes_rarely_is_accepted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
