/* A job as the daemon has it: record and back, wishes, and every allocation failing once. */
#include "schedule/served.h"

#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct daemon_wish wish_of(const struct cron *cron, const struct zone *zone) {
  return (struct daemon_wish){.name = "crm",
                              .script = "crm.lua",
                              .schedule = "*/15 * * * *",
                              .timezone = "Asia/Riyadh",
                              .rules = {.cron = cron, .zone = zone, .retry_times = 3}};
}

static const struct job_record record = {.name = SLICE_INIT("crm"),
                                         .schedule = SLICE_INIT("*/15 * * * *"),
                                         .timezone = SLICE_INIT("Asia/Riyadh"),
                                         .settled_ms = 1,
                                         .awake_ms = 2,
                                         .run_ms = 3,
                                         .attempt = 4,
                                         .retry_at_ms = 5,
                                         .phase = POLICY_RETRYING,
                                         .alert = POLICY_ALERT_RECOVERY,
                                         .flags = JOB_BY_HAND | JOB_KEYLESS | JOB_FAILING,
                                         .run = "01JD0000000000000000000001"};

static void a_record_is_taken_and_given_back_as_it_was(void **state) {
  struct served *s = served_new("crm");
  struct zones *zones = zones_new(NULL);
  struct job_record back;
  struct error err;
  (void)state;
  assert_int_equal(served_take_record(s, &record, zones, &err), 0);
  served_put_record(s, &s->policy, &back);
  assert_true(slice_equal(back.schedule, record.schedule));
  assert_true(slice_equal(back.timezone, record.timezone));
  assert_int_equal(back.settled_ms, 1);
  assert_int_equal(back.awake_ms, 2);
  assert_int_equal(back.run_ms, 3);
  assert_int_equal(back.attempt, 4);
  assert_int_equal(back.retry_at_ms, 5);
  assert_int_equal(back.phase, POLICY_RETRYING);
  assert_int_equal(back.alert, POLICY_ALERT_RECOVERY);
  assert_int_equal(back.flags, record.flags);
  assert_string_equal(back.run, record.run);
  assert_ptr_equal(s->rules.cron, &s->cron);
  served_free(s);
  zones_free(zones);
}

static void a_schedule_is_another_when_its_instants_are(void **state) {
  struct served *s = served_new("crm");
  struct zones *zones = zones_new(NULL);
  struct daemon_wish w = wish_of(NULL, NULL);
  struct error err;
  (void)state;
  assert_int_equal(served_take_record(s, &record, zones, &err), 0);
  assert_true(served_is_as(s, &w));
  w.rules.retry_times = 9;
  w.script = "other.lua";
  assert_true(served_is_as(s, &w));
  w.timezone = "UTC";
  assert_false(served_is_as(s, &w));
  w = wish_of(NULL, NULL);
  w.schedule = "*/16 * * * *";
  assert_false(served_is_as(s, &w));
  w.schedule = NULL;
  w.rules.every_ms = 90000;
  assert_false(served_is_as(s, &w));
  served_free(s);
  zones_free(zones);
}

static void a_schedule_that_cannot_be_read_any_more_comes_by_hand(void **state) {
  struct served *s = served_new("crm");
  struct zones *zones = zones_new(NULL);
  struct job_record r = record;
  struct daemon_wish w = wish_of(NULL, NULL);
  struct error err;
  (void)state;
  r.timezone = SLICE("Gone/Zone");
  w.timezone = "Gone/Zone";
  assert_int_equal(served_take_record(s, &r, zones, &err), 0);
  assert_null(s->rules.cron);
  assert_true(policy_each(&s->rules, 0) == INT64_MAX);
  assert_false(served_is_as(s, &w));
  served_free(s);
  zones_free(zones);
}

/* Whether all of it found memory. */
static bool live(struct zones *zones, const struct daemon_wish *w, struct error *err) {
  struct served *s = served_new("crm");
  bool is_well =
      s && served_take_record(s, &record, zones, err) == 0 && served_take_wish(s, w, err) == 0;
  if (is_well) served_drop_wish(s);
  if (!s) (void)error_set(err, ERROR_MEMORY, "no memory");
  served_free(s);
  return is_well;
}

static void without_memory_it_says_so_and_nothing_leaks(void **state) {
  struct zones *zones = zones_new(NULL);
  struct cron cron;
  struct error err;
  const struct zone *zone;
  bool is_met = true;
  (void)state;
  assert_int_equal(cron_parse(&cron, SLICE("*/15 * * * *"), &err), 0);
  assert_int_equal(zones_get(zones, SLICE("Asia/Riyadh"), &zone, &err), 0);
  const struct daemon_wish w = wish_of(&cron, zone);
  for (unsigned n = 1; is_met; n++) {
    memory_fault_begin(n);
    bool is_well = live(zones, &w, &err);
    is_met = memory_fault_end();
    assert_int_equal(is_well, !is_met);
    if (is_met) assert_int_equal(err.code, ERROR_MEMORY);
  }
  zones_free(zones);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record_is_taken_and_given_back_as_it_was),
      cmocka_unit_test(a_schedule_is_another_when_its_instants_are),
      cmocka_unit_test(a_schedule_that_cannot_be_read_any_more_comes_by_hand),
      cmocka_unit_test(without_memory_it_says_so_and_nothing_leaks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
