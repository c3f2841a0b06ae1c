/* db.h - the database behind a state, SQLite or PostgreSQL: a connection, its statements
 * and its errors in our words.  Who is where is known in this file's implementations
 * only; the SQL is one for both.
 *
 * Everything is prepared once and kept: a statement is known by the address of its
 * text, which must be a constant.  In a write transaction a statement that gives no row
 * may be only on its way to a server when db_run() returns; what comes of it is told by
 * a later call, by db_commit() at the latest.  Main thread only. */
#ifndef HOKO_STATE_DB_H
#define HOKO_STATE_DB_H

#include "base/error.h"
#include "base/slice.h"
#include "state/db_postgres.h"

#include <sqlite3.h>
#include <stdint.h>

/* More cache than that costs memory and saves nothing measurable, in order or at random: the
 * system has the pages too. */
enum { DB_STATEMENTS_MAX = 128, DB_CACHE_KIB = 4 * 1024, DB_BUSY_MS = 10000 };

/* SQL that steers SQLite and that PostgreSQL does not know. */
#define DB_SQLITE_ONLY(text) "/*<*/ " text " /*>*/"

struct statement {
  const char *sql;
  sqlite3_stmt *sqlite; /* one of these two */
  struct pg_statement *postgres;
};

struct db {
  sqlite3 *sqlite; /* one of these two */
  struct pg *postgres;
  char *name;             /* for messages: the file, to find what lies beside it, or the server */
  bool is_in_transaction; /* between begin and commit or rollback, whatever came of these */
  bool is_writing;        /* and it may write */
  bool is_journal_synced; /* as it was when we wrote last, at VERSION */
  int64_t version;        /* changes when another process has written */
  struct statement cached[DB_STATEMENTS_MAX];
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
/* The same of a server. */
MUST_USE int db_open_server(struct db *db, const struct dsn *dsn, struct error *err);
void db_close(struct db *db);

/* Says what SQLite's last failure means for the user; returns -1. */
int db_fail(struct db *db, struct error *err);
int db_fail_code(struct db *db, int code, struct error *err); /* the same of an extended code */
/* The end of the last transaction lasts, whoever wrote it; to be called before the first write
 * of the next, with the write lock held.  Of SQLite's journal in a file. */
MUST_USE int db_sync_journal(struct db *db, struct error *err);
/* What stands in the database is not what we wrote; returns -1. */
int db_damaged(struct db *db, struct error *err);

/* SQL's statement, reset, or NULL with *err. */
struct statement *db_prepare(struct db *db, const char *sql, struct error *err);
/* 1: a row stands in ST; 0: there is none, ST is reset; -1: the same, with *err. */
MUST_USE int db_step(struct db *db, struct statement *st, struct error *err);
void statement_reset(struct statement *st);
/* Runs ST to its end; it gives no row that matters.  What writes outside of a transaction has
 * one of its own; of db_insert() the same. */
MUST_USE int db_run(struct db *db, struct statement *st, struct error *err);
/* The same at once, and how many rows it changed. */
MUST_USE int db_run_counted(struct db *db, struct statement *st, int64_t *rows, struct error *err);
/* Runs an INSERT … RETURNING number. */
MUST_USE int db_insert(struct db *db, struct statement *st, int64_t *number, struct error *err);
/* Statements that need no parameter, not kept. */
MUST_USE int db_exec(struct db *db, const char *sql, struct error *err);
/* Runs SQL with one number and keeps it. */
MUST_USE int db_run_with(struct db *db, const char *sql, int64_t value, struct error *err);
/* The number that SQL with one number gives; 0 where it gives no row or null. */
MUST_USE int db_number(struct db *db, const char *sql, int64_t with, int64_t *out,
                       struct error *err);

/* ST, which gives one row or none, for each of N: a server is asked for many at once. */
struct db_each {
  void (*bind)(void *user, struct statement *st, size_t i);
  /* Asks nothing of the database itself. */
  int (*take)(void *user, struct statement *st, size_t i, struct error *err);
  void *user;
};
MUST_USE int db_for_each(struct db *db, struct statement *st, size_t n, const struct db_each *each,
                         struct error *err);

/* One read transaction; one write transaction, which waits for those of others. */
MUST_USE int db_begin_read(struct db *db, struct error *err);
MUST_USE int db_begin_write(struct db *db, struct error *err);
MUST_USE int db_commit(struct db *db, struct error *err); /* after -1 it is rolled back */
void db_rollback(struct db *db); /* also ends a reading; nothing where none is open */

/* Changes when another process has written, or may have. */
MUST_USE int db_version(struct db *db, int64_t *version, struct error *err);
/* From now on what is deleted is overwritten, or not; and gives the space of what is
 * deleted back: a file's matter. */
MUST_USE int db_wipe(struct db *db, bool wipes, struct error *err);
MUST_USE int db_shrink(struct db *db, struct error *err);

/* -1 unless NUMBER, of a row that was asked for behind BEFORE, is greater: in a damaged
 * file rows stand out of order, and who reads on behind the last one would read for ever. */
MUST_USE int db_expect_behind(struct db *db, int64_t before, int64_t number, struct error *err);

/* Parameters, from 1; the bytes must stay until the statement has run.  A text
 * without bytes is null; a blob without is a blob. */
void bind_int(struct statement *st, int at, int64_t value);
void bind_null(struct statement *st, int at); /* for a number */
void bind_text(struct statement *st, int at, struct slice text);
void bind_text_or_empty(struct statement *st, int at, struct slice text); /* never null */
void bind_blob(struct statement *st, int at, const void *ptr, size_t len);

/* Columns, from 0; valid until the next step.  Null is 0 and the empty slice. */
static inline int64_t column_int(struct statement *st, int at) {
  return st->sqlite ? sqlite3_column_int64(st->sqlite, at) : pg_column_int(st->postgres, at);
}
struct slice column_slice(struct statement *st, int at);
/* As NUL-terminated text, cut at SIZE. */
void column_text(struct statement *st, int at, char *to, size_t size);

#endif
