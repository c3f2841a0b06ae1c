/* A query of a SQLite file.  Nothing but reading is let through: the file is opened for
 * reading, an authorizer refuses every act but selecting (VACUUM INTO and ATTACH could
 * make files), and the schema, which may be anybody's, is not trusted. */
#include "state/query_inside.h"

#include <sqlite3.h>
#include <stdlib.h>

enum { OPS_BETWEEN_LOOKS = 100000, BUSY_NAP_MS = 20, BUSY_MAX_MS = 10000 };

struct query_sqlite {
  struct query query;
  sqlite3 *db;
  sqlite3_stmt *st;
  bool is_ended;
};

/* ---- errors -------------------------------------------------------------- */

static int fail(const struct query_sqlite *q, struct error *err) {
  int code = sqlite3_errcode(q->db);
  if (code == SQLITE_NOMEM) return error_set(err, ERROR_MEMORY, "out of memory for a query");
  if (code == SQLITE_AUTH || code == SQLITE_READONLY) {
    (void)error_set(err, ERROR_DATA, "hoko.sql only reads, and this statement would do more");
    return error_hint(err, "give it a SELECT");
  }
  (void)error_set(err, ERROR_DATA, "%s", sqlite3_errmsg(q->db));
  if (code == SQLITE_BUSY)
    return error_hint(err, "another program has been writing it for 10 seconds");
  if (code == SQLITE_CANTOPEN)
    return error_hint(err, "it, and the -wal and -shm beside it, must be readable");
  return -1;
}

/* ---- what it may do ------------------------------------------------------ */

static int authorize(void *user, int action, const char *a, const char *b, const char *c,
                     const char *d) {
  (void)user, (void)a, (void)b, (void)c, (void)d;
  bool is_reading = action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION ||
                    action == SQLITE_RECURSIVE;
  return is_reading ? SQLITE_OK : SQLITE_DENY;
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
  (void)sqlite3_set_authorizer(q->db, authorize, NULL); /* cannot fail */
  sqlite3_progress_handler(q->db, OPS_BETWEEN_LOOKS, look_up, &q->query);
  (void)sqlite3_busy_handler(q->db, wait_busy, &q->query);
}

/* ---- opening ------------------------------------------------------------- */

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
  if (!sqlite3_column_count(q->st)) return error_set(err, ERROR_DATA, "the query gives no rows");
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

static enum query_got step(struct query *base, struct buf *frame, struct error *err) {
  struct query_sqlite *q = (struct query_sqlite *)base;
  while (!q->is_ended && frame->len < QUERY_FRAME_FULL) {
    int code = sqlite3_step(q->st);
    if (code == SQLITE_DONE)
      q->is_ended = true;
    else if (code != SQLITE_ROW)
      return (void)fail(q, err), QUERY_FAILED;
    else if (put_row(q, frame, err))
      return QUERY_FAILED;
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
  q->query = (struct query){.kind = &kind, .is_wanted = o->is_wanted, .user = o->user};
  int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  int rc = sqlite3_open_v2(o->file, &q->db, flags, NULL) == SQLITE_OK ? 0
           : q->db                                                    ? fail(q, err)
                   : error_set(err, ERROR_MEMORY, "out of memory for a query");
  if (rc == 0) {
    tame(q);
    rc = prepare(q, o->sql, err) || bind_all(q, o, err) || name_columns(q, err) ? -1 : 0;
  }
  if (rc == 0)
    *out = &q->query;
  else
    query_close(&q->query);
  return rc;
}
