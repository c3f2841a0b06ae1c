#include "schedule/serving.h"

#include "base/exit_code.h"
#include "base/random.h"
#include "state/report_view.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- recording ---- */

int step_commit(struct daemon *d, struct served *s, const struct policy *copy,
                const struct job_step *step, bool *is_taken) {
  struct job_record record;
  struct error err;
  int64_t count;
  served_put_record(s, copy, &record);
  if (job_record_write(d->options->state, &record, step, is_taken, &err) != 0) {
    daemon_stall(d, &err);
    return -1;
  }
  if (condition_ends(&d->state_trouble, &count))
    daemon_log(d, NULL, LOG_INFO, "the state can be written again");
  if (!*is_taken) s->policy = *copy;
  return 0;
}

int step_save(struct daemon *d, struct served *s, const struct policy *copy) {
  const struct job_step none = {.kind = JOB_STEP_NONE};
  bool is_taken;
  return step_commit(d, s, copy, &none, &is_taken);
}

/* The instants of a span, the first of which is known. */
static int commit_not_run(struct daemon *d, struct served *s, const struct policy *copy,
                          const struct policy_action *a) {
  int64_t due_ms[POLICY_SPAN_MAX], at_ms = a->at_ms;
  const char *cause = policy_cause_name(a->cause);
  const struct run_record run = {.script = slice_of(s->script), .outcome = slice_of(cause)};
  bool is_taken;
  for (int64_t i = 0; i < a->count; i++, at_ms = policy_each(&s->rules, at_ms)) due_ms[i] = at_ms;
  const struct job_step step = {
      .kind = JOB_STEP_NOT_RUN, .run = &run, .due_ms = due_ms, .due_len = (size_t)a->count};
  if (step_commit(d, s, copy, &step, &is_taken) != 0) return -1;
  s->not_run += a->count;
  s->lost.count += a->count - 1; /* condition_holds() adds one */
  if (condition_holds(&s->lost, daemon_wall_ms(d)))
    daemon_log(d, s, LOG_WARN, "did not start: %s (%" PRId64 " so far)%s", cause, s->lost.count,
               a->cause == POLICY_KEYLESS ? "; hoko jobs run tries its key again" : "");
  return 0;
}

int step_drop(struct daemon *d, struct served *s) {
  struct policy_action a;
  for (;;) {
    struct policy copy = s->policy;
    if (!policy_drop(&copy, &s->rules, daemon_wall_ms(d), &a)) return 0;
    if (commit_not_run(d, s, &copy, &a) != 0) return -1;
  }
}

int step_request(struct daemon *d, struct served *s) {
  struct policy copy = s->policy;
  policy_request(&copy);
  if (step_save(d, s, &copy) != 0) return -1;
  step_job(d, s);
  return 0;
}

/* ---- acting ---- */

static void name_run(struct daemon *d, struct run_record *run) {
  uint8_t random[10];
  random_bytes(random, sizeof random);
  run->started_ms = daemon_wall_ms(d);
  ulid_format(run->started_ms, random, run->run);
}

/* An attempt behind the first, and what was asked for, has no instant of the schedule. */
static int start(struct daemon *d, struct served *s, const struct policy *copy,
                 const struct policy_action *a) {
  bool is_scheduled = a->start == POLICY_ON_TIME || a->start == POLICY_CAUGHT_UP, is_taken;
  struct run_record run = {.script = slice_of(s->script)};
  char before[sizeof s->run];
  name_run(d, &run);
  const struct job_step step = {.kind = JOB_STEP_START,
                                .run = &run,
                                .due_ms = &a->at_ms,
                                .due_len = is_scheduled && s->rules.cron ? 1 : 0,
                                .attempt = a->attempt};
  memcpy(before, s->run, sizeof before);
  memcpy(s->run, run.run, sizeof s->run);
  int result = step_commit(d, s, copy, &step, &is_taken);
  if (result != 0 || is_taken) memcpy(s->run, before, sizeof s->run);
  if (result != 0) return -1;
  if (is_taken) {
    policy_already(&s->policy, a);
    return 0;
  }
  int64_t count;
  if (condition_ends(&s->lost, &count))
    daemon_log(d, s, LOG_INFO, "starts again; %" PRId64 " did not start before", count);
  d->active++;
  process_start(d, s);
  return 0;
}

/* Told first, recorded then: better twice than never. */
static int alert(struct daemon *d, struct served *s, const struct policy *copy,
                 const struct policy_action *a) {
  bool is_failure = a->alert == POLICY_ALERT_FAILURE;
  if (is_failure ? s->has_on_failure : s->has_on_recovery)
    process_start_hook(d, s, is_failure ? "on_failure" : "on_recovery");
  return step_save(d, s, copy);
}

static int stop(struct daemon *d, struct served *s, const struct policy *copy) {
  if (step_save(d, s, copy) != 0) return -1;
  process_stop(d, s);
  return 0;
}

static int retract(struct daemon *d, struct served *s, const struct policy *copy,
                   const struct policy_action *a) {
  const struct job_step step = {.kind = JOB_STEP_RETRACT, .retract_ms = a->at_ms};
  bool is_taken;
  return step_commit(d, s, copy, &step, &is_taken);
}

static int act(struct daemon *d, struct served *s, const struct policy *copy,
               const struct policy_action *a) {
  switch (a->kind) {
  case POLICY_START: return start(d, s, copy, a);
  case POLICY_STOP: return stop(d, s, copy);
  case POLICY_NOT_RUN: return commit_not_run(d, s, copy, a);
  case POLICY_RETRACT: return retract(d, s, copy, a);
  case POLICY_ALERT: return alert(d, s, copy, a);
  case POLICY_WAIT: break;
  }
  s->policy = *copy; /* what a wait changes follows from the clock, and need not be recorded */
  s->is_ready = a->is_ready;
  s->ready_ms = a->ready_ms;
  s->deadline_ms = a->wait_ms;
  return 0;
}

void step_job(struct daemon *d, struct served *s) {
  struct policy_action a = {.kind = POLICY_STOP};
  s->deadline_ms = 0; /* after a failed commit it is still due */
  while (a.kind != POLICY_WAIT) {
    struct policy copy = s->policy;
    bool has_slot = (int64_t)d->active < d->options->runs_max;
    if (s->has_ended || !s->is_wanted || d->is_ending || daemon_is_stalled(d)) return;
    policy_next(&copy, &s->rules, daemon_wall_ms(d), has_slot, &a);
    if (act(d, s, &copy, &a) != 0) return;
  }
}

void step_give_slots(struct daemon *d) {
  while ((int64_t)d->active < d->options->runs_max && !daemon_is_stalled(d) && !d->is_ending) {
    struct served *oldest = NULL;
    for (size_t i = 0; i < d->jobs_len; i++) {
      struct served *s = d->jobs[i];
      if (s->is_ready && (!oldest || s->ready_ms < oldest->ready_ms)) oldest = s;
    }
    if (!oldest) return;
    oldest->is_ready = false;
    step_job(d, oldest);
  }
}

/* ---- the end of a run ---- */

/* What the run itself recorded counts; without a word from it, how its process ended. */
static int read_end(struct daemon *d, struct served *s, struct run_record *run, struct error *err) {
  if (run_record_recover(d->options->state, slice_of(s->run), daemon_wall_ms(d), run, err) != 0)
    return -1;
  if (run->status == RUN_ENDED)
    s->exit_code = run->exit;
  else if (s->exit_code <= 0)
    s->exit_code = POLICY_DIED;
  if (run->status != RUN_RUNNING) return 0;
  /* Nobody claimed it, and the process that should have is gone. */
  return run_record_close(d->options->state, slice_of(s->run), daemon_wall_ms(d), err);
}

/* ": FILE:LINE: MESSAGE" of the report, as far as it has them. */
static void put_error(struct buf *b, struct slice report) {
  size_t len = b->len;
  buf_add_text(b, ": ");
  if (report_view_text(report, "error", "file", b))
    buf_printf(b, ":%" PRId64 ": ", report_view_number(report, "error", "line"));
  if (!report_view_text(report, "error", "message", b)) b->len = len;
}

/* ": 27 unchanged, 1 rejected" of the report, as far as it has them. */
static void put_rows(struct buf *b, struct slice report) {
  size_t len = b->len;
  buf_add_text(b, ": ");
  size_t begin = b->len;
  report_view_put_rows(b, report);
  if (b->len == begin) b->len = len;
}

static void tell_failure(struct daemon *d, struct served *s, const struct run_record *run) {
  struct buf why = BUF_WITH_LIMIT(2048);
  if (!condition_holds(&s->failing, daemon_wall_ms(d))) return;
  if (s->exit_code == POLICY_DIED)
    buf_add_text(&why, "died without a word");
  else
    buf_printf(&why, "failed with exit %d", s->exit_code);
  put_error(&why, run->report);
  if (s->exit_code == EXIT_REJECTED) put_rows(&why, run->report);
  if (s->failing.count > 1) buf_printf(&why, " (%" PRId64 " times in a row)", s->failing.count);
  daemon_log(d, s, LOG_ERROR, "%.*s", (int)why.len, why.ptr ? why.ptr : "failed");
  buf_free(&why);
}

static void tell_success(struct daemon *d, struct served *s, const struct run_record *run) {
  int64_t count;
  struct buf text = BUF_WITH_LIMIT(1024);
  if (condition_ends(&s->failing, &count))
    buf_printf(&text, "well again after %" PRId64 " failures: ", count);
  buf_add_slice(&text, run->outcome);
  buf_printf(&text, " in %" PRId64 " ms, ", run->ended_ms - run->started_ms);
  size_t len = text.len;
  report_view_put_rows(&text, run->report);
  if (text.len == len) text.len -= 2; /* there were no rows */
  if (buf_ok(&text)) daemon_log(d, s, LOG_INFO, "%.*s", (int)text.len, text.ptr);
  buf_free(&text);
}

void step_end(struct daemon *d, struct served *s) {
  struct run_record run;
  struct error err;
  if (daemon_is_stalled(d)) return;
  if (read_end(d, s, &run, &err) != 0) {
    daemon_stall(d, &err);
    return;
  }
  struct policy copy = s->policy;
  policy_ended(&copy, &s->rules, s->exit_code, daemon_wall_ms(d));
  if (step_save(d, s, &copy) != 0) return;
  bool was_stopped = s->kill_at_ms != 0 && s->exit_code != EXIT_OK;
  s->has_ended = s->facts.is_read = false;
  s->kill_at_ms = 0;
  d->active--;
  s->runs++;
  if (s->exit_code != EXIT_OK && s->exit_code != EXIT_HELD) s->failures++;
  if (was_stopped)
    daemon_log(d, s, LOG_INFO, "was stopped");
  else if (s->exit_code == EXIT_OK || s->exit_code == EXIT_HELD)
    tell_success(d, s, &run);
  else
    tell_failure(d, s, &run);
  orders_tell_ended(d->orders, s, s->exit_code == POLICY_DIED ? EXIT_STATE : s->exit_code);
  step_job(d, s);
}
