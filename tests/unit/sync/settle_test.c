/* Settling that is stopped, and rows that wait for their window. */
#include "scene.h"

enum { ROWS = 3, WINDOW_MS = 15 * 60 * 1000, STEPS_MAX = 1000 };

/* Creates of which nobody knows whether they were applied: they were not. */
static struct scene *scene_of_held(void) {
  struct scene *x = scene_begin();
  scene_rows(x, ROWS);
  scene_meets(x, (struct scene_fate){.nth = 1, .end = EXCHANGE_BROKEN});
  OK(x, scene_sync(x));
  assert_int_equal(sync_tally(x->sync)->held, ROWS);
  scene_next(x);
  x->requests_len = 0;
  x->fates_len = 0;
  return x;
}

static struct settle *begin(struct scene *x, int64_t window_ms) {
  struct settle *s;
  struct settle_options o = {
      .state = x->state, .stream = x->stream, .resend = x->options, .window_ms = window_ms};
  o.resend.batch_rows = 1;
  OK(x, settle_new(&s, &o, &x->err));
  assert_non_null(s);
  settle_step(s);
  return s;
}

static void step(struct scene *x, struct settle *s) {
  x->now_ms += SCENE_LATENCY_MS;
  settle_step(s);
}

static struct settled end(struct scene *x, struct settle *s) {
  for (int i = 0; !settle_is_done(s); i++) {
    assert_int_not_equal(i, STEPS_MAX);
    step(x, s);
  }
  struct settled r = settle_result(s);
  settle_free(s);
  return r;
}

static void stop(struct settle *s) {
  struct error why;
  (void)error_set(&why, ERROR_INTERRUPTED, "stopped by SIGINT");
  settle_stop(s, &why);
  assert_string_equal(settle_error(s)->message, "stopped by SIGINT");
}

static void a_stop_while_it_lists_waits_for_the_answer_and_sends_nothing(void **unused) {
  (void)unused;
  struct scene *x = scene_of_held();
  struct settle *s = begin(x, 0);
  assert_int_equal(x->flying_len, 1);
  stop(s);
  assert_false(settle_is_done(s));
  struct settled r = end(x, s);
  assert_int_equal(r.held, ROWS);
  assert_int_equal(x->requests_len, 1);
  scene_end(x);
}

static void a_stop_while_it_sends_again_waits_for_what_is_on_the_wire(void **unused) {
  (void)unused;
  struct scene *x = scene_of_held();
  struct settle *s = begin(x, 0);
  while (scene_count(x, EXCHANGE_PUT) == 0) step(x, s);
  stop(s);
  struct settled r = end(x, s);
  assert_int_equal(scene_count(x, EXCHANGE_PUT), 1);
  assert_int_equal(r.resent, 1);
  assert_int_equal(r.held, ROWS - 1);
  assert_int_equal(x->partners_len, 1);
  scene_end(x);
}

static void what_is_not_there_is_sent_again_when_its_window_has_passed(void **unused) {
  (void)unused;
  struct scene *x = scene_of_held();
  struct settled r = end(x, begin(x, WINDOW_MS));
  assert_int_equal(r.held, ROWS);
  assert_int_equal(scene_count(x, EXCHANGE_PUT), 0);
  x->now_ms += WINDOW_MS;
  r = end(x, begin(x, WINDOW_MS));
  assert_int_equal(r.resent, ROWS);
  assert_int_equal(r.held, 0);
  assert_int_equal(x->partners_len, ROWS);
  scene_end(x);
}

static void where_nothing_is_held_there_is_nothing_to_settle(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  struct settle *s;
  struct settle_options o = {.state = x->state, .stream = x->stream, .resend = x->options};
  OK(x, settle_new(&s, &o, &x->err));
  assert_null(s);
  settle_free(s);
  scene_end(x);
}

static void a_row_that_two_partners_are_like_is_held_on_and_never_sent_again(void **unused) {
  (void)unused;
  struct scene *x = scene_of_held();
  scene_partner(x, " N00001", NULL);
  scene_partner(x, "N00001 ", NULL);
  struct settled r = end(x, begin(x, 0));
  assert_int_equal(r.unsure, 1);
  assert_int_equal(r.held, 1);
  assert_int_equal(r.resent, ROWS - 1);
  assert_int_equal(scene_named(x, "N00001"), 0);
  scene_end(x);
}

static void twins_that_two_listings_show_are_told_once(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  scene_row(x, "a", "Ann", NULL);
  OK(x, scene_sync(x));
  scene_next(x);
  scene_partner(x, "Ann", NULL);
  scene_rows(x, ROWS);
  scene_meets(x, (struct scene_fate){.nth = 2, .end = EXCHANGE_BROKEN});
  OK(x, scene_sync(x));
  scene_next(x);
  x->warnings_len = 0;
  struct settled r = end(x, begin(x, 0));
  assert_int_equal(r.twins, 1);
  assert_int_equal(r.resent, ROWS);
  assert_int_equal(x->warnings_len, 1);
  scene_end(x);
}

static void what_is_settled_waits_for_nothing(void **unused) {
  (void)unused;
  struct scene *x = scene_of_held();
  struct settle *s = begin(x, 0);
  for (int i = 0; !settle_is_done(s); i++) {
    assert_int_not_equal(i, STEPS_MAX);
    step(x, s);
  }
  assert_int_equal(settle_wake_at(s), INT64_MAX);
  settle_free(s);
  scene_end(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stop_while_it_lists_waits_for_the_answer_and_sends_nothing),
      cmocka_unit_test(a_stop_while_it_sends_again_waits_for_what_is_on_the_wire),
      cmocka_unit_test(what_is_not_there_is_sent_again_when_its_window_has_passed),
      cmocka_unit_test(a_row_that_two_partners_are_like_is_held_on_and_never_sent_again),
      cmocka_unit_test(twins_that_two_listings_show_are_told_once),
      cmocka_unit_test(what_is_settled_waits_for_nothing),
      cmocka_unit_test(where_nothing_is_held_there_is_nothing_to_settle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
