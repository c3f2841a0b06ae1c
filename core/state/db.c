/* What is one for both databases, and which of the two is asked. */
#include "state/db.h"

#include <assert.h>
#include <stdlib.h>

static const char sql_begin_read[] = "BEGIN";
static const char sql_begin_write[] = "BEGIN IMMEDIATE";
static const char sql_begin_read_server[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
static const char sql_begin_write_server[] = "BEGIN";
static const char sql_commit[] = "COMMIT";
static const char sql_rollback[] = "ROLLBACK";
static const char sql_data_version[] = "PRAGMA data_version";

/* ---- opening and closing ---- */

int db_open_server(struct db *db, const struct dsn *dsn, struct error *err) {
  *db = (struct db){0};
  db->name = strdup(dsn->name);
  if (!db->name) return error_set(err, ERROR_MEMORY, "no memory to open %s", dsn->name);
  if (pg_open(&db->postgres, dsn, db->name, err) == 0) return 0;
  db_close(db);
  return -1;
}

void db_close(struct db *db) {
  for (size_t i = 0; i < db->cached_len; i++) {
    sqlite3_finalize(db->cached[i].sqlite);
    pg_statement_free(db->cached[i].postgres);
  }
  sqlite3_close(db->sqlite);
  pg_close(db->postgres);
  free(db->name);
  *db = (struct db){0};
}

int db_damaged(struct db *db, struct error *err) {
  return db->postgres ? pg_damaged(db->postgres, err) : db_fail_code(db, SQLITE_CORRUPT, err);
}

/* ---- statements ---- */

static bool make(struct db *db, struct statement *st, struct error *err) {
  if (db->postgres) return (st->postgres = pg_prepare(db->postgres, st->sql, err)) != NULL;
  int code =
      sqlite3_prepare_v3(db->sqlite, st->sql, -1, SQLITE_PREPARE_PERSISTENT, &st->sqlite, NULL);
  if (code != SQLITE_OK) db_fail(db, err);
  return code == SQLITE_OK;
}

static struct statement *prepare(struct db *db, const char *sql, struct error *err) {
  for (size_t i = 0; i < db->cached_len; i++)
    if (db->cached[i].sql == sql) return &db->cached[i];
  assert(db->cached_len < DB_STATEMENTS_MAX);
  struct statement st = {.sql = sql};
  if (!make(db, &st, err)) return NULL;
  db->cached[db->cached_len] = st;
  return &db->cached[db->cached_len++];
}

static int run_step(struct db *db, struct statement *st, struct error *err) {
  int is_row = db_step(db, st, err);
  if (is_row > 0) sqlite3_reset(st->sqlite);
  return is_row < 0 ? -1 : 0;
}

/* A rollback needs memory for its statement.  Where that fails the transaction stays open,
 * and what is written later, and told to be written, would go with it: so nothing is done
 * until the rollback is. */
static int end_stale(struct db *db, struct error *err) {
  if (db->is_in_transaction || db->postgres || sqlite3_get_autocommit(db->sqlite)) return 0;
  struct statement *st = prepare(db, sql_rollback, err);
  return st ? run_step(db, st, err) : -1;
}

struct statement *db_prepare(struct db *db, const char *sql, struct error *err) {
  return end_stale(db, err) == 0 ? prepare(db, sql, err) : NULL;
}

int db_step(struct db *db, struct statement *st, struct error *err) {
  if (db->postgres) return pg_step(db->postgres, st->postgres, err);
  int code = sqlite3_step(st->sqlite);
  if (code == SQLITE_ROW) return 1;
  if (code != SQLITE_DONE) db_fail_code(db, code, err);
  sqlite3_reset(st->sqlite); /* its code is that of the step */
  return code == SQLITE_DONE ? 0 : -1;
}

void statement_reset(struct statement *st) {
  if (st->sqlite)
    sqlite3_reset(st->sqlite);
  else
    pg_reset(st->postgres);
}

/* Whether ST writes and no transaction is open. */
static bool is_alone(const struct db *db, const struct statement *st) {
  return !db->postgres && !db->is_in_transaction && !sqlite3_stmt_readonly(st->sqlite);
}

int db_run(struct db *db, struct statement *st, struct error *err) {
  if (db->postgres) return pg_run(db->postgres, st->postgres, !db->is_in_transaction, err);
  if (!is_alone(db, st)) return run_step(db, st, err);
  if (db_begin_write(db, err) != 0) return -1;
  if (run_step(db, st, err) == 0) return db_commit(db, err);
  db_rollback(db);
  return -1;
}

int db_run_counted(struct db *db, struct statement *st, int64_t *rows, struct error *err) {
  if (db->postgres ? pg_run(db->postgres, st->postgres, true, err) : db_run(db, st, err)) return -1;
  *rows = db->postgres ? pg_changes(db->postgres) : sqlite3_changes64(db->sqlite);
  return 0;
}

static int insert(struct db *db, struct statement *st, int64_t *number, struct error *err) {
  int is_row = db_step(db, st, err);
  if (is_row <= 0) return is_row < 0 ? -1 : db_damaged(db, err);
  *number = column_int(st, 0);
  return db_step(db, st, err);
}

int db_insert(struct db *db, struct statement *st, int64_t *number, struct error *err) {
  if (!is_alone(db, st)) return insert(db, st, number, err);
  if (db_begin_write(db, err) != 0) return -1;
  if (insert(db, st, number, err) == 0) return db_commit(db, err);
  db_rollback(db);
  return -1;
}

int db_exec(struct db *db, const char *sql, struct error *err) {
  if (db->postgres) return pg_exec(db->postgres, sql, err);
  int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? 0 : db_fail_code(db, code, err);
}

int db_run_with(struct db *db, const char *sql, int64_t value, struct error *err) {
  struct statement *st = db_prepare(db, sql, err);
  if (!st) return -1;
  bind_int(st, 1, value);
  return db_run(db, st, err);
}

int db_number(struct db *db, const char *sql, int64_t with, int64_t *out, struct error *err) {
  struct statement *st = db_prepare(db, sql, err);
  if (!st) return -1;
  if (strchr(sql, '?')) bind_int(st, 1, with);
  int is_row = db_step(db, st, err);
  if (is_row < 0) return -1;
  *out = is_row ? column_int(st, 0) : 0;
  if (is_row) statement_reset(st);
  return 0;
}

/* ---- one statement for many ---- */

struct each {
  const struct db_each *call;
  struct statement *st;
  size_t from;
};

static int take_one(void *user, size_t i, struct error *err) {
  const struct each *e = user;
  return e->call->take(e->call->user, e->st, e->from + i, err);
}

static int for_each_at_server(struct db *db, struct statement *st, size_t n,
                              const struct db_each *each, struct error *err) {
  struct each e = {.call = each, .st = st};
  for (; e.from < n; e.from += PG_SENT_MAX) {
    size_t len = n - e.from < PG_SENT_MAX ? n - e.from : PG_SENT_MAX;
    for (size_t i = 0; i < len; i++) {
      each->bind(each->user, st, e.from + i);
      if (pg_send(db->postgres, st->postgres, err) != 0) return -1;
    }
    if (pg_take(db->postgres, st->postgres, len, take_one, &e, err) != 0) return -1;
  }
  return 0;
}

int db_for_each(struct db *db, struct statement *st, size_t n, const struct db_each *each,
                struct error *err) {
  if (db->postgres) return for_each_at_server(db, st, n, each, err);
  for (size_t i = 0; i < n; i++) {
    each->bind(each->user, st, i);
    int is_row = db_step(db, st, err);
    if (is_row < 0) return -1;
    if (is_row == 0) continue;
    int result = each->take(each->user, st, i, err);
    sqlite3_reset(st->sqlite);
    if (result != 0) return -1;
  }
  return 0;
}

/* ---- transactions ---- */

static int run_sql(struct db *db, const char *sql, struct error *err) {
  struct statement *st = db_prepare(db, sql, err);
  if (!st) return -1;
  return db->postgres ? db_run(db, st, err) : run_step(db, st, err);
}

static int begin(struct db *db, const char *sql, const char *sql_server, struct error *err) {
  struct statement *st = db_prepare(db, db->postgres ? sql_server : sql, err);
  if (!st) return -1;
  if (db->postgres ? pg_run(db->postgres, st->postgres, false, err) : run_step(db, st, err))
    return -1;
  db->is_in_transaction = true;
  return 0;
}

int db_begin_read(struct db *db, struct error *err) {
  return begin(db, sql_begin_read, sql_begin_read_server, err);
}

/* What we wrote ourselves, and was committed, is synced. */
static int settle_journal(struct db *db, struct error *err) {
  int64_t version;
  if (db_number(db, sql_data_version, 0, &version, err) != 0) return -1;
  if (db->is_journal_synced && version == db->version) return 0;
  if (db_sync_journal(db, err) != 0) return -1;
  db->version = version;
  db->is_journal_synced = true;
  return 0;
}

int db_begin_write(struct db *db, struct error *err) {
  if (begin(db, sql_begin_write, sql_begin_write_server, err) != 0) return -1;
  db->is_writing = true;
  if (db->postgres || settle_journal(db, err) == 0) return 0;
  db_rollback(db);
  return -1;
}

/* A server ends a transaction that has failed by COMMIT too, and says so. */
static int commit(struct db *db, struct error *err) {
  if (!db->postgres) return run_sql(db, sql_commit, err);
  struct statement *st = db_prepare(db, sql_commit, err);
  if (!st || pg_run(db->postgres, st->postgres, true, err) != 0) return -1;
  if (pg_is_committed(db->postgres)) return 0;
  return error_set(err, ERROR_STATE, "%s rolled a transaction back", db->name);
}

int db_commit(struct db *db, struct error *err) {
  if (commit(db, err) != 0) {
    db_rollback(db);
    return -1;
  }
  db->is_in_transaction = db->is_writing = false;
  return 0;
}

/* SQLite may have rolled back by itself (disk full, I/O error); where the file cannot be
 * rolled back now, the next transaction does it from the journal. */
void db_rollback(struct db *db) {
  struct error later; /* the next db_prepare() tries again, and tells; a server that is gone has */
  bool was_open = db->is_in_transaction;
  db->is_in_transaction = false;
  if (db->is_writing) db->is_journal_synced = db->is_writing = false;
  int result = !db->postgres ? end_stale(db, &later)
               : was_open    ? run_sql(db, sql_rollback, &later)
                             : 0;
  (void)result;
}

int db_version(struct db *db, int64_t *version, struct error *err) {
  if (!db->postgres) return db_number(db, sql_data_version, 0, version, err);
  ++*version; /* a server is not asked: another has written, for all that is known */
  return 0;
}

int db_wipe(struct db *db, bool wipes, struct error *err) {
  if (db->postgres) return 0;
  return db_exec(db, wipes ? "PRAGMA secure_delete = ON" : "PRAGMA secure_delete = OFF", err);
}

int db_shrink(struct db *db, struct error *err) {
  return db->postgres ? 0 : db_exec(db, "VACUUM", err);
}

int db_expect_behind(struct db *db, int64_t before, int64_t number, struct error *err) {
  return number > before ? 0 : db_damaged(db, err);
}

/* ---- parameters and columns ---- */

/* Binding what is not copied can only fail by our own mistake, an index out of range. */
static void bound(int code) {
  assert(code == SQLITE_OK);
  (void)code;
}

void bind_int(struct statement *st, int at, int64_t value) {
  if (st->sqlite)
    bound(sqlite3_bind_int64(st->sqlite, at, value));
  else
    pg_bind_int(st->postgres, at, value);
}

void bind_null(struct statement *st, int at) {
  if (st->sqlite)
    bound(sqlite3_bind_null(st->sqlite, at));
  else
    pg_bind_null(st->postgres, at);
}

static void bind_bytes(struct statement *st, int at, struct slice text) {
  if (st->sqlite)
    bound(sqlite3_bind_text64(st->sqlite, at, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8));
  else
    pg_bind_text(st->postgres, at, text);
}

void bind_text(struct statement *st, int at, struct slice text) {
  if (text.len)
    bind_bytes(st, at, text);
  else if (st->sqlite)
    bind_null(st, at);
  else
    pg_bind_text(st->postgres, at, (struct slice){NULL, 0});
}

void bind_text_or_empty(struct statement *st, int at, struct slice text) {
  bind_bytes(st, at, text.len ? text : SLICE(""));
}

void bind_blob(struct statement *st, int at, const void *ptr, size_t len) {
  if (st->sqlite)
    bound(sqlite3_bind_blob64(st->sqlite, at, len ? ptr : "", len, SQLITE_STATIC));
  else
    pg_bind_blob(st->postgres, at, (struct slice){len ? ptr : "", len});
}

struct slice column_slice(struct statement *st, int at) {
  if (st->postgres) return pg_column_slice(st->postgres, at);
  /* The blob of a text is the text without the copy that a NUL at its end takes. */
  const char *ptr = sqlite3_column_blob(st->sqlite, at);
  return (struct slice){ptr, ptr ? (size_t)sqlite3_column_bytes(st->sqlite, at) : 0};
}

void column_text(struct statement *st, int at, char *to, size_t size) {
  struct slice s = column_slice(st, at);
  size_t len = s.len < size ? s.len : size - 1;
  if (len > 0) memcpy(to, s.ptr, len);
  to[len] = '\0';
}
