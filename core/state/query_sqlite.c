/* A query of a SQLite file.  Nothing but reading is let through, and changing rows where
 * the query writes: else the file is opened for reading, an authorizer refuses every other
 * act (VACUUM INTO and ATTACH could make files), and the schema, which may be anybody's,
 * is not trusted. */
#include "state/query_inside.h"

#include "base/path.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { OPS_BETWEEN_LOOKS = 100000, BUSY_NAP_MS = 20, BUSY_MAX_MS = 10000 };

struct query_sqlite {
  struct query query;
  sqlite3 *db;
  sqlite3_stmt *st;
  bool is_ended;
  bool is_denied; /* what it asked for was not let through */
};

/* ---- errors -------------------------------------------------------------- */

static int fail(const struct query_sqlite *q, struct error *err) {
  int code = sqlite3_errcode(q->db);
  if (code == SQLITE_NOMEM) return error_set(err, ERROR_MEMORY, "out of memory for a query");
  if (q->is_denied || (code == SQLITE_READONLY && !q->query.writes))
    return query_fail_denied(&q->query, err);
  (void)error_set(err, ERROR_DATA, "%s", sqlite3_errmsg(q->db));
  if (code == SQLITE_BUSY)
    return error_hint(err, "another program has been writing it for 10 seconds");
  if (code == SQLITE_CANTOPEN)
    return error_hint(err, "it, and the -wal and -shm beside it, must be readable");
  return -1;
}

/* ---- what it may do ------------------------------------------------------ */

static bool is_allowed(const struct query_sqlite *q, int action) {
  switch (action) {
  case SQLITE_SELECT:
  case SQLITE_READ:
  case SQLITE_FUNCTION:
  case SQLITE_RECURSIVE: return true;
  case SQLITE_INSERT:
  case SQLITE_UPDATE:
  case SQLITE_DELETE: return q->query.writes;
  default: return false;
  }
}

/* SQLite's own code for a denial does not outlive every kind of statement, so it is kept. */
static int authorize(void *user, int action, const char *a, const char *b, const char *c,
                     const char *d) {
  struct query_sqlite *q = user;
  (void)a, (void)b, (void)c, (void)d;
  if (is_allowed(q, action)) return SQLITE_OK;
  q->is_denied = true;
  return SQLITE_DENY;
}

/* 0: go on. */
static int look_up(void *user) {
  const struct query *q = user;
  return !q->is_wanted(q->user);
}

/* 1: try again. */
static int wait_busy(void *user, int tries) {
  if (look_up(user) || tries >= BUSY_MAX_MS / BUSY_NAP_MS) return 0;
  (void)sqlite3_sleep(BUSY_NAP_MS);
  return 1;
}

static void tame(struct query_sqlite *q) {
  (void)sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1,
                          NULL); /* older ones lack it, and are only read */
  (void)sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  (void)sqlite3_limit(q->db, SQLITE_LIMIT_ATTACHED, 0);
  (void)sqlite3_limit(q->db, SQLITE_LIMIT_LENGTH, QUERY_ROW_MAX);
  (void)sqlite3_limit(q->db, SQLITE_LIMIT_COLUMN, QUERY_COLUMNS_MAX);
  sqlite3_progress_handler(q->db, OPS_BETWEEN_LOOKS, look_up, &q->query);
  (void)sqlite3_busy_handler(q->db, wait_busy, &q->query);
}

/* ---- opening ------------------------------------------------------------- */

/* A journal that another has left would be carried out now, and may name other files that
 * are then removed: a script could have written it. */
static int check_journal(const char *file, struct error *err) {
  char journal[PATH_SIZE];
  struct stat st;
  int len = snprintf(journal, sizeof journal, "%s-journal", file);
  bool is_there = len >= (int)sizeof journal || (lstat(journal, &st) == 0 && st.st_size > 0);
  if (!is_there) return 0;
  (void)error_set(err, ERROR_DATA, "another program is writing it, or was cut off in the middle");
  return error_hint(err, "open it once with the program that writes it");
}

/* Who writes has the lock from here on, so nothing changes between two steps. */
static int begin(struct query_sqlite *q, const struct query_options *o, struct error *err) {
  if (!q->query.writes) return 0;
  if (check_journal(o->file, err)) return -1;
  return sqlite3_exec(q->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(q, err);
}

/* Whether REST holds no statement, only blanks, comments and semicolons. */
static bool is_blank(struct query_sqlite *q, const char *rest) {
  sqlite3_stmt *more = NULL;
  bool is_none = true;
  while (is_none && *rest)
    is_none = sqlite3_prepare_v2(q->db, rest, -1, &more, &rest) == SQLITE_OK && !more;
  sqlite3_finalize(more);
  return is_none;
}

static int prepare(struct query_sqlite *q, const char *sql, struct error *err) {
  const char *rest;
  if (sqlite3_prepare_v2(q->db, sql, -1, &q->st, &rest) != SQLITE_OK) return fail(q, err);
  if (!q->st) return error_set(err, ERROR_DATA, "the query is empty");
  if (!is_blank(q, rest)) return error_set(err, ERROR_DATA, "the query is more than one statement");
  if (!q->query.writes && !sqlite3_column_count(q->st))
    return error_set(err, ERROR_DATA, "the query gives no rows");
  return 0;
}

static int bind_one(sqlite3_stmt *st, int at, const struct cell *c) {
  switch (c->kind) {
  case CELL_NULL: return sqlite3_bind_null(st, at);
  case CELL_FALSE: return sqlite3_bind_int(st, at, 0);
  case CELL_TRUE: return sqlite3_bind_int(st, at, 1);
  case CELL_INTEGER: return sqlite3_bind_int64(st, at, c->integer);
  case CELL_FLOAT: return sqlite3_bind_double(st, at, c->real);
  case CELL_TEXT:
    return sqlite3_bind_text64(st, at, c->text.len ? c->text.ptr : "", c->text.len,
                               SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  return SQLITE_MISUSE;
}

static int bind_all(struct query_sqlite *q, const struct query_options *o, struct error *err) {
  size_t wanted = (size_t)sqlite3_bind_parameter_count(q->st);
  if (wanted != o->params_len)
    return error_set(err, ERROR_DATA, "the query has %zu parameters, and %zu came with it", wanted,
                     o->params_len);
  for (size_t i = 0; i < wanted; i++)
    if (bind_one(q->st, (int)i + 1, &o->params[i]) != SQLITE_OK) return fail(q, err);
  return 0;
}

static int name_columns(struct query_sqlite *q, struct error *err) {
  size_t n = (size_t)sqlite3_column_count(q->st);
  if (!n) return query_name_changed(&q->query, err);
  if (query_make_columns(&q->query, n, err)) return -1;
  for (size_t i = 0; i < n; i++) {
    const char *name = sqlite3_column_name(q->st, (int)i);
    if (!name) return error_set(err, ERROR_MEMORY, "out of memory for the columns of a query");
    if (query_name_column(&q->query, i, name, err)) return -1;
  }
  return 0;
}

/* ---- rows ---------------------------------------------------------------- */

/* The value is used where it stands, which SQLite allows while one thread has the
 * connection, and which spares three look-ups a cell. */
static int put_cell(struct query_sqlite *q, int i, struct buf *frame, struct error *err) {
  sqlite3_value *value = sqlite3_column_value(q->st, i);
  int type = sqlite3_value_type(value);
  if (type == SQLITE_NULL) return cell_put(frame, CELL_NULL), 0;
  if (type == SQLITE_INTEGER) return cell_put_integer(frame, sqlite3_value_int64(value)), 0;
  if (type == SQLITE_FLOAT) return cell_put_float(frame, sqlite3_value_double(value)), 0;
  struct slice bytes = {.ptr = sqlite3_value_blob(value)}; /* of a text the same without a copy */
  bytes.len = (size_t)sqlite3_value_bytes(value);
  if (!bytes.ptr && bytes.len) return error_set(err, ERROR_MEMORY, "out of memory for a row");
  if (!bytes.ptr) bytes.ptr = "";
  if (type == SQLITE_TEXT) return query_put_text(&q->query, (size_t)i, bytes, frame, err);
  if (query_check_size(&q->query, frame, bytes.len, err)) return -1;
  cell_put_text(frame, bytes);
  return 0;
}

static int put_row(struct query_sqlite *q, struct buf *frame, struct error *err) {
  int rc = 0, n = (int)q->query.columns_len;
  query_begin_row(&q->query, frame);
  for (int i = 0; rc == 0 && i < n; i++) rc = put_cell(q, i, frame, err);
  return query_end_row(&q->query, frame, rc, err);
}

static int end(struct query_sqlite *q, struct buf *frame, struct error *err) {
  q->is_ended = true;
  if (!q->query.writes) return 0;
  const char *last = q->query.is_trial ? "ROLLBACK" : "COMMIT";
  bool has_changed = q->query.changed >= 0;
  if (has_changed) q->query.changed = sqlite3_changes64(q->db);
  (void)sqlite3_set_authorizer(q->db, NULL, NULL); /* of what the script asked for nothing comes */
  if (sqlite3_exec(q->db, last, NULL, NULL, NULL) != SQLITE_OK) return fail(q, err);
  return has_changed ? query_put_changed(&q->query, frame, err) : 0;
}

static enum query_got step(struct query *base, struct buf *frame, struct error *err) {
  struct query_sqlite *q = (struct query_sqlite *)base;
  while (!q->is_ended && frame->len < QUERY_FRAME_FULL) {
    int code = sqlite3_step(q->st);
    int rc = code == SQLITE_DONE  ? end(q, frame, err)
             : code == SQLITE_ROW ? put_row(q, frame, err)
                                  : fail(q, err);
    if (rc) return QUERY_FAILED;
  }
  return q->is_ended ? QUERY_ENDED : QUERY_FULL;
}

static void close_sqlite(struct query *base) {
  struct query_sqlite *q = (struct query_sqlite *)base;
  sqlite3_finalize(q->st);
  sqlite3_close(q->db);
  free(q);
}

int query_sqlite_open(struct query **out, const struct query_options *o, struct error *err) {
  static const struct query_kind kind = {.step = step, .close = close_sqlite};
  struct query_sqlite *q = calloc(1, sizeof *q);
  if (!q) return error_set(err, ERROR_MEMORY, "out of memory for a query");
  q->query = query_of(&kind, o);
  int flags = (o->writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) | SQLITE_OPEN_NOMUTEX |
              SQLITE_OPEN_NOFOLLOW;
  int rc = sqlite3_open_v2(o->file, &q->db, flags, NULL) == SQLITE_OK ? 0
           : q->db                                                    ? fail(q, err)
                   : error_set(err, ERROR_MEMORY, "out of memory for a query");
  if (rc == 0) {
    tame(q);
    rc = begin(q, o, err);
  }
  if (rc == 0) {
    (void)sqlite3_set_authorizer(q->db, authorize, q); /* cannot fail */
    rc = prepare(q, o->sql, err) || bind_all(q, o, err) || name_columns(q, err) ? -1 : 0;
  }
  if (rc == 0)
    *out = &q->query;
  else
    query_close(&q->query);
  return rc;
}
