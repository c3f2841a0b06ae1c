#include "cli/job_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795507200000)

static char text[] = "return {\n  jobs = {\n    nightly = {\n      schedule = S,\n      timezone = "
                     "T,\n    },\n  },\n}\n";
static const struct config hoko_lua = {.source = text};

static const struct config_job nightly = {.config = &hoko_lua,
                                          .name = "nightly",
                                          .schedule = "30 2 * * *",
                                          .timezone = "UTC",
                                          .overlap = CONFIG_OVERLAP_REPLACE,
                                          .catch_up = CONFIG_CATCH_UP_ALL,
                                          .catch_up_window_ms = 1,
                                          .jitter_ms = 2,
                                          .retries = {.times = 3, .delay_ms = 4, .factor = 5}};

static int set_up(void **user) {
  *user = zones_new(NULL);
  return *user ? 0 : -1;
}

static int tear_down(void **user) {
  zones_free(*user);
  return 0;
}

static void each_rule_is_what_hoko_lua_says(void **user) {
  struct job_rules j;
  struct error err;
  assert_int_equal(job_rules_read(&j, &nightly, *user, NOW_MS, &err), 0);
  assert_ptr_equal(j.rules.cron, &j.cron);
  assert_string_equal(zone_name(j.rules.zone), "UTC");
  assert_int_equal(j.rules.overlap, POLICY_OVERLAP_REPLACE);
  assert_int_equal(j.rules.catch_up, POLICY_CATCH_UP_ALL);
  assert_int_equal(j.rules.window_ms, 1);
  assert_int_equal(j.rules.jitter_ms, 2);
  assert_int_equal(j.rules.retry_times, 3);
  assert_int_equal(j.rules.retry_delay_ms, 4);
  assert_true(j.rules.retry_factor == 5);
}

static void an_interval_has_no_expression(void **user) {
  struct config_job job = nightly;
  struct job_rules j;
  struct error err;
  job.schedule = NULL;
  job.every_ms = 90000;
  assert_int_equal(job_rules_read(&j, &job, *user, NOW_MS, &err), 0);
  assert_null(j.rules.cron);
  assert_int_equal(j.rules.every_ms, 90000);
}

static void jitter_differs_by_name_and_not_by_process(void **user) {
  struct config_job other = nightly;
  struct job_rules a, b;
  struct error err;
  other.name = "hourly";
  assert_int_equal(job_rules_read(&a, &nightly, *user, NOW_MS, &err), 0);
  assert_int_equal(job_rules_read(&b, &other, *user, NOW_MS, &err), 0);
  assert_true(a.rules.jitter_seed != b.rules.jitter_seed);
  assert_true(a.rules.jitter_seed == UINT64_C(0x1269b6e50f359d72));
}

static void what_is_wrong_is_told_with_its_line(void **user) {
  static const struct {
    const char *schedule, *timezone, *message;
    int line;
  } cases[] = {
      {"61 * * * *", "UTC", "job \"nightly\": schedule: minute: \"61\"", 4},
      {"@daily", "Nowhere", "job \"nightly\": timezone: there is no time zone", 5},
      {"*/60 2 8-14 3 */7", "America/New_York", "job \"nightly\": schedule: \"*/60", 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct config_job job = nightly;
    struct job_rules j;
    struct error err;
    job.schedule = cases[i].schedule;
    job.timezone = cases[i].timezone;
    assert_int_equal(job_rules_read(&j, &job, *user, NOW_MS, &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.file, "hoko.lua");
    assert_int_equal(err.line, cases[i].line);
    if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
    assert_true(err.hint[0] != '\0');
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_rule_is_what_hoko_lua_says, set_up, tear_down),
      cmocka_unit_test_setup_teardown(an_interval_has_no_expression, set_up, tear_down),
      cmocka_unit_test_setup_teardown(jitter_differs_by_name_and_not_by_process, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_wrong_is_told_with_its_line, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
