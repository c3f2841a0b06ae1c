/* C7: the wall clock is set by hours while a run goes on: waits and their ends do not move. */
#include "scene.h"

enum { ROWS = 20 };

static const int64_t HOUR_MS = 60 * 60 * 1000;
static const int64_t changes_ms[] = {-10 * HOUR_MS, 10 * HOUR_MS};

/* Rows that are known and changed, at a server that fails the first FAILURES requests; the
 * clock is set by BY_MS after the first. */
static struct scene *scene_of_failures(size_t failures, int64_t by_ms) {
  struct scene *x = scene_begin();
  scene_rows(x, ROWS);
  OK(x, scene_sync(x));
  scene_next(x);
  x->requests_len = 0;
  x->options.sends_all = true;
  for (size_t i = 1; i <= failures; i++)
    scene_meets(x, (struct scene_fate){.nth = i, .end = EXCHANGE_ANSWERED, .status = 503});
  scene_rows(x, ROWS);
  x->set_at_ms = x->now_ms + SCENE_LATENCY_MS;
  x->set_by_ms = by_ms;
  return x;
}

static void c7_what_is_sent_again_is_so_in_time(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof changes_ms / sizeof *changes_ms; i++) {
    struct scene *x = scene_of_failures(3, changes_ms[i]);
    OK(x, scene_sync(x));
    assert_int_equal(sync_tally(x->sync)->updated, ROWS);
    assert_int_equal(x->requests_len, 4);
    assert_in_range(x->now_ms, 1, 30000);
    scene_end(x);
  }
}

static void c7_giving_up_takes_as_long_as_told(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof changes_ms / sizeof *changes_ms; i++) {
    struct scene *x = scene_of_failures(SCENE_FATES_MAX, changes_ms[i]);
    x->options.give_up_ms = 2000;
    OK(x, scene_sync(x));
    assert_non_null(sync_error(x->sync));
    assert_int_equal(sync_error(x->sync)->code, ERROR_UNREACHABLE);
    assert_int_equal(sync_tally(x->sync)->pending, ROWS);
    assert_in_range(x->now_ms, 2000, 30000);
    scene_end(x);
  }
}

/* The window of a create that is held is reckoned by the wall clock, since it outlasts the
 * process: a clock that was set back makes it longer, never shorter. */
static void c7_a_clock_that_is_set_back_sends_no_held_create_sooner(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  struct settled settled;
  scene_rows(x, ROWS);
  scene_meets(x, (struct scene_fate){.nth = 1, .end = EXCHANGE_BROKEN});
  OK(x, scene_sync(x));
  assert_int_equal(sync_tally(x->sync)->held, ROWS);
  x->set_at_ms = x->now_ms;
  x->set_by_ms = -10 * HOUR_MS;
  OK(x, scene_settle(x, false, &settled));
  assert_int_equal(settled.held, ROWS);
  assert_int_equal(settled.resent, 0);
  scene_end(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(c7_what_is_sent_again_is_so_in_time),
      cmocka_unit_test(c7_giving_up_takes_as_long_as_told),
      cmocka_unit_test(c7_a_clock_that_is_set_back_sends_no_held_create_sooner),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
