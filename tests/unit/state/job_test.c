#include "scene.h"

#include <fcntl.h>
#include <sys/wait.h>

static const char run_1[] = "01JD0000000000000000000001", run_2[] = "01JD0000000000000000000002";

static struct job_record job_of(const char *name) {
  return (struct job_record){.name = slice_of(name),
                             .schedule = SLICE("* * * * *"),
                             .timezone = SLICE("Asia/Riyadh"),
                             .settled_ms = 100,
                             .awake_ms = 99,
                             .phase = 1,
                             .attempt = 2,
                             .flags = JOB_PAUSED | JOB_FAILING,
                             .run = "01JD0000000000000000000001"};
}

static struct run_record run_of(const char *run, const char *outcome) {
  struct run_record r = {.script = SLICE("s.lua"), .outcome = slice_of(outcome), .started_ms = 100};
  snprintf(r.run, sizeof r.run, "%s", run);
  return r;
}

/* Whether it was taken already. */
static bool start(struct scene *x, const char *job, const char *run, int64_t due_ms,
                  int64_t attempt) {
  struct job_record j = job_of(job);
  struct run_record r = run_of(run, "");
  const struct job_step step = {
      .kind = JOB_STEP_START, .run = &r, .due_ms = &due_ms, .due_len = 1, .attempt = attempt};
  bool is_taken;
  OK(x, job_record_write(x->s, &j, &step, &is_taken, &x->err));
  return is_taken;
}

static void not_run(struct scene *x, const char *job, const int64_t *due_ms, size_t n) {
  struct job_record j = job_of(job);
  struct run_record r = run_of("", "missed");
  const struct job_step step = {
      .kind = JOB_STEP_NOT_RUN, .run = &r, .due_ms = due_ms, .due_len = n};
  bool is_taken;
  OK(x, job_record_write(x->s, &j, &step, &is_taken, &x->err));
}

static size_t runs(struct scene *x, struct run_record *to) {
  const struct run_filter all = {.before = 0};
  size_t n;
  OK(x, run_record_list(x->s, &all, to, 10, &n, &x->err));
  return n;
}

static size_t jobs(struct scene *x, struct job_record *to) {
  size_t n;
  OK(x, job_record_list(x->s, (struct slice){0}, to, 10, &n, &x->err));
  return n;
}

static void a_job_is_read_as_it_was_written(void **state) {
  struct scene x;
  struct job_record j = job_of("b"), seen[10];
  const struct job_step none = {.kind = JOB_STEP_NONE};
  bool is_taken;
  (void)state;
  scene_begin(&x);
  OK(&x, job_record_write(x.s, &j, &none, &is_taken, &x.err));
  j = (struct job_record){.name = SLICE("a"), .timezone = SLICE("UTC"), .every_ms = 5};
  OK(&x, job_record_write(x.s, &j, &none, &is_taken, &x.err));
  scene_reopen(&x);
  assert_int_equal(jobs(&x, seen), 2);
  assert_slice(seen[0].name, "a");
  assert_int_equal(seen[0].schedule.len, 0);
  assert_int_equal(seen[0].every_ms, 5);
  assert_string_equal(seen[0].run, "");
  assert_slice(seen[1].timezone, "Asia/Riyadh");
  assert_int_equal(seen[1].settled_ms, 100);
  assert_int_equal(seen[1].attempt, 2);
  assert_int_equal(seen[1].flags, JOB_PAUSED | JOB_FAILING);
  assert_string_equal(seen[1].run, run_1);
  scene_end(&x);
}

static void an_attempt_of_an_occurrence_starts_once(void **state) {
  struct scene x;
  struct run_record seen[10];
  (void)state;
  scene_begin(&x);
  assert_false(start(&x, "a", run_1, 60, 0));
  assert_true(start(&x, "a", run_2, 60, 0));
  assert_int_equal(runs(&x, seen), 1);
  assert_int_equal(seen[0].status, RUN_RUNNING);
  assert_false(start(&x, "a", run_2, 60, 1));
  assert_false(start(&x, "b", "01JD0000000000000000000003", 60, 0));
  scene_end(&x);
}

static void an_occurrence_that_ran_gets_no_second_row(void **state) {
  struct scene x;
  struct run_record seen[10];
  const int64_t due[] = {60, 120, 180};
  (void)state;
  scene_begin(&x);
  assert_false(start(&x, "a", run_1, 120, 0));
  not_run(&x, "a", due, 3);
  not_run(&x, "a", due, 3);
  assert_int_equal(runs(&x, seen), 3);
  assert_int_equal(seen[0].status, RUN_NOT_STARTED);
  assert_int_equal(seen[0].started_ms, 180);
  assert_slice(seen[0].outcome, "missed");
  scene_end(&x);
}

static void what_is_retracted_is_only_what_did_not_run(void **state) {
  struct scene x;
  struct job_record j = job_of("a");
  struct run_record seen[10];
  const struct job_step step = {.kind = JOB_STEP_RETRACT, .retract_ms = 90};
  const int64_t due[] = {60, 120};
  bool is_taken;
  (void)state;
  scene_begin(&x);
  not_run(&x, "a", due, 2);
  not_run(&x, "b", due, 2);
  assert_false(start(&x, "a", run_1, 180, 0));
  OK(&x, job_record_write(x.s, &j, &step, &is_taken, &x.err));
  assert_int_equal(runs(&x, seen), 4);
  scene_end(&x);
}

static void a_job_that_is_removed_keeps_its_runs(void **state) {
  struct scene x;
  struct job_record j = job_of("a"), seen[10];
  struct run_record rows[10];
  const struct job_step step = {.kind = JOB_STEP_REMOVE};
  bool is_taken;
  (void)state;
  scene_begin(&x);
  assert_false(start(&x, "a", run_1, 60, 0));
  OK(&x, job_record_write(x.s, &j, &step, &is_taken, &x.err));
  assert_int_equal(jobs(&x, seen), 0);
  assert_int_equal(runs(&x, rows), 1);
  scene_end(&x);
}

static void a_run_that_was_given_up_cannot_be_claimed(void **state) {
  struct scene x;
  struct run_record r = run_of(run_1, ""), seen[10];
  (void)state;
  scene_begin(&x);
  assert_false(start(&x, "a", run_1, 60, 0));
  r.started_ms = 70;
  OK(&x, run_record_claim(x.s, &r, &x.err));
  assert_int_equal(runs(&x, seen), 1);
  assert_int_equal(seen[0].number, r.number);
  assert_int_equal(seen[0].started_ms, 70);
  OK(&x, run_record_close(x.s, slice_of(run_1), 80, &x.err));
  assert_int_equal(run_record_claim(x.s, &r, &x.err), -1);
  assert_says(x.err.message, "given up");
  scene_end(&x);
}

static void a_run_that_died_or_was_forgotten_is_recovered_as_such(void **state) {
  struct scene x;
  struct run_record seen;
  (void)state;
  scene_folder(&x);
  pid_t pid = fork();
  if (pid == 0) {
    scene_open(&x);
    _exit(start(&x, "a", run_1, 60, 0) ? 1 : 0);
  }
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  scene_open(&x);
  OK(&x, run_record_recover(x.s, slice_of(run_1), 80, &seen, &x.err));
  assert_int_equal(seen.status, RUN_DIED);
  struct run_record r = run_of(run_1, "");
  assert_int_equal(run_record_claim(x.s, &r, &x.err), -1);
  OK(&x, run_record_recover(x.s, slice_of(run_2), 80, &seen, &x.err));
  assert_int_equal(seen.status, RUN_DIED);
  scene_end(&x);
}

static void the_newest_run_is_told_and_the_newest_that_was_well(void **state) {
  struct scene x;
  struct run_record r = run_of(run_1, "ok"), seen;
  const int64_t due[] = {120};
  bool is_there;
  (void)state;
  scene_begin(&x);
  assert_false(start(&x, "a", run_1, 60, 0));
  OK(&x, run_record_claim(x.s, &r, &x.err));
  r.ended_ms = 90;
  OK(&x, run_record_finish(x.s, &r, &x.err));
  assert_false(start(&x, "a", run_2, 61, 0));
  not_run(&x, "a", due, 1);
  OK(&x, run_record_newest(x.s, SLICE("a"), false, &seen, &is_there, &x.err));
  assert_true(is_there);
  assert_string_equal(seen.run, run_2);
  OK(&x, run_record_newest(x.s, SLICE("a"), true, &seen, &is_there, &x.err));
  assert_string_equal(seen.run, run_1);
  OK(&x, run_record_newest(x.s, SLICE("b"), true, &seen, &is_there, &x.err));
  assert_false(is_there);
  scene_end(&x);
}

static void give_up(struct scene *x, int fd) {
  if (fd >= 0) close(fd);
  scene_close(x);
}

static void one_scheduler_runs_the_jobs_and_is_named_to_the_second(void **state) {
  struct scene x, y;
  struct holder who;
  int fd, other;
  (void)state;
  scene_begin(&x);
  y = x;
  scene_open_as(&y, false);
  assert_int_equal(job_lock(x.s, &fd, &who, &x.err), 1);
  assert_int_equal(job_lock(y.s, &other, &who, &y.err), 0);
  assert_int_equal(who.pid, getpid());
  give_up(&x, fd);
  assert_int_equal(job_lock(y.s, &other, &who, &y.err), 1);
  give_up(&y, other);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_job_is_read_as_it_was_written),
      cmocka_unit_test(an_attempt_of_an_occurrence_starts_once),
      cmocka_unit_test(an_occurrence_that_ran_gets_no_second_row),
      cmocka_unit_test(what_is_retracted_is_only_what_did_not_run),
      cmocka_unit_test(a_job_that_is_removed_keeps_its_runs),
      cmocka_unit_test(a_run_that_was_given_up_cannot_be_claimed),
      cmocka_unit_test(a_run_that_died_or_was_forgotten_is_recovered_as_such),
      cmocka_unit_test(the_newest_run_is_told_and_the_newest_that_was_well),
      cmocka_unit_test(one_scheduler_runs_the_jobs_and_is_named_to_the_second),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
