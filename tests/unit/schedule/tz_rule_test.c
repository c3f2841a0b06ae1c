#include "schedule/tz_rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_rule_tells_both_changes_of_a_year(void **user) {
  static const struct {
    const char *text;
    int32_t offset_s, saving_offset_s;
    int year;
    int64_t start_s, end_s;
  } cases[] = {
      {"CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200, 2026, 1774746000, 1792890000},
      {"EST5EDT,M3.2.0,M11.1.0", -18000, -14400, 2024, 1710054000, 1730613600},
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 37800, 39600, 2026, 1791041400, 1775314800},
      {"IST-1GMT0,M10.5.0,M3.5.0/1", 3600, 0, 2026, 1792890000, 1774746000},
      {"XXX0YYY,J59/0,J60/1", 0, 3600, 2024, 1709078400, 1709251200},
      {"XXX0YYY,58/0,59/1", 0, 3600, 2024, 1709078400, 1709164800},
      {"XXX0YYY,M2.5.4/24,M2.4.1/-24", 0, 3600, 2024, 1709251200, 1708815600},
      {"XXX0YYY,0/-167,365/+167:59:59", 0, 3600, 2026, 1766624400, 1799362799},
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tz_rule rule;
    assert_true(tz_rule_parse(&rule, slice_of(cases[i].text)));
    assert_true(rule.has_saving);
    assert_int_equal(rule.offset_s, cases[i].offset_s);
    assert_int_equal(rule.saving_offset_s, cases[i].saving_offset_s);
    assert_int_equal(tz_rule_start(&rule, cases[i].year), cases[i].start_s);
    assert_int_equal(tz_rule_end(&rule, cases[i].year), cases[i].end_s);
  }
}

static void a_rule_without_saving_is_an_offset(void **user) {
  static const struct {
    const char *text;
    int32_t offset_s;
  } cases[] = {{"UTC0", 0},           {"<+03>-3", 10800},      {"<-0330>3:30", -12600},
               {"LMT-1:22:33", 4953}, {"AAA24:59:59", -89999}, {"abc+05", -18000}};
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tz_rule rule;
    assert_true(tz_rule_parse(&rule, slice_of(cases[i].text)));
    assert_false(rule.has_saving);
    assert_int_equal(rule.offset_s, cases[i].offset_s);
  }
}

static void what_is_no_rule_is_refused(void **user) {
  static const char *const cases[] = {
      "",
      "UTC",
      "UT0",
      "<+0>0",
      "<UTC0",
      "<+03-3",
      "UTC25",
      "UTC0:60",
      "UTC0:00:60",
      "UTC0:",
      "UTC--1",
      "UTC0 ",
      "EST5EDT",
      "EST5EDT,M3.2.0",
      "EST5EDT,M3.2.0,",
      "EST5EDT,M3.2.0,M11.1.0,",
      "EST5EDT,M0.2.0,M11.1.0",
      "EST5EDT,M13.2.0,M11.1.0",
      "EST5EDT,M3.0.0,M11.1.0",
      "EST5EDT,M3.6.0,M11.1.0",
      "EST5EDT,M3.2.7,M11.1.0",
      "EST5EDT,M3.2,M11.1.0",
      "EST5EDT,J0,J365",
      "EST5EDT,J1,J366",
      "EST5EDT,0,366",
      "EST5EDT,M3.2.0/168,M11.1.0",
      "EST5EDT,M3.2.0/,M11.1.0",
      "EST5ED4,M3.2.0,M11.1.0",
      "EST5EDT25,M3.2.0,M11.1.0",
  };
  (void)user;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct tz_rule rule;
    if (tz_rule_parse(&rule, slice_of(cases[i]))) fail_msg("accepted: %s", cases[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rule_tells_both_changes_of_a_year),
      cmocka_unit_test(a_rule_without_saving_is_an_offset),
      cmocka_unit_test(what_is_no_rule_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
