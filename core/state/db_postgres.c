#include "state/db_postgres.h"

#include "base/utf8.h"

#include <assert.h>
#include <endian.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARAMS_MAX = 16, OID_INT8 = 20, OID_BYTEA = 17, OID_TEXT = 25 };

struct pg_statement {
  struct pg *pg;
  char name[16];
  char *text;
  int params_len;
  bool is_prepared;
  Oid types[PARAMS_MAX];
  const char *values[PARAMS_MAX];
  int lengths[PARAMS_MAX], formats[PARAMS_MAX];
  uint64_t numbers[PARAMS_MAX]; /* big endian, behind VALUES */
  struct buf shown[PARAMS_MAX]; /* texts that the server would not take as they are */
  PGresult *result;             /* of the last step; NULL: not run */
  int row;
};

struct pg {
  PGconn *conn;
  const char *name;
  int statements_len;
  size_t sent; /* commands whose outcome was not read yet */
  int64_t changes;
  bool is_committed;
};

/* ---- errors -------------------------------------------------------------- */

/* By the class, the first two characters of SQLSTATE. */
static const struct hint {
  const char *class, *hint;
} hints[] = {
    {"08", "is the server up, and is the network? what is missing is sent by the next run"},
    {"25", "the server takes no writes: name the one that does"},
    {"28", "the password comes from ~/.pgpass or PGPASSWORD, never from the name of the state"},
    {"3D", "createdb makes a database"},
    {"42", "its user must own the schema hoko, or be allowed to make it: GRANT CREATE ON DATABASE"},
    {"53", "the server is out of disk, memory or connections: free some, then run again"},
    {"57", "the server is going down: what is missing is sent by the next run"},
};

static int fail(const struct pg *pg, const char *text, const char *state, struct error *err) {
  int len = (int)strcspn(text, "\n");
  (void)error_set(err, ERROR_STATE, "%s: %.*s", pg->name, len, len ? text : "no answer");
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++)
    if (strncmp(state, hints[i].class, 2) == 0) return error_hint(err, "%s", hints[i].hint);
  return -1;
}

static int fail_conn(const struct pg *pg, struct error *err) {
  const char *text = PQerrorMessage(pg->conn);
  bool is_auth = PQconnectionNeedsPassword(pg->conn) || PQconnectionUsedPassword(pg->conn);
  return fail(pg, text, is_auth ? "28" : "08", err);
}

static int fail_result(const struct pg *pg, const PGresult *r, struct error *err) {
  const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY),
             *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
  return text ? fail(pg, text, state ? state : "", err) : fail_conn(pg, err);
}

int pg_damaged(const struct pg *pg, struct error *err) {
  (void)error_set(err, ERROR_STATE, "%s: what stands in the schema hoko is not what hoko wrote",
                  pg->name);
  return error_hint(err, "hoko state check   tells more; pg_restore brings a dump back");
}

/* ---- connecting ---------------------------------------------------------- */

static void be_silent(void *user, const PGresult *r) { (void)user, (void)r; }

static PGconn *dial(const struct dsn *dsn) {
  const char *keywords[DSN_PARAMETERS + 6] = {0}, *values[DSN_PARAMETERS + 6] = {0};
  int n = 0;
  for (size_t i = 0; i < DSN_PARAMETERS; i++, n++) {
    keywords[n] = dsn_parameter_name[i];
    values[n] = dsn->parameter[i];
  }
  if (!values[DSN_APPLICATION]) values[DSN_APPLICATION] = "hoko";
  if (!values[DSN_CONNECT_TIMEOUT]) values[DSN_CONNECT_TIMEOUT] = "10";
  keywords[n] = "client_encoding", values[n++] = "UTF8";
  keywords[n] = "tcp_user_timeout", values[n++] = "30000";
  keywords[n] = "keepalives_idle", values[n++] = "30";
  return PQconnectdbParams(keywords, values, 0);
}

static int check_encoding(struct pg *pg, struct error *err) {
  const char *encoding = PQparameterStatus(pg->conn, "server_encoding");
  if (encoding && strcmp(encoding, "UTF8") == 0) return 0;
  (void)error_set(err, ERROR_STATE, "%s keeps its texts as %s, not as UTF8", pg->name,
                  encoding ? encoding : "?");
  return error_hint(err,
                    "createdb --encoding UTF8 --template template0 makes a database that fits");
}

/* J1 rests on a commit that is on the disk when it is told. */
static const char at_begin[] =
    "SET synchronous_commit = on; SET search_path = hoko; SET lock_timeout = '10s'";

int pg_open(struct pg **out, const struct dsn *dsn, const char *name, struct error *err) {
  struct pg *pg = calloc(1, sizeof *pg);
  if (!pg) return error_set(err, ERROR_MEMORY, "no memory to open %s", name);
  pg->name = name;
  pg->conn = dial(dsn);
  int result = pg->conn ? 0 : error_set(err, ERROR_MEMORY, "no memory to open %s", name);
  if (result == 0 && PQstatus(pg->conn) != CONNECTION_OK) result = fail_conn(pg, err);
  if (result == 0) {
    (void)PQsetNoticeReceiver(pg->conn, be_silent, NULL);
    result = check_encoding(pg, err);
  }
  if (result == 0)
    result = PQenterPipelineMode(pg->conn) ? pg_exec(pg, at_begin, err) : fail_conn(pg, err);
  if (result == 0)
    *out = pg;
  else
    pg_close(pg);
  return result;
}

/* A server notices some time later that a client has gone, and its locks with it. */
static void give_locks(struct pg *pg) {
  struct error ignored;
  if (PQstatus(pg->conn) == CONNECTION_OK)
    (void)!pg_exec(pg, "SELECT pg_advisory_unlock_all()", &ignored);
}

void pg_close(struct pg *pg) {
  if (!pg) return;
  if (pg->conn) give_locks(pg);
  PQfinish(pg->conn);
  free(pg);
}

/* ---- statements ---------------------------------------------------------- */

/* The number behind the mark at AT, or the next one; *AT moves behind it. */
static int place_of(const char **at, int last) {
  int n = 0;
  for (++*at; **at >= '0' && **at <= '9'; ++*at) n = n * 10 + (**at - '0');
  return n ? n : last + 1;
}

/* "?1" and "?" become "$1", and what is for SQLite only goes. */
static int translate(struct pg_statement *st, const char *sql, struct buf *to) {
  int last = 0;
  while (*sql) {
    if (strncmp(sql, "/*<*/", 5) == 0) {
      sql = strstr(sql, "/*>*/") + 5;
    } else if (*sql == '?') {
      last = place_of(&sql, last);
      if (last > st->params_len) st->params_len = last;
      buf_printf(to, "$%d", last);
    } else {
      buf_add_char(to, *sql++);
    }
  }
  assert(st->params_len <= PARAMS_MAX);
  const char *text = buf_text(to);
  st->text = text ? strdup(text) : NULL;
  return st->text ? 0 : -1;
}

struct pg_statement *pg_prepare(struct pg *pg, const char *sql, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(16 << 10);
  struct pg_statement *st = calloc(1, sizeof *st);
  if (st) {
    st->pg = pg;
    for (int i = 0; i < PARAMS_MAX; i++) st->shown[i] = BUF_WITH_LIMIT(64 << 20);
    (void)snprintf(st->name, sizeof st->name, "s%d", ++pg->statements_len);
  }
  if (!st || translate(st, sql, &text) != 0) {
    pg_statement_free(st);
    st = NULL;
    (void)error_set(err, ERROR_MEMORY, "no memory for a statement");
  }
  buf_free(&text);
  return st;
}

void pg_statement_free(struct pg_statement *st) {
  if (!st) return;
  PQclear(st->result);
  for (int i = 0; i < PARAMS_MAX; i++) buf_free(&st->shown[i]);
  free(st->text);
  free(st);
}

void pg_reset(struct pg_statement *st) {
  PQclear(st->result);
  st->result = NULL;
}

/* ---- parameters ---------------------------------------------------------- */

static void bind(struct pg_statement *st, int at, Oid type, struct slice bytes) {
  pg_reset(st);
  int i = at - 1;
  st->types[i] = type;
  st->values[i] = bytes.ptr;
  st->lengths[i] = (int)bytes.len;
  st->formats[i] = 1;
}

void pg_bind_int(struct pg_statement *st, int at, int64_t value) {
  st->numbers[at - 1] = htobe64((uint64_t)value);
  bind(st, at, OID_INT8, (struct slice){(const char *)&st->numbers[at - 1], sizeof value});
}

void pg_bind_null(struct pg_statement *st, int at) {
  bind(st, at, OID_INT8, (struct slice){NULL, 0});
}

/* PostgreSQL takes neither a NUL nor what is no UTF-8; such text is for people. */
void pg_bind_text(struct pg_statement *st, int at, struct slice text) {
  if (text.len && (utf8_check(text) < text.len || memchr(text.ptr, '\0', text.len))) {
    struct buf *shown = &st->shown[at - 1];
    buf_clear(shown);
    utf8_printable(shown, text);
    text = buf_ok(shown) ? buf_slice(shown) : SLICE("?");
  }
  bind(st, at, OID_TEXT, text);
}

void pg_bind_blob(struct pg_statement *st, int at, struct slice bytes) {
  bind(st, at, OID_BYTEA, bytes);
}

/* ---- sending and taking -------------------------------------------------- */

/* The next outcome, NULL where the connection is gone. */
static PGresult *next_result(struct pg *pg) {
  PGresult *r = PQgetResult(pg->conn);
  if (!r) r = PQgetResult(pg->conn); /* between two commands stands one NULL */
  return r;
}

static bool is_good(const PGresult *r) {
  ExecStatusType status = PQresultStatus(r);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* What the last command of a drain left. */
static void note(struct pg *pg, PGresult *r) {
  const char *changes = PQcmdTuples(r);
  pg->changes = changes[0] ? strtoll(changes, NULL, 10) : 0;
  pg->is_committed = strcmp(PQcmdStatus(r), "COMMIT") == 0;
}

struct drain {
  size_t skip; /* outcomes before those that TAKE is for */
  int (*take)(void *user, size_t i, struct error *err);
  void *user;
  struct pg_statement *st;
};

static const struct drain plain;

/* One outcome, the I-th; RESULT: how it went so far. */
static int take_outcome(struct pg *pg, const struct drain *d, PGresult *r, size_t i, int result,
                        struct error *err) {
  if (!is_good(r))
    return result != 0 || PQresultStatus(r) == PGRES_PIPELINE_ABORTED ? -1
                                                                      : fail_result(pg, r, err);
  note(pg, r);
  if (result != 0 || !d->take || i < d->skip || PQntuples(r) == 0) return result;
  pg_reset(d->st);
  d->st->result = r;
  d->st->row = 0;
  result = d->take(d->user, i - d->skip, err);
  d->st->result = NULL;
  return result;
}

/* Reads all outcomes; *LAST, if wanted, is that of the last command. */
static int drain(struct pg *pg, const struct drain *d, PGresult **last, struct error *err) {
  int result = 0;
  if (!PQpipelineSync(pg->conn)) return fail_conn(pg, err);
  for (size_t i = 0;; i++) {
    PGresult *r = next_result(pg);
    if (!r) return result ? -1 : fail_conn(pg, err);
    if (PQresultStatus(r) == PGRES_PIPELINE_SYNC) {
      PQclear(r);
      break;
    }
    result = take_outcome(pg, d, r, i, result, err);
    bool is_last = last && i + 1 == pg->sent;
    if (is_last)
      *last = r;
    else
      PQclear(r);
    if (PQstatus(pg->conn) == CONNECTION_BAD) return result ? -1 : fail_conn(pg, err);
  }
  pg->sent = 0;
  return result;
}

/* At once: what fails before it on the way would take it along, and nobody knew. */
static int prepare(struct pg *pg, struct pg_statement *st, struct error *err) {
  if (!PQsendPrepare(pg->conn, st->name, st->text, st->params_len, st->types))
    return fail_conn(pg, err);
  pg->sent++;
  if (drain(pg, &plain, NULL, err) != 0) return -1;
  st->is_prepared = true;
  return 0;
}

int pg_send(struct pg *pg, struct pg_statement *st, struct error *err) {
  if (!st->is_prepared && prepare(pg, st, err) != 0) return -1;
  if (!PQsendQueryPrepared(pg->conn, st->name, st->params_len, st->values, st->lengths, st->formats,
                           1))
    return fail_conn(pg, err);
  pg->sent++;
  return 0;
}

int pg_take(struct pg *pg, struct pg_statement *st, size_t n,
            int (*take)(void *user, size_t i, struct error *err), void *user, struct error *err) {
  struct drain d = {.skip = pg->sent - n, .take = take, .user = user, .st = st};
  return drain(pg, &d, NULL, err);
}

int pg_run(struct pg *pg, struct pg_statement *st, bool waits, struct error *err) {
  pg_reset(st);
  if (pg_send(pg, st, err) != 0) return -1;
  return waits || pg->sent >= PG_SENT_MAX ? drain(pg, &plain, NULL, err) : 0;
}

int pg_step(struct pg *pg, struct pg_statement *st, struct error *err) {
  if (st->result)
    st->row++;
  else {
    PGresult *r = NULL;
    if (pg_send(pg, st, err) != 0) return -1;
    int result = drain(pg, &plain, &r, err);
    if (result != 0) {
      PQclear(r);
      return -1;
    }
    st->result = r;
    st->row = 0;
  }
  if (st->result && st->row < PQntuples(st->result)) return 1;
  pg_reset(st);
  return 0;
}

int64_t pg_changes(const struct pg *pg) { return pg->changes; }
bool pg_is_committed(const struct pg *pg) { return pg->is_committed; }

int pg_exec(struct pg *pg, const char *sql, struct error *err) {
  if (pg->sent > 0) {
    if (drain(pg, &plain, NULL, err) != 0) return -1;
  }
  if (!PQexitPipelineMode(pg->conn)) return fail_conn(pg, err);
  PGresult *r = PQexec(pg->conn, sql);
  int result = is_good(r) ? 0 : fail_result(pg, r, err);
  PQclear(r);
  if (!PQenterPipelineMode(pg->conn) && result == 0) result = fail_conn(pg, err);
  return result;
}

/* ---- columns ------------------------------------------------------------- */

struct slice pg_column_slice(const struct pg_statement *st, int at) {
  if (PQgetisnull(st->result, st->row, at)) return (struct slice){NULL, 0};
  return (struct slice){PQgetvalue(st->result, st->row, at),
                        (size_t)PQgetlength(st->result, st->row, at)};
}

int64_t pg_column_int(const struct pg_statement *st, int at) {
  struct slice s = pg_column_slice(st, at);
  uint64_t wide;
  uint32_t narrow;
  if (s.len == sizeof wide) {
    memcpy(&wide, s.ptr, sizeof wide);
    return (int64_t)be64toh(wide);
  }
  if (s.len != sizeof narrow) return 0;
  memcpy(&narrow, s.ptr, sizeof narrow);
  return (int32_t)be32toh(narrow);
}
