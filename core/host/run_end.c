/* How a run ended: its outcome and exit code, in the result and in the state. */
#include "host/running.h"

#include "host/peak.h"

enum { REPORT_MAX = 1 << 20 };

/* Of several the first of: a signal's, 7, 5, 8, 1, 6, 4, 3 (contract 3). */
static enum run_outcome outcome_of(const struct running *r) {
  enum error_code stop = r->stop.code,
                  own = r->result->has_error ? r->result->err.code : ERROR_NONE;
  const struct tally *t = &r->result->tally;
  if (r->signal) return RUN_INTERRUPTED;
  if (stop == ERROR_STATE || stop == ERROR_MEMORY || own == ERROR_STATE || own == ERROR_MEMORY)
    return RUN_STATE;
  if (stop == ERROR_AUTH || own == ERROR_AUTH) return RUN_AUTH;
  if (own == ERROR_LIMIT) return RUN_LIMIT;
  if (own == ERROR_USAGE || stop == ERROR_USAGE) return RUN_USAGE;
  if (own != ERROR_NONE) return RUN_SCRIPT_ERROR;
  if (stop != ERROR_NONE) return RUN_UNREACHABLE;
  return t->held || r->still_held ? RUN_HELD : t->rejected ? RUN_REJECTED : RUN_OK;
}

static int exit_code(const struct running *r, enum run_outcome outcome) {
  static const int code[] = {
      [RUN_OK] = 0,    [RUN_SCRIPT_ERROR] = 1, [RUN_USAGE] = 2,       [RUN_REJECTED] = 3,
      [RUN_HELD] = 4,  [RUN_AUTH] = 5,         [RUN_UNREACHABLE] = 6, [RUN_STATE] = 7,
      [RUN_LIMIT] = 8, [RUN_INTERRUPTED] = 0};
  return outcome == RUN_INTERRUPTED ? 128 + r->signal : code[outcome];
}

/* The error that is told is the one that the exit code stands for. */
static void choose_error(struct running *r, enum run_outcome outcome) {
  bool is_of_stop =
      r->stop.code != ERROR_NONE && (!r->result->has_error || outcome == RUN_INTERRUPTED ||
                                     outcome == RUN_STATE || outcome == RUN_AUTH);
  if (is_of_stop && !(r->result->has_error && r->result->err.code == r->stop.code))
    r->result->err = r->stop;
  if (is_of_stop) r->result->has_error = true;
}

/* Creates of this run or an earlier one that are not decided: rows may wait for them. */
static int64_t count_held(const struct running *r) {
  int64_t rows = 0, oldest;
  struct error err;
  if (!r->stream || r->job->is_dry || held_count(r->stream, &rows, &oldest, &err)) return 0;
  return rows;
}

static void settle_outcome(struct running *r) {
  struct run_result *result = r->result;
  result->tally = r->before;
  result->ended_ms = clock_wall_ms(r->job->clock);
  if (r->net) result->waited_ms = net_limits(r->net).waited_ms;
  result->peak_memory_bytes = peak_bytes(0) + r->worker->peak_bytes;
  result->outcome = outcome_of(r);
  result->exit_code = exit_code(r, result->outcome);
  choose_error(r, result->outcome);
}

static void record(struct running *r) {
  struct error err;
  struct buf report = BUF_WITH_LIMIT(REPORT_MAX);
  if (r->job->is_dry || (r->job->kind != JOB_SCRIPT && !r->state))
    return; /* a sum leaves no trace */
  bool is_open = running_need_state(r, &err) == 0;
  report_put(&report, r->job, r->result);
  struct run_record record = {.number = r->run_number,
                              .ended_ms = r->result->ended_ms,
                              .exit = r->result->exit_code,
                              .outcome = slice_of(run_outcome_name(r->result->outcome)),
                              .report = buf_slice(&report)};
  memcpy(record.run, r->result->run, sizeof record.run);
  if (!is_open || run_record_finish(r->state, &record, &err)) {
    running_stop(r, &err);
    settle_outcome(r);
  }
  buf_free(&report);
}

static bool is_clean(const struct running *r) {
  return r->result->exit_code == 0 || r->result->exit_code == 3;
}

static void clear_made(struct running *r) {
  struct error err;
  if (!r->stream || r->job->is_dry || !is_clean(r)) return;
  if (stream_made_clear(r->stream, &err)) running_stop(r, &err);
}

void running_finish(struct running *r) {
  worker_end(r->worker);
  r->still_held = count_held(r);
  settle_outcome(r);
  clear_made(r);
  record(r);
}
