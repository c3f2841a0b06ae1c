/* Modes: a rollback journal, since a WAL database of SQLite 3.7.0 to 3.51.2 can be
 * corrupted by a checkpoint that meets a write; TRUNCATE, since it spares making and
 * deleting the journal; EXTRA, since the folder's entry is synced too.  What is
 * deleted is not overwritten (secure_delete): an intent of 1.5 MB comes and goes with
 * each request, and the file is the owner's alone.  Forgetting turns it on. */
#include "state/db.h"

#include <assert.h>
#include <stdlib.h>

static const char modes[] = "PRAGMA synchronous = EXTRA;"
                            "PRAGMA secure_delete = OFF;"
                            "PRAGMA temp_store = MEMORY;"
                            "PRAGMA trusted_schema = OFF;"
                            "PRAGMA cell_size_check = ON;";
static const char looking[] = "PRAGMA query_only = ON;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA trusted_schema = OFF;";
static const char in_memory[] = "PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY;";

static const char sql_journal[] = "PRAGMA journal_mode = TRUNCATE";

/* SQLite answers with the mode that is in force, which is another one where somebody has
 * made it a WAL database and has it open. */
static int set_journal(struct db *db, struct error *err) {
  sqlite3_stmt *st = db_prepare(db, sql_journal, err);
  if (!st) return -1;
  int is_row = db_step(db, st, err);
  if (is_row < 0) return -1;
  bool is_set = is_row && slice_is(column_slice(st, 0), "truncate");
  sqlite3_reset(st);
  if (is_set) return 0;
  error_set(err, ERROR_STATE, "%s is open elsewhere as a WAL database, which may damage it",
            db->name);
  return error_hint(err, "close what has it open; fuser -v %s names it", db->name);
}

static int set_modes(struct db *db, enum db_mode mode, struct error *err) {
  static const char *const sql[] = {
      [DB_SHARED] = modes, [DB_LOOKED] = looking, [DB_MEMORY] = in_memory};
  char cache[48];
  sqlite3_snprintf(sizeof cache, cache, "PRAGMA cache_size = -%d;", (int)DB_CACHE_KIB);
  if (db_exec(db, cache, err) != 0) return -1;
  if (mode != DB_MEMORY && set_journal(db, err) != 0) return -1;
  return db_exec(db, sql[mode], err);
}

int db_open(struct db *db, const char *name, enum db_mode mode, struct error *err) {
  *db = (struct db){0};
  db->name = strdup(name);
  if (!db->name) return error_set(err, ERROR_MEMORY, "no memory to open %s", name);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (mode == DB_SHARED) flags |= SQLITE_OPEN_CREATE;
  if (mode == DB_MEMORY) flags |= SQLITE_OPEN_CREATE;
  int code = sqlite3_open_v2(mode == DB_MEMORY ? ":memory:" : name, &db->sqlite, flags, NULL);
  if (code != SQLITE_OK) {
    db_fail_code(db, code, err);
    db_close(db);
    return -1;
  }
  sqlite3_busy_timeout(db->sqlite, DB_BUSY_MS);
  (void)sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* a safeguard only */
  if (set_modes(db, mode, err) == 0) return 0;
  db_close(db);
  return -1;
}

void db_close(struct db *db) {
  for (size_t i = 0; i < db->cached_len; i++) sqlite3_finalize(db->cached[i].statement);
  sqlite3_close(db->sqlite);
  free(db->name);
  *db = (struct db){0};
}

/* What a failure means and what to do about it, by SQLite's primary code. */
static const struct failure {
  int code;
  const char *message, *hint; /* %s is the file in both */
} failures[] = {
    {SQLITE_FULL, "the disk is full: nothing more can be written to %s",
     "free some space on the disk of %s, then run again: what is missing is sent then"},
    {SQLITE_IOERR, "the disk failed to read or write %s",
     "see `dmesg` for the disk's own words, then `hoko state check`; the file is %s"},
    {SQLITE_READONLY, "%s cannot be written",
     "give yourself write access to it and its folder: ls -ld \"$(dirname %s)\""},
    {SQLITE_PERM, "%s cannot be written", "chmod u+rw %s"},
    {SQLITE_CANTOPEN, "%s cannot be opened",
     "it must be a file of yours (no link) in a folder that you can write: ls -l %s"},
    {SQLITE_CORRUPT, "%s is damaged",
     "move it away and put a copy made by `hoko state backup` in its place: mv %s state.damaged"},
    {SQLITE_NOTADB, "%s is no database or is damaged at its head",
     "move it away and put a copy made by `hoko state backup` in its place: mv %s state.damaged"},
    {SQLITE_BUSY, "%s has been locked by another program for 10 seconds",
     "close what has it open; fuser -v %s names it"},
    {SQLITE_LOCKED, "%s is locked", "close what has it open; fuser -v %s names it"},
};

int db_fail_code(struct db *db, int code, struct error *err) {
  int primary = code & 0xff;
  if (primary == SQLITE_NOMEM) {
    error_set(err, ERROR_MEMORY, "no memory for the state in %s", db->name);
    return error_hint(err, "give hoko more memory, then run again: what is missing is sent then");
  }
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    if (failures[i].code != primary) continue;
    char text[512];
    sqlite3_snprintf(sizeof text, text, failures[i].message, db->name);
    error_set(err, ERROR_STATE, "%s", text);
    sqlite3_snprintf(sizeof text, text, failures[i].hint, db->name);
    return error_hint(err, "%s", text);
  }
  error_set(err, ERROR_STATE, "%s: %s", db->name,
            db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code));
  return error_hint(err, "`hoko state check` tells more");
}

int db_fail(struct db *db, struct error *err) {
  return db_fail_code(db, sqlite3_extended_errcode(db->sqlite), err);
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, struct error *err) {
  for (size_t i = 0; i < db->cached_len; i++)
    if (db->cached[i].sql == sql) return db->cached[i].statement;
  assert(db->cached_len < DB_STATEMENTS_MAX);
  sqlite3_stmt *st = NULL;
  if (sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
    db_fail(db, err);
    return NULL;
  }
  db->cached[db->cached_len].sql = sql;
  db->cached[db->cached_len].statement = st;
  db->cached_len++;
  return st;
}

static const char sql_begin_read[] = "BEGIN";
static const char sql_begin_write[] = "BEGIN IMMEDIATE";
static const char sql_commit[] = "COMMIT";
static const char sql_rollback[] = "ROLLBACK";

/* A rollback needs memory for its statement.  Where that fails the transaction stays open,
 * and what is written later, and told to be written, would go with it: so nothing is done
 * until the rollback is. */
static int end_stale(struct db *db, struct error *err) {
  if (db->is_in_transaction || sqlite3_get_autocommit(db->sqlite)) return 0;
  sqlite3_stmt *st = prepare(db, sql_rollback, err);
  return st ? db_run(db, st, err) : -1;
}

sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct error *err) {
  return end_stale(db, err) == 0 ? prepare(db, sql, err) : NULL;
}

int db_step(struct db *db, sqlite3_stmt *st, struct error *err) {
  int code = sqlite3_step(st);
  if (code == SQLITE_ROW) return 1;
  if (code != SQLITE_DONE) db_fail_code(db, code, err);
  sqlite3_reset(st); /* its code is that of the step */
  return code == SQLITE_DONE ? 0 : -1;
}

int db_run(struct db *db, sqlite3_stmt *st, struct error *err) {
  int is_row = db_step(db, st, err);
  if (is_row > 0) sqlite3_reset(st);
  return is_row < 0 ? -1 : 0;
}

int db_exec(struct db *db, const char *sql, struct error *err) {
  int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? 0 : db_fail_code(db, code, err);
}

int db_run_with(struct db *db, const char *sql, int64_t value, struct error *err) {
  sqlite3_stmt *st = db_prepare(db, sql, err);
  if (!st) return -1;
  bind_int(st, 1, value);
  return db_run(db, st, err);
}

int db_number(struct db *db, const char *sql, int64_t with, int64_t *out, struct error *err) {
  sqlite3_stmt *st = db_prepare(db, sql, err);
  if (!st) return -1;
  if (sqlite3_bind_parameter_count(st) > 0) bind_int(st, 1, with);
  int is_row = db_step(db, st, err);
  if (is_row < 0) return -1;
  *out = is_row ? sqlite3_column_int64(st, 0) : 0;
  sqlite3_reset(st);
  return 0;
}

static int run_sql(struct db *db, const char *sql, struct error *err) {
  sqlite3_stmt *st = db_prepare(db, sql, err);
  return st ? db_run(db, st, err) : -1;
}

static int begin(struct db *db, const char *sql, struct error *err) {
  if (run_sql(db, sql, err) != 0) return -1;
  db->is_in_transaction = true;
  return 0;
}

int db_begin_read(struct db *db, struct error *err) { return begin(db, sql_begin_read, err); }
int db_begin_write(struct db *db, struct error *err) { return begin(db, sql_begin_write, err); }

int db_commit(struct db *db, struct error *err) {
  if (run_sql(db, sql_commit, err) != 0) {
    db_rollback(db);
    return -1;
  }
  db->is_in_transaction = false;
  return 0;
}

/* SQLite may have rolled back by itself (disk full, I/O error); where the file cannot be
 * rolled back now, the next transaction does it from the journal. */
void db_rollback(struct db *db) {
  struct error later; /* the next db_prepare() tries again, and tells */
  db->is_in_transaction = false;
  int result = end_stale(db, &later);
  (void)result;
}

int db_expect_behind(struct db *db, int64_t before, int64_t number, struct error *err) {
  return number > before ? 0 : db_fail_code(db, SQLITE_CORRUPT, err);
}

/* Binding what is not copied can only fail by our own mistake, an index out of range. */
static void bound(int code) {
  assert(code == SQLITE_OK);
  (void)code;
}

void bind_int(sqlite3_stmt *st, int at, int64_t value) { bound(sqlite3_bind_int64(st, at, value)); }

void bind_null(sqlite3_stmt *st, int at) { bound(sqlite3_bind_null(st, at)); }

void bind_text(sqlite3_stmt *st, int at, struct slice text) {
  bound(sqlite3_bind_text64(st, at, text.len ? text.ptr : NULL, text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void bind_text_or_empty(sqlite3_stmt *st, int at, struct slice text) {
  bound(sqlite3_bind_text64(st, at, text.len ? text.ptr : "", text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void bind_blob(sqlite3_stmt *st, int at, const void *ptr, size_t len) {
  bound(sqlite3_bind_blob64(st, at, len ? ptr : "", len, SQLITE_STATIC));
}

struct slice column_slice(sqlite3_stmt *st, int at) {
  /* The blob of a text is the text without the copy that a NUL at its end takes. */
  const char *ptr = sqlite3_column_blob(st, at);
  return (struct slice){ptr, ptr ? (size_t)sqlite3_column_bytes(st, at) : 0};
}

void column_text(sqlite3_stmt *st, int at, char *to, size_t size) {
  struct slice s = column_slice(st, at);
  size_t len = s.len < size ? s.len : size - 1;
  if (len > 0) memcpy(to, s.ptr, len);
  to[len] = '\0';
}
