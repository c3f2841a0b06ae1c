#include "state/handle.h"
#include "state/advisory.h"
#include "state/process.h"

#include <stdio.h>

/* Column order of both readings. */
#define COLUMNS "number, run, script, job, started, ended, exit, outcome, process, report"

static const char sql_begin[] =
    "INSERT INTO run (run, script, job, started, process) VALUES (?, ?, ?, ?, ?) RETURNING number";
static const char sql_finish[] =
    "UPDATE run SET ended = ?2, exit = ?3, outcome = ?4, report = ?5 WHERE number = ?1";
static const char sql_claim[] =
    "UPDATE run SET process = ?2, started = ?3 WHERE run = ?1 AND ended IS NULL";
static const char sql_number[] = "SELECT number FROM run WHERE run = ?1 AND ended IS NULL";
static const char sql_close[] = "UPDATE run SET ended = ?2 WHERE run = ?1 AND ended IS NULL";
static const char sql_newest[] =
    "SELECT " COLUMNS " FROM run WHERE job = ?1 AND process IS NOT NULL"
    " ORDER BY number DESC LIMIT 1";
static const char sql_newest_ok[] =
    "SELECT " COLUMNS " FROM run WHERE job = ?1 AND process IS NOT NULL AND exit IN (0, 4)"
    " ORDER BY number DESC LIMIT 1";
static const char sql_skipped[] =
    "INSERT INTO run (run, script, job, started, ended, outcome) VALUES (?, ?, ?, ?, ?, ?)";
static const char sql_list[] =
    "SELECT " COLUMNS " FROM run WHERE number < ?1 AND (?2 IS NULL OR job = ?2)"
    " AND (?3 IS NULL OR script = ?3) ORDER BY number DESC LIMIT ?4";
static const char sql_last[] =
    "SELECT " COLUMNS " FROM run WHERE process IS NOT NULL ORDER BY number DESC LIMIT 1";
static const char sql_show[] =
    "SELECT " COLUMNS " FROM run WHERE run >= ?1 AND run < ?1 || '~' LIMIT 2";
/* A run that a partner, a reject or a held row names may go: they then name none. */
static const char sql_prune[] =
    "DELETE FROM run WHERE ended IS NOT NULL AND started < ?1 AND number NOT IN"
    " (SELECT number FROM (SELECT number, row_number() OVER"
    " (PARTITION BY coalesce(job, script) ORDER BY number DESC) AS place FROM run)"
    " AS placed WHERE place <= ?2)";
static const char sql_dead[] = "SELECT number, process FROM run WHERE ended IS NULL AND number > ?1"
                               " ORDER BY number LIMIT 1";
static const char sql_end_dead[] = "UPDATE run SET ended = started WHERE number = ?";

/* ---- writing ---- */

int run_record_begin(struct state *s, struct run_record *r, struct error *err) {
  char name[PROCESS_NAME_SIZE];
  if (s->is_reader)
    return error_set(err, ERROR_INTERNAL, "%s was opened for reading only", s->db.name);
  struct statement *sql = db_prepare(&s->db, sql_begin, err);
  if (!sql) return -1;
  process_name(name);
  bind_text(sql, 1, slice_of(r->run));
  bind_text(sql, 2, r->script);
  bind_text(sql, 3, r->job);
  bind_int(sql, 4, r->started_ms);
  bind_text(sql, 5, slice_of(name));
  return db_insert(&s->db, sql, &r->number, err);
}

int run_record_finish(struct state *s, const struct run_record *r, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_finish, err);
  if (!sql) return -1;
  bind_int(sql, 1, r->number);
  bind_int(sql, 2, r->ended_ms);
  bind_int(sql, 3, r->exit);
  bind_text(sql, 4, r->outcome);
  bind_text(sql, 5, r->report);
  return db_run(&s->db, sql, err);
}

static int claim(struct state *s, struct run_record *r, struct error *err) {
  char name[PROCESS_NAME_SIZE];
  struct statement *sql = db_prepare(&s->db, sql_number, err);
  if (!sql) return -1;
  bind_text(sql, 1, slice_of(r->run));
  int is_row = db_step(&s->db, sql, err);
  if (is_row < 0) return -1;
  if (is_row == 0)
    return error_set(err, ERROR_STATE, "the run %s was given up before it began", r->run);
  r->number = column_int(sql, 0);
  statement_reset(sql);
  sql = db_prepare(&s->db, sql_claim, err);
  if (!sql) return -1;
  process_name(name);
  bind_text(sql, 1, slice_of(r->run));
  bind_text(sql, 2, slice_of(name));
  bind_int(sql, 3, r->started_ms);
  return db_run(&s->db, sql, err);
}

int run_record_claim(struct state *s, struct run_record *r, struct error *err) {
  if (state_begin_write(s, err) != 0) return -1;
  if (claim(s, r, err) == 0) return db_commit(&s->db, err);
  db_rollback(&s->db);
  return -1;
}

int run_record_close(struct state *s, struct slice run, int64_t ended_ms, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_close, err);
  if (!sql) return -1;
  bind_text(sql, 1, run);
  bind_int(sql, 2, ended_ms);
  return db_run(&s->db, sql, err);
}

int run_record_skipped(struct state *s, const struct run_record *r, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_skipped, err);
  if (!sql) return -1;
  bind_text(sql, 1, slice_of(r->run));
  bind_text(sql, 2, r->script);
  bind_text(sql, 3, r->job);
  bind_int(sql, 4, r->started_ms);
  bind_int(sql, 5, r->started_ms);
  bind_text(sql, 6, r->outcome);
  return db_run(&s->db, sql, err);
}

/* ---- reading ---- */

/* At a server processes of other hosts are asked for, too; not of runs that have ended. */
static bool is_process_alive(struct state *s, struct slice process, bool has_end, int64_t *pid) {
  bool is_here = process_is_alive(process, pid);
  return s->db.postgres && !has_end ? advisory_is_alive(&s->db, process) : is_here;
}

/* A run that has no end and whose process is not there any more died. */
static enum run_status status_of(struct state *s, struct statement *sql, int64_t *pid) {
  struct slice process = column_slice(sql, 8);
  bool has_end = column_slice(sql, 7).len > 0 || process.len == 0;
  bool is_alive = is_process_alive(s, process, has_end, pid);
  if (process.len == 0) return RUN_NOT_STARTED;
  if (column_slice(sql, 7).len > 0) return RUN_ENDED;
  return is_alive ? RUN_RUNNING : RUN_DIED;
}

static int read_run(struct state *s, struct statement *sql, struct run_record *to,
                    struct error *err) {
  *to = (struct run_record){.number = column_int(sql, 0),
                            .started_ms = column_int(sql, 4),
                            .ended_ms = column_int(sql, 5),
                            .exit = (int)column_int(sql, 6)};
  to->status = status_of(s, sql, &to->pid);
  column_text(sql, 1, to->run, sizeof to->run);
  if (handed_column(&s->handed, sql, 2, &to->script, err) != 0) return -1;
  if (handed_column(&s->handed, sql, 3, &to->job, err) != 0) return -1;
  if (handed_column(&s->handed, sql, 7, &to->outcome, err) != 0) return -1;
  return handed_column(&s->handed, sql, 9, &to->report, err);
}

int run_record_list(struct state *s, const struct run_filter *filter, struct run_record *to,
                    size_t cap, size_t *n, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_list, err);
  if (!sql) return -1;
  arena_clear(&s->handed);
  int64_t before = filter->before > 0 ? filter->before : INT64_MAX;
  bind_int(sql, 1, before);
  bind_text(sql, 2, filter->job);
  bind_text(sql, 3, filter->script);
  bind_int(sql, 4, (int64_t)cap);
  int is_row = 0;
  for (*n = 0; *n < cap && (is_row = db_step(&s->db, sql, err)) > 0; ++*n) {
    if (read_run(s, sql, &to[*n], err) != 0 ||
        db_expect_behind(&s->db, to[*n].number, before, err) != 0) {
      is_row = -1;
      break;
    }
    before = to[*n].number;
  }
  statement_reset(sql);
  return is_row < 0 ? -1 : 0;
}

static int refuse_name(struct slice run, bool is_several, struct error *err) {
  error_set(err, ERROR_USAGE,
            is_several ? "more than one run's name begins with %.*s"
                       : "no run's name begins with %.*s",
            SLICE_ARG(run));
  return error_hint(err, "hoko runs list   shows them; \"last\" is the newest");
}

/* Reads the one run that SQL gives. */
static int read_one(struct state *s, struct statement *sql, struct slice run, struct run_record *to,
                    struct error *err) {
  int is_row = db_step(&s->db, sql, err);
  if (is_row < 0) return -1;
  if (is_row == 0) return refuse_name(run, false, err);
  int result = read_run(s, sql, to, err);
  if (result == 0) {
    is_row = db_step(&s->db, sql, err);
    if (is_row < 0) return -1;
    if (is_row > 0) result = refuse_name(run, true, err);
  }
  statement_reset(sql);
  return result;
}

int run_record_show(struct state *s, struct slice run, struct run_record *to, struct error *err) {
  bool is_last = slice_is(run, "last");
  struct statement *sql = db_prepare(&s->db, is_last ? sql_last : sql_show, err);
  if (!sql) return -1;
  char name[ULID_TEXT_LEN + 1];
  if (run.len > ULID_TEXT_LEN) return refuse_name(run, false, err);
  for (size_t i = 0; i < run.len; i++) {
    char c = run.ptr[i];
    name[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  }
  arena_clear(&s->handed);
  if (!is_last) bind_text_or_empty(sql, 1, (struct slice){name, run.len});
  return read_one(s, sql, run, to, err);
}

int run_record_newest(struct state *s, struct slice job, bool is_ok, struct run_record *to,
                      bool *is_there, struct error *err) {
  struct statement *sql = db_prepare(&s->db, is_ok ? sql_newest_ok : sql_newest, err);
  if (!sql) return -1;
  bind_text(sql, 1, job);
  arena_clear(&s->handed);
  int is_row = db_step(&s->db, sql, err);
  *is_there = is_row > 0;
  if (is_row <= 0) return is_row;
  int result = read_run(s, sql, to, err);
  statement_reset(sql);
  return result;
}

static int recover(struct state *s, struct slice run, int64_t ended_ms, struct run_record *to,
                   struct error *err) {
  if (run_record_show(s, run, to, err) != 0) {
    *to = (struct run_record){.status = RUN_DIED};
    return err->code == ERROR_USAGE ? 0 : -1;
  }
  return to->status == RUN_DIED ? run_record_close(s, run, ended_ms, err) : 0;
}

int run_record_recover(struct state *s, struct slice run, int64_t ended_ms, struct run_record *to,
                       struct error *err) {
  if (state_begin_write(s, err) != 0) return -1;
  if (recover(s, run, ended_ms, to, err) == 0) return db_commit(&s->db, err);
  db_rollback(&s->db);
  return -1;
}

/* ---- pruning ---- */

/* Gives an end to runs whose process is not there any more, so that they can go. */
static int end_dead(struct state *s, struct error *err) {
  struct statement *sql = db_prepare(&s->db, sql_dead, err);
  if (!sql) return -1;
  int is_row;
  for (int64_t last = 0, number, pid;; last = number) {
    bind_int(sql, 1, last);
    is_row = db_step(&s->db, sql, err);
    if (is_row <= 0) return is_row;
    number = column_int(sql, 0);
    bool is_alive = is_process_alive(s, column_slice(sql, 1), false, &pid);
    statement_reset(sql);
    if (db_expect_behind(&s->db, last, number, err) != 0) return -1;
    if (!is_alive && db_run_with(&s->db, sql_end_dead, number, err) != 0) return -1;
  }
}

static int prune(struct state *s, int64_t before_ms, int64_t keep, int64_t *runs,
                 struct error *err) {
  if (end_dead(s, err) != 0) return -1;
  struct statement *sql = db_prepare(&s->db, sql_prune, err);
  if (!sql) return -1;
  bind_int(sql, 1, before_ms);
  bind_int(sql, 2, keep);
  return db_run_counted(&s->db, sql, runs, err);
}

int run_record_prune(struct state *s, int64_t before_ms, int64_t keep, int64_t *runs,
                     struct error *err) {
  if (state_begin_write(s, err) != 0) return -1;
  if (prune(s, before_ms, keep, runs, err) != 0) {
    db_rollback(&s->db);
    return -1;
  }
  return db_commit(&s->db, err);
}
