#include "base/path.h"
#include "base/random.h"
#include "state/advisory.h"
#include "state/handle.h"
#include "state/lock.h"
#include "state/process.h"

#include <unistd.h>

static const char sql_write[] =
    "INSERT INTO job (name, schedule, timezone, every, settled, awake, phase, ran,"
    " attempt, retry_at, alert, flags, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, timezone = excluded.timezone,"
    " every = excluded.every, settled = excluded.settled, awake = excluded.awake,"
    " phase = excluded.phase, ran = excluded.ran, attempt = excluded.attempt,"
    " retry_at = excluded.retry_at, alert = excluded.alert, flags = excluded.flags,"
    " run = excluded.run";
static const char sql_remove[] = "DELETE FROM job WHERE name = ?";
static const char sql_list[] =
    "SELECT name, schedule, timezone, every, settled, awake, phase, ran, attempt, retry_at, alert,"
    " flags, run FROM job WHERE name > ?1 ORDER BY name LIMIT ?2";
static const char sql_start[] = "INSERT INTO run (run, script, job, started, process, due, attempt)"
                                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
/* An interval has no instants that could come twice, so its rows have no due. */
static const char sql_not_run[] =
    "INSERT INTO run (run, script, job, started, ended, outcome, due, attempt)"
    " SELECT ?1, ?2, ?3, ?4, ?4, ?5, ?6, 0 WHERE ?6 IS NULL OR NOT EXISTS"
    " (SELECT 1 FROM run WHERE job = ?3 AND due = ?6) ON CONFLICT DO NOTHING";
static const char sql_retract[] =
    "DELETE FROM run WHERE job = ?1 AND started > ?2 AND process IS NULL";

/* ---- writing ---- */

/* The row names the scheduler's process until the run claims it. */
static int start(struct state *s, const struct job_record *j, const struct job_step *step,
                 bool *is_taken, struct error *err) {
  char name[PROCESS_NAME_SIZE];
  struct statement *sql = db_prepare(&s->db, sql_start, err);
  if (!sql) return -1;
  bind_text(sql, 1, slice_of(step->run->run));
  bind_text(sql, 2, step->run->script);
  bind_text(sql, 3, j->name);
  bind_int(sql, 4, step->run->started_ms);
  process_name(name);
  bind_text(sql, 5, slice_of(name));
  if (step->due_len > 0)
    bind_int(sql, 6, step->due_ms[0]);
  else
    bind_null(sql, 6);
  bind_int(sql, 7, step->attempt);
  int64_t rows;
  if (db_run_counted(&s->db, sql, &rows, err) != 0) return -1;
  *is_taken = rows == 0;
  return 0;
}

static int not_run(struct state *s, const struct job_record *j, const struct job_step *step,
                   struct error *err) {
  for (size_t i = 0; i < step->due_len; i++) {
    char run[ULID_TEXT_LEN + 1];
    uint8_t random[10];
    struct statement *sql = db_prepare(&s->db, sql_not_run, err);
    if (!sql) return -1;
    random_bytes(random, sizeof random);
    ulid_format(step->due_ms[i], random, run);
    bind_text(sql, 1, slice_of(run));
    bind_text(sql, 2, step->run->script);
    bind_text(sql, 3, j->name);
    bind_int(sql, 4, step->due_ms[i]);
    bind_text(sql, 5, step->run->outcome);
    if (j->schedule.len > 0)
      bind_int(sql, 6, step->due_ms[i]);
    else
      bind_null(sql, 6);
    if (db_run(&s->db, sql, err) != 0) return -1;
  }
  return 0;
}

static int retract(struct state *s, const struct job_record *j, int64_t after_ms,
                   struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_retract, err);
  if (!sql) return -1;
  bind_text(sql, 1, j->name);
  bind_int(sql, 2, after_ms);
  return db_run(&s->db, sql, err);
}

static int remove_job(struct state *s, const struct job_record *j, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_remove, err);
  if (!sql) return -1;
  bind_text(sql, 1, j->name);
  return db_run(&s->db, sql, err);
}

static int write_job(struct state *s, const struct job_record *j, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_write, err);
  if (!sql) return -1;
  const int64_t numbers[] = {j->every_ms, j->settled_ms,  j->awake_ms, j->phase, j->run_ms,
                             j->attempt,  j->retry_at_ms, j->alert,    j->flags};
  bind_text(sql, 1, j->name);
  bind_text(sql, 2, j->schedule);
  bind_text_or_empty(sql, 3, j->timezone);
  for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++)
    bind_int(sql, 4 + i, numbers[i]);
  bind_text(sql, 13, slice_of(j->run));
  return db_run(&s->db, sql, err);
}

static int do_step(struct state *s, const struct job_record *j, const struct job_step *step,
                   bool *is_taken, struct error *err) {
  switch (step->kind) {
  case JOB_STEP_NONE: return 0;
  case JOB_STEP_START: return start(s, j, step, is_taken, err);
  case JOB_STEP_NOT_RUN: return not_run(s, j, step, err);
  case JOB_STEP_RETRACT: return retract(s, j, step->retract_ms, err);
  case JOB_STEP_REMOVE: return remove_job(s, j, err);
  }
  return 0;
}

int job_record_write(struct state *s, const struct job_record *j, const struct job_step *step,
                     bool *is_taken, struct error *err) {
  *is_taken = false;
  if (state_begin_write(s, err) != 0) return -1;
  int result = do_step(s, j, step, is_taken, err);
  if (result == 0 && !*is_taken && step->kind != JOB_STEP_REMOVE) result = write_job(s, j, err);
  if (result == 0 && !*is_taken) return db_commit(&s->db, err);
  db_rollback(&s->db);
  return result;
}

int job_record_add(struct state *s, const struct job_record *jobs, size_t n, struct error *err) {
  if (state_begin_write(s, err) != 0) return -1;
  int result = 0;
  for (size_t i = 0; i < n && result == 0; i++) result = write_job(s, &jobs[i], err);
  if (result == 0) return db_commit(&s->db, err);
  db_rollback(&s->db);
  return -1;
}

/* ---- reading ---- */

static int read_job(struct state *s, struct statement *sql, struct job_record *to,
                    struct error *err) {
  *to = (struct job_record){.every_ms = column_int(sql, 3),
                            .settled_ms = column_int(sql, 4),
                            .awake_ms = column_int(sql, 5),
                            .phase = (int)column_int(sql, 6),
                            .run_ms = column_int(sql, 7),
                            .attempt = column_int(sql, 8),
                            .retry_at_ms = column_int(sql, 9),
                            .alert = (int)column_int(sql, 10),
                            .flags = (unsigned)column_int(sql, 11)};
  column_text(sql, 12, to->run, sizeof to->run);
  if (handed_column(&s->handed, sql, 0, &to->name, err) != 0) return -1;
  if (handed_column(&s->handed, sql, 1, &to->schedule, err) != 0) return -1;
  return handed_column(&s->handed, sql, 2, &to->timezone, err);
}

int job_record_list(struct state *s, struct slice after, struct job_record *to, size_t cap,
                    size_t *n, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_list, err);
  if (!sql) return -1;
  bind_text_or_empty(sql, 1, after);
  bind_int(sql, 2, (int64_t)cap);
  int is_row = 0;
  for (*n = 0; *n < cap && (is_row = db_step(&s->db, sql, err)) > 0; ++*n) {
    if (*n == 0) arena_clear(&s->handed); /* the first step has read AFTER, which may be in there */
    if (read_job(s, sql, &to[*n], err) != 0) {
      is_row = -1;
      break;
    }
  }
  statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}

/* ---- the scheduler's right ---- */

/* Held until the state is closed. */
static int lock_at_server(struct state *s, struct holder *who, struct error *err) {
  const struct slice words[] = {SLICE("jobs")};
  int64_t key = advisory_key(words, 1);
  int taken = advisory_try(&s->db, key, who, err);
  if (taken <= 0) return taken;
  struct holder me = {.pid = getpid(), .since_ms = clock_wall_ms(s->clock)};
  return advisory_sign(&s->db, key, &me, err) == 0 ? 1 : -1;
}

int job_lock(struct state *s, int *fd, struct holder *who, struct error *err) {
  char path[PATH_SIZE];
  *fd = -1;
  if (s->db.postgres) return lock_at_server(s, who, err);
  if (!s->lock_dir) return 1;
  if (path_join(path, s->lock_dir, "jobs") != 0)
    return error_set(err, ERROR_STATE, "path too long: %s/jobs", s->lock_dir);
  int taken = lock_try(path, fd, who, err);
  if (taken <= 0) return taken;
  struct holder me = {.pid = getpid(), .since_ms = clock_wall_ms(s->clock)};
  if (lock_sign(*fd, &me, err) == 0) return 1;
  close(*fd);
  *fd = -1;
  return -1;
}
