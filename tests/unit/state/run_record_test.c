#include "scene.h"

#include <sys/wait.h>

static struct run_record begin(struct scene *x, const char *name, const char *script,
                               int64_t started_ms) {
  struct run_record r = {.script = slice_of(script), .started_ms = started_ms};
  snprintf(r.run, sizeof r.run, "%s", name);
  OK(x, run_record_begin(x->s, &r, &x->err));
  return r;
}

static void finish(struct scene *x, struct run_record *r, int exit) {
  r->ended_ms = r->started_ms + 5;
  r->exit = exit;
  r->outcome = exit ? SLICE("rejected") : SLICE("ok");
  r->report = SLICE("{\"schema\":\"hoko.run/1\"}");
  OK(x, run_record_finish(x->s, r, &x->err));
}

static size_t list(struct scene *x, struct run_filter filter, struct run_record *to, size_t cap) {
  size_t n;
  OK(x, run_record_list(x->s, &filter, to, cap, &n, &x->err));
  return n;
}

static void a_run_is_running_then_ended_with_its_report(void **state) {
  struct scene x;
  struct run_record r, seen[2];
  (void)state;
  scene_begin(&x);
  r = begin(&x, "01JD0000000000000000000001", "s.lua", 100);
  assert_int_equal(list(&x, (struct run_filter){0}, seen, 2), 1);
  assert_int_equal(seen[0].status, RUN_RUNNING);
  assert_int_equal(seen[0].pid, getpid());
  assert_int_equal(seen[0].ended_ms, 0);
  finish(&x, &r, 3);
  OK(&x, run_record_show(x.s, SLICE("01jd0000000000000000000001"), &seen[0], &x.err));
  assert_int_equal(seen[0].status, RUN_ENDED);
  assert_int_equal(seen[0].exit, 3);
  assert_int_equal(seen[0].started_ms, 100);
  assert_int_equal(seen[0].ended_ms, 105);
  assert_slice(seen[0].outcome, "rejected");
  assert_slice(seen[0].script, "s.lua");
  assert_slice(seen[0].report, "{\"schema\":\"hoko.run/1\"}");
  scene_end(&x);
}

static void a_run_whose_process_is_gone_died(void **state) {
  struct scene x;
  struct run_record seen[1];
  (void)state;
  scene_folder(&x);
  pid_t pid = fork();
  if (pid == 0) {
    scene_open(&x);
    begin(&x, "01JD0000000000000000000001", "s.lua", 100);
    _exit(0);
  }
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  scene_open(&x);
  assert_int_equal(list(&x, (struct run_filter){0}, seen, 1), 1);
  assert_int_equal(seen[0].status, RUN_DIED);
  assert_int_equal(seen[0].pid, pid);
  scene_end(&x);
}

static void a_run_that_dies_leaves_its_last_report(void **state) {
  struct scene x;
  struct run_record r, seen;
  (void)state;
  scene_begin(&x);
  r = begin(&x, "01JD0000000000000000000001", "s.lua", 100);
  struct commit c = {.report = SLICE("{\"rows\":3}"), .run = r.number};
  OK(&x, stream_commit(x.st, &c, &x.err));
  OK(&x, run_record_show(x.s, SLICE("last"), &seen, &x.err));
  assert_slice(seen.report, "{\"rows\":3}");
  scene_end(&x);
}

static void an_occurrence_that_did_not_start_has_its_cause(void **state) {
  struct scene x;
  struct run_record seen[1];
  struct run_record r = {.run = "01JD0000000000000000000002",
                         .job = SLICE("crm"),
                         .started_ms = 50,
                         .outcome = SLICE("missed")};
  (void)state;
  scene_begin(&x);
  OK(&x, run_record_skipped(x.s, &r, &x.err));
  assert_int_equal(list(&x, (struct run_filter){.job = SLICE("crm")}, seen, 1), 1);
  assert_int_equal(seen[0].status, RUN_NOT_STARTED);
  assert_slice(seen[0].outcome, "missed");
  scene_end(&x);
}

static void runs_are_listed_newest_first_in_pages(void **state) {
  struct scene x;
  struct run_record seen[2];
  (void)state;
  scene_begin(&x);
  begin(&x, "01JD0000000000000000000001", "a.lua", 1);
  begin(&x, "01JD0000000000000000000002", "b.lua", 2);
  begin(&x, "01JD0000000000000000000003", "a.lua", 3);
  assert_int_equal(list(&x, (struct run_filter){0}, seen, 2), 2);
  assert_string_equal(seen[0].run, "01JD0000000000000000000003");
  assert_string_equal(seen[1].run, "01JD0000000000000000000002");
  assert_int_equal(list(&x, (struct run_filter){.before = seen[1].number}, seen, 2), 1);
  assert_string_equal(seen[0].run, "01JD0000000000000000000001");
  assert_int_equal(list(&x, (struct run_filter){.script = SLICE("a.lua")}, seen, 2), 2);
  assert_int_equal(list(&x, (struct run_filter){.job = SLICE("crm")}, seen, 2), 0);
  scene_end(&x);
}

static void a_run_is_shown_by_the_begin_of_its_name_if_that_is_one(void **state) {
  struct scene x;
  struct run_record seen;
  (void)state;
  scene_begin(&x);
  begin(&x, "01JD0000000000000000000001", "a.lua", 1);
  begin(&x, "01JE0000000000000000000002", "b.lua", 2);
  OK(&x, run_record_show(x.s, SLICE("01jd"), &seen, &x.err));
  assert_slice(seen.script, "a.lua");
  OK(&x, run_record_show(x.s, SLICE("last"), &seen, &x.err));
  assert_slice(seen.script, "b.lua");
  assert_int_equal(run_record_show(x.s, SLICE("01J"), &seen, &x.err), -1);
  assert_says(x.err.message, "more than one run");
  assert_int_equal(run_record_show(x.s, SLICE("02"), &seen, &x.err), -1);
  assert_int_equal(x.err.code, ERROR_USAGE);
  assert_says(x.err.message, "no run's name begins with 02");
  assert_int_equal(run_record_show(x.s, SLICE("01JD00000000000000000000011"), &seen, &x.err), -1);
  scene_end(&x);
}

static void pruning_keeps_the_newest_of_each_script_and_what_runs(void **state) {
  struct scene x;
  struct run_record seen[8];
  int64_t runs;
  (void)state;
  scene_folder(&x);
  pid_t pid = fork();
  if (pid == 0) {
    scene_open(&x);
    begin(&x, "01JD0000000000000000000000", "dead.lua", 0);
    begin(&x, "01JD0000000000000000000001", "dead.lua", 1);
    _exit(0);
  }
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  scene_open(&x);
  static const char *const scripts[] = {"a.lua", "a.lua", "a.lua", "b.lua", "a.lua"};
  for (int i = 0; i < 5; i++) {
    char name[32];
    snprintf(name, sizeof name, "01JD000000000000000000001%d", i);
    struct run_record r = begin(&x, name, scripts[i], 10 + i);
    if (i != 0) finish(&x, &r, 0); /* the first runs still */
  }
  OK(&x, run_record_prune(x.s, 14, 1, &runs, &x.err));
  assert_int_equal(runs, 3); /* dead 0, a 11, a 12 */
  assert_int_equal(list(&x, (struct run_filter){0}, seen, 8), 4);
  assert_int_equal(seen[0].started_ms, 14);
  assert_int_equal(seen[1].started_ms, 13);
  assert_int_equal(seen[2].started_ms, 10);
  assert_int_equal(seen[3].started_ms, 1);
  assert_int_equal(seen[3].status, RUN_DIED);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_is_running_then_ended_with_its_report),
      cmocka_unit_test(a_run_whose_process_is_gone_died),
      cmocka_unit_test(a_run_that_dies_leaves_its_last_report),
      cmocka_unit_test(an_occurrence_that_did_not_start_has_its_cause),
      cmocka_unit_test(runs_are_listed_newest_first_in_pages),
      cmocka_unit_test(a_run_is_shown_by_the_begin_of_its_name_if_that_is_one),
      cmocka_unit_test(pruning_keeps_the_newest_of_each_script_and_what_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
