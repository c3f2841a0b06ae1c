#include "scene.h"

#define DAY_MS INT64_C(86400000)

static void run(struct scene *x, const char *job, int64_t started_ms, int exit,
                const char *report) {
  struct run_record r = {.script = SLICE("s.lua"), .job = slice_of(job), .started_ms = started_ms};
  static int count;
  snprintf(r.run, sizeof r.run, "01JD00000000000000000%05d", ++count);
  OK(x, run_record_begin(x->s, &r, &x->err));
  r.ended_ms = started_ms + 10;
  r.exit = exit;
  r.outcome = SLICE("any");
  r.report = slice_of(report);
  OK(x, run_record_finish(x->s, &r, &x->err));
}

static void skipped(struct scene *x, const char *job, int64_t started_ms) {
  struct run_record r = {.script = SLICE("s.lua"),
                         .job = slice_of(job),
                         .started_ms = started_ms,
                         .outcome = SLICE("missed"),
                         .run = "01JE0000000000000000000001"};
  OK(x, run_record_skipped(x->s, &r, &x->err));
}

static void a_day_counts_its_runs_rows_and_what_did_not_start(void **state) {
  struct scene x;
  struct run_day days[4];
  size_t n;
  (void)state;
  scene_begin(&x);
  run(&x, "a", 1 * DAY_MS, 0, "{\"rows\":{\"submitted\":7}}");
  run(&x, "a", 3 * DAY_MS, 0, "{\"rows\":{\"submitted\":5}}");
  run(&x, "a", 4 * DAY_MS - 1, 4, "{\"rows\":{\"submitted\":6}}");
  run(&x, "a", 4 * DAY_MS, 6, "");
  run(&x, "b", 4 * DAY_MS, 6, "");
  skipped(&x, "a", 4 * DAY_MS + 1);
  OK(&x, run_record_days(x.s, SLICE("a"), 2, days, 4, &n, &x.err));
  assert_int_equal(n, 2);
  assert_int_equal(days[0].day, 3);
  assert_int_equal(days[0].runs, 2);
  assert_int_equal(days[0].failed, 0);
  assert_int_equal(days[0].rows, 11);
  assert_int_equal(days[0].took_ms, 20);
  assert_int_equal(days[1].runs, 1);
  assert_int_equal(days[1].failed, 1);
  assert_int_equal(days[1].not_run, 1);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_day_counts_its_runs_rows_and_what_did_not_start)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
