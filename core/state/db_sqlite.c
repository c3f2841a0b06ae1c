/* Modes: a rollback journal, since a WAL database of SQLite 3.7.0 to 3.51.2 can be
 * corrupted by a checkpoint that meets a write; TRUNCATE, since it spares making and
 * deleting the journal; EXTRA, since the folder's entry is synced too.  What is
 * deleted is not overwritten (secure_delete): an intent of 1.5 MB comes and goes with
 * each request, and the file is the owner's alone.  Forgetting turns it on.
 *
 * A commit truncates the journal, then syncs that.  Of a process that dies in between the
 * journal is empty for all to see, but on the disk it may be whole still: what the next
 * transaction writes into it, not synced yet, may come to lie over parts of it when the
 * power goes, and be rolled back into the database.  So who finds that another process has
 * written syncs the journal before it writes into it. */
#include "state/db.h"

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
  struct statement *st = db_prepare(db, sql_journal, err);
  if (!st) return -1;
  int is_row = db_step(db, st, err);
  if (is_row < 0) return -1;
  bool is_set = is_row && slice_is(column_slice(st, 0), "truncate");
  statement_reset(st);
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

static int sync_file(sqlite3_vfs *vfs, const char *path) {
  sqlite3_file *file = calloc(1, (size_t)vfs->szOsFile);
  if (!file) return SQLITE_NOMEM;
  int code = vfs->xOpen(vfs, path, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_JOURNAL, NULL);
  if (code == SQLITE_OK) code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  if (file->pMethods) (void)file->pMethods->xClose(file); /* nothing was written by it */
  free(file);
  return code;
}

int db_sync_journal(struct db *db, struct error *err) {
  const char *name = sqlite3_db_filename(db->sqlite, "main");
  sqlite3_vfs *vfs = NULL;
  int is_there = 0;
  if (!name || !name[0]) return 0; /* in memory */
  const char *path = sqlite3_filename_journal(name);
  int code = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  if (code == SQLITE_OK) code = vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &is_there);
  if (code == SQLITE_OK && is_there) code = sync_file(vfs, path);
  return code == SQLITE_OK ? 0 : db_fail_code(db, code, err);
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
