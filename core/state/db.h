/* db.h - SQLite's one home: a connection, its statements and its errors in our words.
 *
 * Everything is prepared once and kept: a statement is known by the address of its
 * text, which must be a constant.  Main thread only. */
#ifndef HOKO_STATE_DB_H
#define HOKO_STATE_DB_H

#include "base/error.h"
#include "base/slice.h"

#include <sqlite3.h>
#include <stdint.h>

enum { DB_STATEMENTS_MAX = 96, DB_CACHE_KIB = 16 * 1024, DB_BUSY_MS = 10000 };

struct db {
  sqlite3 *sqlite;
  char *name; /* the file, for messages and to find what lies beside it */
  bool is_in_transaction; /* between begin and commit or rollback, whatever came of these */
  struct {
    const char *sql;
    sqlite3_stmt *statement;
  } cached[DB_STATEMENTS_MAX];
  size_t cached_len;
};

enum db_mode {
  DB_SHARED, /* read and written, made where it is missing */
  DB_LOOKED, /* only read, but for what an interrupted writer left to roll back */
  DB_MEMORY, /* NAME is only a name */
};

/* Opens file NAME in the modes that faults.md tells; nothing is made before the first
 * transaction.  After -1 DB is closed. */
MUST_USE int db_open(struct db *db, const char *name, enum db_mode mode, struct error *err);
void db_close(struct db *db);

/* Says what SQLite's last failure means for the user; returns -1. */
int db_fail(struct db *db, struct error *err);
int db_fail_code(struct db *db, int code, struct error *err); /* the same of an extended code */

/* SQL's statement, reset, or NULL with *err. */
sqlite3_stmt *db_prepare(struct db *db, const char *sql, struct error *err);
/* 1: a row stands in ST; 0: there is none, ST is reset; -1: the same, with *err. */
MUST_USE int db_step(struct db *db, sqlite3_stmt *st, struct error *err);
/* Runs ST to its end; it gives no row that matters. */
MUST_USE int db_run(struct db *db, sqlite3_stmt *st, struct error *err);
/* Statements that need no parameter, not kept. */
MUST_USE int db_exec(struct db *db, const char *sql, struct error *err);
/* Runs SQL with one number and keeps it. */
MUST_USE int db_run_with(struct db *db, const char *sql, int64_t value, struct error *err);
/* The number that SQL with one number gives; 0 where it gives no row or null. */
MUST_USE int db_number(struct db *db, const char *sql, int64_t with, int64_t *out,
                       struct error *err);

/* One read transaction; one write transaction, which waits for those of others. */
MUST_USE int db_begin_read(struct db *db, struct error *err);
MUST_USE int db_begin_write(struct db *db, struct error *err);
MUST_USE int db_commit(struct db *db, struct error *err); /* after -1 it is rolled back */
void db_rollback(struct db *db); /* also ends a reading; nothing where none is open */

/* -1 unless NUMBER, of a row that was asked for behind BEFORE, is greater: in a damaged
 * file rows stand out of order, and who reads on behind the last one would read for ever. */
MUST_USE int db_expect_behind(struct db *db, int64_t before, int64_t number, struct error *err);

/* Parameters, from 1; the bytes must stay until the statement has run.  A text
 * without bytes is null; a blob without is a blob. */
void bind_int(sqlite3_stmt *st, int at, int64_t value);
void bind_null(sqlite3_stmt *st, int at);
void bind_text(sqlite3_stmt *st, int at, struct slice text);
void bind_text_or_empty(sqlite3_stmt *st, int at, struct slice text); /* never null */
void bind_blob(sqlite3_stmt *st, int at, const void *ptr, size_t len);

/* Columns, from 0; valid until the next step.  Null is the empty slice. */
struct slice column_slice(sqlite3_stmt *st, int at);
/* As NUL-terminated text, cut at SIZE. */
void column_text(sqlite3_stmt *st, int at, char *to, size_t size);

#endif
