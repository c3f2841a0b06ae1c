/* A query of a PostgreSQL server, row by row as it sends them.
 *
 * Unless the query writes, the transaction is READ ONLY, and a first SELECT in it makes
 * that final: PostgreSQL lets nobody turn it back once a snapshot is taken.  Parameters travel
 * beside the query, which is one statement by the protocol's own rule. */
#include "state/query_inside.h"

#include "base/hex.h"
#include "base/number.h"

#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONNECT_S = 10, PARAMETERS_MAX = DSN_PARAMETERS + 4 };

/* Types whose text is not what a script wants (pg_type.dat). */
enum {
  OID_BOOL = 16,
  OID_BYTEA = 17,
  OID_INT8 = 20,
  OID_INT2 = 21,
  OID_INT4 = 23,
  OID_OID = 26,
  OID_FLOAT4 = 700,
  OID_FLOAT8 = 701
};

#define BEGIN(mode)                                                                                \
  "BEGIN TRANSACTION READ " mode ";"                                                               \
  "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'iso_8601';"                        \
  "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SELECT 1"

enum stage { CONNECTING, BEGINNING, ASKED, ENDING, ENDED };

struct query_postgres {
  struct query query;
  PGconn *conn;
  enum stage stage;
  short events; /* to wait for */
  const struct clock *clock;
  int64_t give_up_ns; /* while connecting */
  Oid *types;         /* of the columns */
  char *sql;
  char **params; /* as text; NULL: null */
  size_t params_len;
};

/* ---- errors -------------------------------------------------------------- */

/* TEXT's lines as one, without what libpq puts before and behind. */
static void one_line(char *to, size_t size, const char *text) {
  size_t len = 0;
  for (; *text && len + 1 < size; text++) {
    bool is_blank = *text == '\n' || *text == '\t' || *text == ' ';
    if (!is_blank)
      to[len++] = *text;
    else if (len && to[len - 1] != ' ')
      to[len++] = ' ';
  }
  if (len && to[len - 1] == ' ') len--;
  to[len] = '\0';
}

static int fail(const struct query_postgres *q, struct error *err) {
  char text[sizeof err->message];
  one_line(text, sizeof text, PQerrorMessage(q->conn));
  (void)error_set(err, ERROR_DATA, "%s", text);
  if (PQconnectionNeedsPassword(q->conn) || PQconnectionUsedPassword(q->conn))
    return error_hint(
        err,
        "the password comes from auth = \"NAME\" (`hoko key add NAME --origin postgresql://HOST`) "
        "or ~/.pgpass");
  return -1;
}

static const char *field(const PGresult *r, int code) {
  const char *text = PQresultErrorField(r, code);
  return text ? text : "";
}

/* What the server says of the statement. */
static int fail_result(const struct query_postgres *q, const PGresult *r, struct error *err) {
  char text[sizeof err->message], hint[sizeof err->hint];
  const char *position = field(r, PG_DIAG_STATEMENT_POSITION), *state = field(r, PG_DIAG_SQLSTATE);
  if (!field(r, PG_DIAG_MESSAGE_PRIMARY)[0]) return fail(q, err);
  one_line(text, sizeof text, field(r, PG_DIAG_MESSAGE_PRIMARY));
  (void)error_set(err, ERROR_DATA, position[0] ? "%s (at character %s of the query)" : "%s%s", text,
                  position);
  one_line(hint, sizeof hint, field(r, PG_DIAG_MESSAGE_HINT));
  if (strcmp(state, "25006") == 0 && !q->query.writes) return query_fail_denied(&q->query, err);
  return hint[0] ? error_hint(err, "%s", hint) : -1;
}

/* ---- opening ------------------------------------------------------------- */

static int copy_param(char **to, const struct cell *c, struct error *err) {
  char text[32] = "";
  struct slice s = {text, 0};
  switch (c->kind) {
  case CELL_NULL: return 0;
  case CELL_FALSE: s = SLICE("false"); break;
  case CELL_TRUE: s = SLICE("true"); break;
  case CELL_INTEGER:
    s.len = (size_t)snprintf(text, sizeof text, "%lld", (long long)c->integer);
    break;
  case CELL_FLOAT: s.len = (size_t)snprintf(text, sizeof text, "%.17g", c->real); break;
  case CELL_TEXT: s = c->text; break;
  }
  if (s.len && memchr(s.ptr, '\0', s.len))
    return error_set(err, ERROR_DATA, "a parameter holds a NUL, which PostgreSQL takes in no text");
  *to = strndup(s.len ? s.ptr : "", s.len);
  return *to ? 0 : error_set(err, ERROR_MEMORY, "out of memory for a query");
}

static int copy_query(struct query_postgres *q, const struct query_options *o, struct error *err) {
  q->sql = strdup(o->sql);
  q->params = calloc(o->params_len + 1, sizeof *q->params);
  if (!q->sql || !q->params) return error_set(err, ERROR_MEMORY, "out of memory for a query");
  q->params_len = o->params_len;
  for (size_t i = 0; i < o->params_len; i++)
    if (copy_param(&q->params[i], &o->params[i], err)) return -1;
  return 0;
}

static bool is_one_of(const char *word, const char *const *words) {
  while (*words && strcmp(word, *words) != 0) words++;
  return *words != NULL;
}

/* A stored password goes to its server only: over TLS that proves who answers, unless the
 * script knows better, or within this machine. */
static int check_mode(const struct query_options *o, const char **mode, struct error *err) {
  static const char *const weak[] = {"disable", "allow", "prefer", NULL};
  const struct dsn *d = o->dsn;
  bool is_local = strcmp(d->host, "localhost") == 0 || strcmp(d->host, "127.0.0.1") == 0 ||
                  strcmp(d->host, "::1") == 0;
  *mode = d->parameter[DSN_SSLMODE];
  if (!o->password.len || is_local) return 0;
  if (!*mode) *mode = "verify-full";
  if (!is_one_of(*mode, weak)) return 0;
  (void)error_set(err, ERROR_USAGE, "with sslmode=%s a stored password could travel in clear",
                  *mode);
  return error_hint(err, "leave sslmode out: it is verify-full then");
}

static int connect_start(struct query_postgres *q, const struct query_options *o,
                         struct error *err) {
  const char *keywords[PARAMETERS_MAX + 1] = {0}, *values[PARAMETERS_MAX + 1] = {0}, *mode;
  int n = 0;
  if (check_mode(o, &mode, err)) return -1;
  for (size_t i = 0; i < DSN_PARAMETERS; i++, n++) {
    keywords[n] = dsn_parameter_name[i];
    values[n] = i == DSN_SSLMODE ? mode : o->dsn->parameter[i];
  }
  if (!values[DSN_APPLICATION]) values[DSN_APPLICATION] = "hoko";
  keywords[n] = "client_encoding", values[n++] = "UTF8";
  keywords[n] = "tcp_user_timeout", values[n++] = "10000";
  if (o->password.len) keywords[n] = "password", values[n++] = o->password.ptr;
  q->conn = PQconnectStartParams(keywords, values, 0);
  if (!q->conn) return error_set(err, ERROR_MEMORY, "out of memory for a connection");
  if (PQstatus(q->conn) == CONNECTION_BAD) return fail(q, err);
  int64_t seconds = CONNECT_S;
  const char *given = o->dsn->parameter[DSN_CONNECT_TIMEOUT];
  if (given && number_int64(slice_of(given), 1, 3600, &seconds))
    return error_set(err, ERROR_USAGE, "connect_timeout is a number of seconds from 1 to 3600");
  q->give_up_ns = clock_mono_ns(q->clock) + seconds * 1000000000;
  q->events = POLLOUT;
  return 0;
}

/* ---- on the way to the first row ----------------------------------------- */

static void be_silent(void *user, const PGresult *r) { (void)user, (void)r; }

static bool is_ready(const struct query_postgres *q) {
  struct pollfd p = {.fd = PQsocket(q->conn), .events = q->events};
  return poll(&p, 1, 0) > 0;
}

static enum query_got waits(struct query_postgres *q, short events) {
  q->events = events;
  return QUERY_WAITS;
}

static enum query_got failed(int minus_one) {
  (void)minus_one;
  return QUERY_FAILED;
}

static int send_begin(struct query_postgres *q, struct error *err) {
  (void)PQsetNoticeReceiver(q->conn, be_silent, NULL);
  const char *begin = q->query.writes ? BEGIN("WRITE") : BEGIN("ONLY");
  if (PQsetnonblocking(q->conn, 1) || !PQsendQuery(q->conn, begin)) return fail(q, err);
  q->stage = BEGINNING;
  return 0;
}

static enum query_got connecting(struct query_postgres *q, struct error *err) {
  while (is_ready(q)) {
    switch (PQconnectPoll(q->conn)) {
    case PGRES_POLLING_READING: q->events = POLLIN; break;
    case PGRES_POLLING_WRITING: q->events = POLLOUT; break;
    case PGRES_POLLING_OK: return send_begin(q, err) ? QUERY_FAILED : QUERY_FULL;
    default: return failed(fail(q, err));
    }
  }
  if (clock_mono_ns(q->clock) < q->give_up_ns) return QUERY_WAITS;
  return failed(
      error_set(err, ERROR_DATA, "the database did not answer within its connect_timeout"));
}

/* The next result, NULL at the end of them; false: it is not there yet (*got), or failed. */
static bool next_result(struct query_postgres *q, PGresult **r, enum query_got *got,
                        struct error *err) {
  if (PQisBusy(q->conn)) {
    int unsent = PQflush(q->conn);
    if (unsent < 0 || !PQconsumeInput(q->conn)) return *got = failed(fail(q, err)), false;
    if (PQisBusy(q->conn)) return *got = waits(q, (short)(POLLIN | (unsent ? POLLOUT : 0))), false;
  }
  *r = PQgetResult(q->conn);
  return true;
}

static enum query_got beginning(struct query_postgres *q, struct error *err) {
  enum query_got got;
  PGresult *r;
  while (next_result(q, &r, &got, err)) {
    if (!r) {
      bool is_sent = PQsendQueryParams(q->conn, q->sql, (int)q->params_len, NULL,
                                       (const char *const *)q->params, NULL, NULL, 0) &&
                     PQsetSingleRowMode(q->conn);
      q->stage = ASKED;
      return is_sent ? QUERY_FULL : failed(fail(q, err));
    }
    bool is_good = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
    if (!is_good) (void)fail_result(q, r, err);
    PQclear(r);
    if (!is_good) return QUERY_FAILED;
  }
  return got;
}

/* ---- rows ---------------------------------------------------------------- */

static int name_columns(struct query_postgres *q, const PGresult *r, struct error *err) {
  size_t n = (size_t)PQnfields(r);
  if (!n) return error_set(err, ERROR_DATA, "the query gives no columns");
  q->types = calloc(n, sizeof *q->types);
  if (!q->types) return error_set(err, ERROR_MEMORY, "out of memory for the columns of a query");
  if (query_make_columns(&q->query, n, err)) return -1;
  for (size_t i = 0; i < n; i++) {
    q->types[i] = PQftype(r, (int)i);
    if (query_name_column(&q->query, i, PQfname(r, (int)i), err)) return -1;
  }
  return 0;
}

/* "\x" and two digits a byte. */
static int put_bytes(struct query_postgres *q, struct slice hex, struct buf *frame,
                     struct error *err) {
  size_t len = hex.len < 2 ? 0 : (hex.len - 2) / 2;
  if (query_check_size(&q->query, frame, len, err)) return -1;
  cell_put_text(frame, (struct slice){hex.ptr, len}); /* room, to be overwritten */
  if (!buf_ok(frame)) return 0;                       /* told at the row's end */
  char *to = frame->ptr + frame->len - len;
  for (size_t i = 0; i < len; i++)
    to[i] = (char)(hex_value(hex.ptr[2 + 2 * i]) << 4 | hex_value(hex.ptr[3 + 2 * i]));
  return 0;
}

static int put_integer(struct query_postgres *q, size_t i, struct slice text, struct buf *frame,
                       struct error *err) {
  int64_t value;
  if (number_int64(text, INT64_MIN, INT64_MAX, &value))
    return query_put_text(&q->query, i, text, frame, err);
  cell_put_integer(frame, value);
  return 0;
}

static int put_cell(struct query_postgres *q, const PGresult *r, size_t i, struct buf *frame,
                    struct error *err) {
  struct slice text = {PQgetvalue(r, 0, (int)i), (size_t)PQgetlength(r, 0, (int)i)};
  if (!text.len && PQgetisnull(r, 0, (int)i)) return cell_put(frame, CELL_NULL), 0;
  switch (q->types[i]) {
  case OID_INT2:
  case OID_INT4:
  case OID_INT8:
  case OID_OID: return put_integer(q, i, text, frame, err);
  case OID_BOOL: return cell_put(frame, text.ptr[0] == 't' ? CELL_TRUE : CELL_FALSE), 0;
  case OID_FLOAT4:
  case OID_FLOAT8: return cell_put_float(frame, strtod(text.ptr, NULL)), 0;
  case OID_BYTEA: return put_bytes(q, text, frame, err);
  default: return query_put_text(&q->query, i, text, frame, err);
  }
}

static int put_row(struct query_postgres *q, const PGresult *r, struct buf *frame,
                   struct error *err) {
  int rc = 0;
  query_begin_row(&q->query, frame);
  for (size_t i = 0; rc == 0 && i < q->query.columns_len; i++) rc = put_cell(q, r, i, frame, err);
  return query_end_row(&q->query, frame, rc, err);
}

static int take_count(struct query_postgres *q, PGresult *r, struct error *err) {
  if (query_name_changed(&q->query, err)) return -1;
  if (number_int64(slice_of(PQcmdTuples(r)), 0, INT64_MAX, &q->query.changed))
    q->query.changed = 0; /* it is of no rows */
  return 0;
}

static int take_result(struct query_postgres *q, PGresult *r, struct buf *frame,
                       struct error *err) {
  switch (PQresultStatus(r)) {
  case PGRES_SINGLE_TUPLE:
    return !q->query.columns && name_columns(q, r, err) ? -1 : put_row(q, r, frame, err);
  case PGRES_TUPLES_OK: return !q->query.columns ? name_columns(q, r, err) : 0;
  case PGRES_FATAL_ERROR: return fail_result(q, r, err);
  case PGRES_COMMAND_OK:
    if (q->query.writes) return take_count(q, r, err);
    return error_set(err, ERROR_DATA, "the query gives no rows");
  default: return error_set(err, ERROR_DATA, "the query gives no rows");
  }
}

/* What was written is asked to be kept; what was read needs nothing. */
static enum query_got after_rows(struct query_postgres *q, struct error *err) {
  q->stage = q->query.writes ? ENDING : ENDED;
  if (!q->query.writes) return QUERY_ENDED;
  return PQsendQuery(q->conn, q->query.is_trial ? "ROLLBACK" : "COMMIT") ? QUERY_FULL
                                                                         : failed(fail(q, err));
}

static enum query_got ending(struct query_postgres *q, struct buf *frame, struct error *err) {
  enum query_got got;
  PGresult *r;
  while (next_result(q, &r, &got, err)) {
    if (!r) {
      q->stage = ENDED;
      return q->query.changed >= 0 && query_put_changed(&q->query, frame, err) ? QUERY_FAILED
                                                                               : QUERY_ENDED;
    }
    bool is_good = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!is_good) (void)fail_result(q, r, err);
    PQclear(r);
    if (!is_good) return QUERY_FAILED;
  }
  return got;
}

static enum query_got asked(struct query_postgres *q, struct buf *frame, struct error *err) {
  enum query_got got;
  PGresult *r;
  while (frame->len < QUERY_FRAME_FULL) {
    if (!next_result(q, &r, &got, err)) return got;
    if (!r) return after_rows(q, err);
    int rc = take_result(q, r, frame, err);
    PQclear(r);
    if (rc) return QUERY_FAILED;
  }
  return QUERY_FULL;
}

static enum query_got step(struct query *base, struct buf *frame, struct error *err) {
  struct query_postgres *q = (struct query_postgres *)base;
  enum query_got got = QUERY_FULL; /* on to the next stage */
  if (q->stage == CONNECTING) got = connecting(q, err);
  if (q->stage == BEGINNING && got == QUERY_FULL) got = beginning(q, err);
  if (q->stage == ASKED && got == QUERY_FULL) got = asked(q, frame, err);
  if (q->stage == ENDING && got == QUERY_FULL) got = ending(q, frame, err);
  return q->stage == ENDED ? QUERY_ENDED : got;
}

static int poll_postgres(const struct query *base, short *events) {
  const struct query_postgres *q = (const struct query_postgres *)base;
  *events = q->events;
  return PQsocket(q->conn);
}

/* ---- the end ------------------------------------------------------------- */

/* Closing alone would let a long query run on until it has something to say. */
static void cancel(PGconn *conn) {
  char ignored[256];
  if (PQtransactionStatus(conn) != PQTRANS_ACTIVE) return;
  PGcancel *cancel = PQgetCancel(conn);
  (void)PQcancel(cancel, ignored, sizeof ignored); /* then the server finds out by itself */
  PQfreeCancel(cancel);
}

static void close_postgres(struct query *base) {
  struct query_postgres *q = (struct query_postgres *)base;
  if (q->conn && q->stage != ENDED) cancel(q->conn);
  PQfinish(q->conn);
  for (size_t i = 0; i < q->params_len; i++) free(q->params[i]);
  free(q->params);
  free(q->sql);
  free(q->types);
  free(q);
}

int query_postgres_open(struct query **out, const struct query_options *o, struct error *err) {
  static const struct query_kind kind = {
      .step = step, .poll = poll_postgres, .close = close_postgres};
  struct query_postgres *q = calloc(1, sizeof *q);
  if (!q) return error_set(err, ERROR_MEMORY, "out of memory for a query");
  q->query = query_of(&kind, o);
  q->clock = o->clock;
  if (copy_query(q, o, err) || connect_start(q, o, err)) {
    query_close(&q->query);
    return -1;
  }
  *out = &q->query;
  return 0;
}
