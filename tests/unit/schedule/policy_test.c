#include "schedule/policy.h"

#include "base/buf.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };
#define DAY_S INT64_C(1795478400) /* 2026-11-24, midnight */

/* A daemon in a glass: a clock that goes by itself from one thing to the next, and a
 * diary of what was done.  Times are written as of that day. */
struct glass {
  struct cron cron;
  struct zone *utc;
  struct policy_rules rules;
  struct policy p;
  int64_t now_ms;
  int64_t run_for_ms, run_ends_ms; /* how long runs take; when the present one ends */
  int exit_code;                   /* of the runs that end */
  bool has_no_slot;
  struct buf diary;
};

static int64_t at(const char *time) {
  int hours, minutes;
  assert_int_equal(sscanf(time, "%d:%d", &hours, &minutes), 2);
  return DAY_S * 1000 + (int64_t)hours * HOUR_MS + (int64_t)minutes * MINUTE_MS;
}

static int open_glass(void **user) {
  static struct glass glass;
  struct error err;
  glass = (struct glass){.diary = BUF_WITH_LIMIT(1 << 20), .run_for_ms = MINUTE_MS};
  assert_int_equal(zone_open(&glass.utc, SLICE("UTC"), NULL, &err), 0);
  glass.rules = (struct policy_rules){
      .zone = glass.utc, .window_ms = 24 * HOUR_MS, .retry_delay_ms = MINUTE_MS, .retry_factor = 2};
  glass.now_ms = at("08:00");
  policy_begin(&glass.p, glass.now_ms);
  *user = &glass;
  return 0;
}

static int close_glass(void **user) {
  struct glass *g = *user;
  zone_close(g->utc);
  buf_free(&g->diary);
  return 0;
}

static void set_cron(struct glass *g, const char *text) {
  struct error err;
  assert_int_equal(cron_parse(&g->cron, slice_of(text), &err), 0);
  g->rules.cron = &g->cron;
}

static void note_time(struct glass *g, int64_t ms) {
  int64_t seconds = ms / 1000 - DAY_S;
  buf_printf(&g->diary, " %02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60);
  if (seconds % 60 != 0) buf_printf(&g->diary, ":%02" PRId64, seconds % 60);
}

static void note(struct glass *g, const struct policy_action *a) {
  static const char *const starts[] = {[POLICY_ON_TIME] = "start",
                                       [POLICY_CAUGHT_UP] = "catch-up",
                                       [POLICY_RETRY] = "retry",
                                       [POLICY_BY_HAND] = "by-hand"};
  if (g->diary.len > 0) buf_add_text(&g->diary, ", ");
  switch (a->kind) {
  case POLICY_WAIT: fail(); break;
  case POLICY_START:
    buf_add_text(&g->diary, starts[a->start]);
    note_time(g, a->at_ms);
    if (a->attempt > 0) buf_printf(&g->diary, " #%" PRId64, a->attempt);
    break;
  case POLICY_STOP: buf_add_text(&g->diary, "stop"); break;
  case POLICY_NOT_RUN:
    buf_add_text(&g->diary, policy_cause_name(a->cause));
    note_time(g, a->at_ms);
    if (a->count > 1) {
      buf_add_text(&g->diary, " to");
      note_time(g, a->last_ms);
      buf_printf(&g->diary, " (%" PRId64 ")", a->count);
    }
    break;
  case POLICY_RETRACT:
    buf_add_text(&g->diary, "retract");
    note_time(g, a->at_ms);
    break;
  case POLICY_ALERT:
    buf_add_text(&g->diary, a->alert == POLICY_ALERT_FAILURE ? "failure!" : "recovery!");
    break;
  }
}

/* Does all that there is to do now; returns when to look again. */
static int64_t settle(struct glass *g) {
  struct policy_action a;
  for (;;) {
    policy_next(&g->p, &g->rules, g->now_ms, !g->has_no_slot, &a);
    if (a.kind == POLICY_WAIT) return a.wait_ms;
    note(g, &a);
    if (a.kind == POLICY_START) g->run_ends_ms = g->now_ms + g->run_for_ms;
    if (a.kind == POLICY_STOP) g->run_ends_ms = g->now_ms + 1000;
  }
}

static bool is_running(const struct glass *g) {
  return g->p.phase == POLICY_RUNNING || g->p.phase == POLICY_STOPPING;
}

static void go_until(struct glass *g, const char *time) {
  int64_t end_ms = at(time);
  while (g->now_ms < end_ms) {
    int64_t next_ms = settle(g);
    if (is_running(g) && g->run_ends_ms < next_ms) next_ms = g->run_ends_ms;
    assert_true(next_ms > g->now_ms);
    g->now_ms = next_ms < end_ms ? next_ms : end_ms;
    if (is_running(g) && g->run_ends_ms <= g->now_ms)
      policy_ended(&g->p, &g->rules, g->exit_code, g->now_ms);
  }
  (void)settle(g);
}

/* What the diary has since the last time it was asked. */
#define EXPECT(g, text)                                                                            \
  do {                                                                                             \
    assert_string_equal(buf_text(&(g)->diary), text);                                              \
    buf_clear(&(g)->diary);                                                                        \
  } while (0)

static void each_occurrence_starts_at_its_time(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/15 8 * * *");
  go_until(g, "10:00");
  EXPECT(g, "start 08:15, start 08:30, start 08:45");
}

static void a_new_job_starts_nothing_of_its_past(void **user) {
  struct glass *g = *user;
  set_cron(g, "0 7,8 * * *");
  go_until(g, "23:00");
  EXPECT(g, "");
}

static void an_interval_counts_from_the_last_start(void **user) {
  struct glass *g = *user;
  g->rules.every_ms = 20 * MINUTE_MS;
  go_until(g, "08:45");
  policy_request(&g->p);
  go_until(g, "09:30");
  EXPECT(g, "start 08:20, start 08:40, by-hand 08:45, start 09:05, start 09:25");
}

static void skip_leaves_out_what_comes_due_during_a_run(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->run_for_ms = 25 * MINUTE_MS;
  go_until(g, "09:00");
  EXPECT(g, "start 08:10, skipped 08:20, skipped 08:30, start 08:40, skipped 08:50, skipped 09:00");
}

static void queue_starts_them_one_after_another(void **user) {
  struct glass *g = *user;
  set_cron(g, "0-30/10 8 * * *");
  g->rules.overlap = POLICY_OVERLAP_QUEUE;
  g->run_for_ms = 25 * MINUTE_MS;
  go_until(g, "08:34");
  EXPECT(g, "start 08:10");
  go_until(g, "10:00");
  EXPECT(g, "start 08:20, start 08:30");
}

static void a_queue_holds_nothing_past_its_window(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.overlap = POLICY_OVERLAP_QUEUE;
  g->rules.window_ms = 15 * MINUTE_MS;
  g->run_for_ms = 26 * MINUTE_MS;
  go_until(g, "09:10");
  EXPECT(g, "start 08:10, past-window 08:20, start 08:30, past-window 08:40, start 08:50");
}

static void replace_stops_the_run_and_starts_the_newest(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 8 * * *");
  g->rules.overlap = POLICY_OVERLAP_REPLACE;
  g->run_for_ms = HOUR_MS;
  g->exit_code = 143;
  go_until(g, "08:35");
  EXPECT(g, "start 08:10, stop, start 08:20, stop, start 08:30");
}

static void what_waits_for_a_replaced_run_is_replaced_by_the_next(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 8 * * *");
  g->rules.overlap = POLICY_OVERLAP_REPLACE;
  g->run_for_ms = HOUR_MS;
  go_until(g, "08:20");
  g->run_ends_ms = at("08:45"); /* it is slow to stop */
  go_until(g, "08:46");
  EXPECT(g, "start 08:10, stop, replaced 08:20, replaced 08:30, start 08:40");
}

static void sleep_through(struct glass *g, const char *time) {
  g->now_ms = at(time);
  policy_wake(&g->p, g->now_ms);
}

static void catch_up_none_records_what_was_missed(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  sleep_through(g, "09:05");
  go_until(g, "09:10");
  EXPECT(g, "missed 08:10 to 09:00 (6), start 09:10");
}

static void catch_up_last_starts_the_newest_that_was_missed(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.catch_up = POLICY_CATCH_UP_LAST;
  sleep_through(g, "09:05");
  go_until(g, "09:10");
  EXPECT(g, "missed 08:10 to 08:50 (5), catch-up 09:00, start 09:10");
}

static void catch_up_all_starts_each_within_the_window(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.catch_up = POLICY_CATCH_UP_ALL;
  g->rules.window_ms = 25 * MINUTE_MS;
  sleep_through(g, "09:05");
  go_until(g, "09:20");
  EXPECT(g, "past-window 08:10 to 08:30 (3), catch-up 08:40, catch-up 08:50, catch-up 09:00, "
            "start 09:10, start 09:20");
}

static void the_last_that_was_missed_is_not_started_past_its_window(void **user) {
  struct glass *g = *user;
  set_cron(g, "0,10 8 * * *");
  g->rules.catch_up = POLICY_CATCH_UP_LAST;
  g->rules.window_ms = HOUR_MS;
  sleep_through(g, "09:11");
  go_until(g, "09:20");
  EXPECT(g, "past-window 08:10");
}

static void a_long_outage_is_recorded_in_spans_that_end(void **user) {
  struct glass *g = *user;
  set_cron(g, "* * * * *");
  sleep_through(g, "32:01");
  go_until(g, "32:02");
  EXPECT(g, "missed 08:01 to 24:40 (1000), missed 24:41 to 32:00 (440), start 32:01, "
            "start 32:02");
}

static void a_missed_interval_is_caught_up_once(void **user) {
  struct glass *g = *user;
  g->rules.every_ms = 10 * MINUTE_MS;
  g->rules.catch_up = POLICY_CATCH_UP_LAST;
  sleep_through(g, "09:05");
  go_until(g, "09:20");
  EXPECT(g, "missed 08:10 to 08:50 (5), catch-up 09:00, start 09:15");
}

static void what_is_late_by_the_daemon_s_doing_is_not_missed(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 8 * * *");
  g->has_no_slot = true;
  go_until(g, "08:19");
  g->has_no_slot = false;
  go_until(g, "08:20");
  EXPECT(g, "start 08:10, start 08:20");
}

static void who_waits_for_a_slot_says_since_when(void **user) {
  struct glass *g = *user;
  struct policy_action a;
  set_cron(g, "*/10 8 * * *");
  g->now_ms = at("08:11");
  policy_next(&g->p, &g->rules, g->now_ms, false, &a);
  assert_int_equal(a.kind, POLICY_WAIT);
  assert_true(a.is_ready);
  assert_int_equal(a.ready_ms, at("08:10"));
  assert_int_equal(a.wait_ms, at("08:20"));
}

static void a_failure_is_retried_with_growing_delays(void **user) {
  struct glass *g = *user;
  set_cron(g, "0 9 * * *");
  g->rules.retry_times = 3;
  g->exit_code = 6;
  go_until(g, "10:00");
  EXPECT(g, "start 09:00, failure!, retry 09:00 #1, retry 09:00 #2, retry 09:00 #3");
  assert_int_equal(g->p.phase, POLICY_IDLE);
}

static void retries_wait_their_delay(void **user) {
  struct glass *g = *user;
  set_cron(g, "0 9 * * *");
  g->rules.retry_times = 2;
  g->exit_code = 1;
  go_until(g, "09:01");
  assert_int_equal(g->p.retry_at_ms, at("09:02"));
  go_until(g, "09:03");
  assert_int_equal(g->p.retry_at_ms, at("09:05")); /* ended 09:03, twice the delay */
}

static void a_delay_grows_to_a_day_at_most(void **user) {
  struct glass *g = *user;
  g->rules.retry_times = 100;
  g->rules.retry_factor = 10;
  g->p.phase = POLICY_RUNNING;
  g->p.attempt = 99;
  policy_ended(&g->p, &g->rules, 7, g->now_ms);
  assert_int_equal(g->p.retry_at_ms - g->now_ms, 24 * HOUR_MS);
}

static void only_what_may_pass_is_retried(void **user) {
  static const struct {
    int exit_code;
    bool is_retried;
  } cases[] = {{0, false},   {1, true},    {2, false},  {3, false}, {4, false},
               {5, false},   {6, true},    {7, true},   {8, true},  {POLICY_DIED, true},
               {129, false}, {130, false}, {143, false}};
  struct glass *g = *user;
  g->rules.retry_times = 1;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct policy p = {.phase = POLICY_RUNNING};
    policy_ended(&p, &g->rules, cases[i].exit_code, g->now_ms);
    assert_int_equal(p.phase == POLICY_RETRYING, cases[i].is_retried);
  }
}

static void the_next_occurrence_takes_the_place_of_a_retry(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.retry_times = 3;
  g->rules.retry_delay_ms = HOUR_MS;
  g->exit_code = 1;
  go_until(g, "08:30");
  EXPECT(g, "start 08:10, failure!, start 08:20, start 08:30");
}

static void a_row_of_failures_is_told_once_and_its_end_once(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->exit_code = 3;
  go_until(g, "08:25");
  g->exit_code = 4;
  go_until(g, "08:45");
  EXPECT(g, "start 08:10, failure!, start 08:20, start 08:30, recovery!, start 08:40");
}

static void a_run_that_was_told_to_stop_is_no_failure(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.retry_times = 3;
  go_until(g, "08:10");
  policy_stopping(&g->p);
  policy_ended(&g->p, &g->rules, 143, g->now_ms);
  assert_false(g->p.is_failing);
  assert_int_equal(g->p.phase, POLICY_IDLE);
  assert_int_equal(g->p.alert, POLICY_ALERT_NONE);
}

static void a_run_that_died_is_a_failure_and_not_started_again(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 8 * * *");
  go_until(g, "08:10");
  policy_ended(&g->p, &g->rules, POLICY_DIED, g->now_ms);
  sleep_through(g, "08:11");
  go_until(g, "08:25");
  EXPECT(g, "start 08:10, failure!, start 08:20, recovery!");
}

static void without_a_key_nothing_starts_until_one_works(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->exit_code = 5;
  go_until(g, "08:45");
  EXPECT(g, "start 08:10, failure!, no-key 08:20, no-key 08:30, no-key 08:40");
  g->exit_code = 0;
  policy_key_works(&g->p, g->now_ms);
  go_until(g, "08:50");
  EXPECT(g, "retry 08:10 #1, recovery!, start 08:50");
}

static void with_catch_up_the_newest_waits_for_the_key(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.catch_up = POLICY_CATCH_UP_LAST;
  g->exit_code = 5;
  go_until(g, "08:45");
  EXPECT(g, "start 08:10, failure!, no-key 08:20, no-key 08:30");
  g->exit_code = 0;
  policy_key_works(&g->p, g->now_ms);
  go_until(g, "08:50");
  EXPECT(g, "catch-up 08:40, recovery!, start 08:50");
}

static void what_waits_for_a_key_ends_with_its_window(void **user) {
  struct glass *g = *user;
  set_cron(g, "10,20 8 * * *");
  g->rules.catch_up = POLICY_CATCH_UP_ALL;
  g->rules.window_ms = 30 * MINUTE_MS;
  g->exit_code = 5;
  go_until(g, "09:00");
  EXPECT(g, "start 08:10, failure!, past-window 08:20");
}

static void a_paused_job_records_what_it_passes_and_starts_nothing(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.catch_up = POLICY_CATCH_UP_ALL;
  policy_pause(&g->p);
  go_until(g, "08:25");
  policy_resume(&g->p);
  go_until(g, "08:30");
  EXPECT(g, "paused 08:10, paused 08:20, start 08:30");
}

static void a_pause_ends_the_retries(void **user) {
  struct glass *g = *user;
  set_cron(g, "0 9 * * *");
  g->rules.retry_times = 3;
  g->exit_code = 1;
  go_until(g, "09:01");
  policy_pause(&g->p);
  go_until(g, "10:00");
  EXPECT(g, "start 09:00, failure!");
}

static void a_run_by_hand_waits_for_the_one_under_way_only(void **user) {
  struct glass *g = *user;
  set_cron(g, "0 9 * * *");
  g->run_for_ms = 20 * MINUTE_MS;
  go_until(g, "09:05");
  policy_pause(&g->p);
  policy_request(&g->p);
  go_until(g, "09:19");
  EXPECT(g, "start 09:00");
  go_until(g, "12:00");
  EXPECT(g, "by-hand 09:20");
}

static void a_run_by_hand_is_not_retried(void **user) {
  struct glass *g = *user;
  set_cron(g, "0 23 * * *");
  g->rules.retry_times = 3;
  g->exit_code = 1;
  policy_request(&g->p);
  go_until(g, "12:00");
  EXPECT(g, "by-hand 08:00, failure!");
}

static void a_job_by_hand_only_waits_for_ever(void **user) {
  struct glass *g = *user;
  assert_int_equal(settle(g), INT64_MAX);
}

static void a_clock_that_is_set_forward_misses_what_it_passes(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  g->rules.catch_up = POLICY_CATCH_UP_LAST;
  go_until(g, "08:15");
  g->now_ms = at("11:15");
  policy_jumped(&g->p, &g->rules, 3 * HOUR_MS, g->now_ms);
  go_until(g, "11:20");
  EXPECT(g, "start 08:10, missed 08:20 to 11:00 (17), catch-up 11:10, start 11:20");
}

static void a_clock_that_is_set_back_takes_back_what_has_not_come_yet(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/30 * * * *");
  go_until(g, "09:35");
  EXPECT(g, "start 08:30, start 09:00, start 09:30");
  g->now_ms = at("08:35");
  policy_jumped(&g->p, &g->rules, -HOUR_MS, g->now_ms);
  (void)settle(g);
  EXPECT(g, "retract 08:35");
  struct policy before = g->p;
  struct policy_action a;
  policy_next(&g->p, &g->rules, at("09:00"), true, &a);
  assert_int_equal(a.kind, POLICY_START); /* which the driver finds in its rows */
  g->p = before;
  policy_already(&g->p, &a);
  policy_next(&g->p, &g->rules, at("09:00"), true, &a);
  assert_int_equal(a.kind, POLICY_WAIT);
  assert_int_equal(a.wait_ms, at("09:30"));
}

static void a_clock_that_is_set_back_a_little_is_waited_for(void **user) {
  struct glass *g = *user;
  set_cron(g, "*/10 * * * *");
  go_until(g, "08:10");
  g->now_ms -= 30000;
  go_until(g, "08:20");
  EXPECT(g, "start 08:10, start 08:20");
}

static void an_interval_does_not_mind_the_clock(void **user) {
  struct glass *g = *user;
  g->rules.every_ms = 20 * MINUTE_MS;
  go_until(g, "08:25");
  g->now_ms = at("11:25");
  policy_jumped(&g->p, &g->rules, 3 * HOUR_MS, g->now_ms);
  go_until(g, "11:45");
  EXPECT(g, "start 08:20, start 11:40");
  g->now_ms = at("08:45");
  policy_jumped(&g->p, &g->rules, -3 * HOUR_MS, g->now_ms);
  go_until(g, "09:05");
  EXPECT(g, "start 09:00");
}

static void an_interval_survives_a_clock_set_back_while_nobody_was_there(void **user) {
  struct glass *g = *user;
  g->rules.every_ms = 20 * MINUTE_MS;
  g->p.settled_ms = at("23:00");
  sleep_through(g, "08:00");
  go_until(g, "08:45");
  EXPECT(g, "start 08:20, start 08:40");
}

static void an_edit_starts_nothing_by_itself(void **user) {
  struct glass *g = *user;
  struct policy_action a;
  set_cron(g, "*/10 * * * *");
  g->rules.overlap = POLICY_OVERLAP_QUEUE;
  g->run_for_ms = 35 * MINUTE_MS;
  go_until(g, "08:40");
  while (policy_drop(&g->p, &g->rules, g->now_ms, &a)) note(g, &a);
  set_cron(g, "40,55 8 * * *");
  policy_reschedule(&g->p, &g->rules, g->now_ms);
  go_until(g, "08:56");
  EXPECT(g, "start 08:10, rescheduled 08:20 to 08:40 (3), start 08:55");
}

static void a_shorter_interval_is_not_due_at_once(void **user) {
  struct glass *g = *user;
  g->rules.every_ms = 5 * HOUR_MS;
  go_until(g, "12:00");
  g->rules.every_ms = HOUR_MS;
  policy_reschedule(&g->p, &g->rules, g->now_ms);
  go_until(g, "13:30");
  EXPECT(g, "start 13:00");
}

static void a_longer_interval_still_counts_from_the_last_start(void **user) {
  struct glass *g = *user;
  g->rules.every_ms = HOUR_MS;
  go_until(g, "09:30");
  g->rules.every_ms = 2 * HOUR_MS;
  policy_reschedule(&g->p, &g->rules, g->now_ms);
  go_until(g, "11:30");
  EXPECT(g, "start 09:00, start 11:00");
}

static void jitter_is_within_its_bound_and_the_same_again(void **user) {
  struct glass *g = *user;
  struct policy_action a;
  int64_t least_ms = INT64_MAX, most_ms = 0;
  set_cron(g, "* * * * *");
  g->rules.jitter_ms = 30000;
  g->rules.jitter_seed = 42;
  for (int64_t t = at("08:00"); t < at("23:00"); t += MINUTE_MS) {
    struct policy p;
    policy_begin(&p, t);
    policy_next(&p, &g->rules, t, true, &a);
    int64_t delay_ms = a.wait_ms - t - MINUTE_MS, once_ms = a.wait_ms;
    policy_next(&p, &g->rules, t + 1, true, &a);
    assert_int_equal(a.wait_ms, once_ms);
    assert_in_range(delay_ms, 0, 30000);
    if (delay_ms < least_ms) least_ms = delay_ms;
    if (delay_ms > most_ms) most_ms = delay_ms;
  }
  assert_true(least_ms < 1000 && most_ms > 29000);
}

static void what_daylight_saving_moved_says_so(void **user) {
  struct glass *g = *user;
  struct zone *berlin;
  struct error err;
  struct policy_action a;
  assert_int_equal(zone_open(&berlin, SLICE("Europe/Berlin"), NULL, &err), 0);
  set_cron(g, "30 2 * * *");
  g->rules.zone = berlin;
  policy_begin(&g->p, INT64_C(1774742400000)); /* 2026-03-29T00:00Z */
  policy_next(&g->p, &g->rules, INT64_C(1774746000000), true, &a);
  assert_int_equal(a.kind, POLICY_START);
  assert_true(a.is_moved);
  zone_close(berlin);
}

static void each_cause_has_a_word_of_its_own(void **user) {
  (void)user;
  for (int i = POLICY_MISSED; i <= POLICY_EDITED; i++)
    for (int k = POLICY_MISSED; k < i; k++)
      assert_string_not_equal(policy_cause_name((enum policy_cause)i),
                              policy_cause_name((enum policy_cause)k));
}

#define IN_GLASS(test) cmocka_unit_test_setup_teardown(test, open_glass, close_glass)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_GLASS(each_occurrence_starts_at_its_time),
      IN_GLASS(a_new_job_starts_nothing_of_its_past),
      IN_GLASS(an_interval_counts_from_the_last_start),
      IN_GLASS(skip_leaves_out_what_comes_due_during_a_run),
      IN_GLASS(queue_starts_them_one_after_another),
      IN_GLASS(a_queue_holds_nothing_past_its_window),
      IN_GLASS(replace_stops_the_run_and_starts_the_newest),
      IN_GLASS(what_waits_for_a_replaced_run_is_replaced_by_the_next),
      IN_GLASS(catch_up_none_records_what_was_missed),
      IN_GLASS(catch_up_last_starts_the_newest_that_was_missed),
      IN_GLASS(catch_up_all_starts_each_within_the_window),
      IN_GLASS(the_last_that_was_missed_is_not_started_past_its_window),
      IN_GLASS(a_long_outage_is_recorded_in_spans_that_end),
      IN_GLASS(a_missed_interval_is_caught_up_once),
      IN_GLASS(what_is_late_by_the_daemon_s_doing_is_not_missed),
      IN_GLASS(who_waits_for_a_slot_says_since_when),
      IN_GLASS(a_failure_is_retried_with_growing_delays),
      IN_GLASS(retries_wait_their_delay),
      IN_GLASS(a_delay_grows_to_a_day_at_most),
      IN_GLASS(only_what_may_pass_is_retried),
      IN_GLASS(the_next_occurrence_takes_the_place_of_a_retry),
      IN_GLASS(a_row_of_failures_is_told_once_and_its_end_once),
      IN_GLASS(a_run_that_was_told_to_stop_is_no_failure),
      IN_GLASS(a_run_that_died_is_a_failure_and_not_started_again),
      IN_GLASS(without_a_key_nothing_starts_until_one_works),
      IN_GLASS(with_catch_up_the_newest_waits_for_the_key),
      IN_GLASS(what_waits_for_a_key_ends_with_its_window),
      IN_GLASS(a_paused_job_records_what_it_passes_and_starts_nothing),
      IN_GLASS(a_pause_ends_the_retries),
      IN_GLASS(a_run_by_hand_waits_for_the_one_under_way_only),
      IN_GLASS(a_run_by_hand_is_not_retried),
      IN_GLASS(a_job_by_hand_only_waits_for_ever),
      IN_GLASS(a_clock_that_is_set_forward_misses_what_it_passes),
      IN_GLASS(a_clock_that_is_set_back_takes_back_what_has_not_come_yet),
      IN_GLASS(a_clock_that_is_set_back_a_little_is_waited_for),
      IN_GLASS(an_interval_does_not_mind_the_clock),
      IN_GLASS(an_interval_survives_a_clock_set_back_while_nobody_was_there),
      IN_GLASS(an_edit_starts_nothing_by_itself),
      IN_GLASS(a_shorter_interval_is_not_due_at_once),
      IN_GLASS(a_longer_interval_still_counts_from_the_last_start),
      IN_GLASS(jitter_is_within_its_bound_and_the_same_again),
      IN_GLASS(what_daylight_saving_moved_says_so),
      cmocka_unit_test(each_cause_has_a_word_of_its_own),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
