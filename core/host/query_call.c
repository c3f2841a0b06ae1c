#include "host/query_call.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/number.h"
#include "net/reach.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DSN_MAX = 4096, SQL_MAX = 1 << 20, PARAMS_BYTES_MAX = 16 << 20 };

struct query_call {
  struct buf dsn, sql, auth, cells;
  struct cell *params; /* into CELLS */
  size_t params_len;
  bool writes;
};

/* ---- reading ------------------------------------------------------------- */

static int put_number(struct buf *cells, struct slice text) {
  char copy[64];
  int64_t value;
  if (number_int64(text, INT64_MIN, INT64_MAX, &value) == 0)
    return cell_put_integer(cells, value), 0;
  if (text.len >= sizeof copy) return -1;
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  return cell_put_float(cells, strtod(copy, NULL)), 0;
}

static int put_text(struct buf *cells, struct slice escaped) {
  struct buf text = BUF_WITH_LIMIT(PARAMS_BYTES_MAX);
  int rc = json_unescape(&text, escaped) || !buf_ok(&text) ? -1 : 0;
  if (rc == 0) cell_put_text(cells, buf_slice(&text));
  buf_free(&text);
  return rc;
}

static int put_param(struct buf *cells, const struct json_scan *scan, enum json_token token) {
  switch (token) {
  case JSON_NULL: cell_put(cells, CELL_NULL); return 0;
  case JSON_TRUE: cell_put(cells, CELL_TRUE); return 0;
  case JSON_FALSE: cell_put(cells, CELL_FALSE); return 0;
  case JSON_NUMBER: return put_number(cells, scan->text);
  case JSON_STRING: return put_text(cells, scan->text);
  default: return -1;
  }
}

static int read_params(struct query_call *c, struct json_scan *scan) {
  for (;; c->params_len++) {
    enum json_token token = json_next(scan);
    if (token == JSON_ARRAY_END) break;
    if (c->params_len == QUERY_PARAMS_MAX || put_param(&c->cells, scan, token)) return -1;
  }
  struct slice rest = buf_slice(&c->cells);
  c->params = calloc(c->params_len + 1, sizeof *c->params);
  if (!c->params || !buf_ok(&c->cells)) return -1;
  for (size_t i = 0; i < c->params_len; i++)
    if (!cell_take(&rest, &c->params[i])) return -1;
  return 0;
}

static int read_member(struct query_call *c, struct json_scan *scan) {
  struct slice name = scan->text;
  enum json_token token = json_next(scan);
  if (token == JSON_ARRAY_BEGIN && slice_is(name, "params")) return read_params(c, scan);
  if (token == JSON_TRUE && slice_is(name, "write")) return c->writes = true, 0;
  struct buf *to = slice_is(name, "dsn")     ? &c->dsn
                   : slice_is(name, "query") ? &c->sql
                   : slice_is(name, "auth")  ? &c->auth
                                             : NULL;
  return to && token == JSON_STRING && json_unescape(to, scan->text) == 0 ? 0 : -1;
}

static bool is_text(struct buf *b) {
  return buf_text(b) && !(b->len && memchr(b->ptr, '\0', b->len));
}

static int read_call(struct query_call *c, struct slice json, struct error *err) {
  struct json_scan scan;
  json_init(&scan, 4);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN) goto wrong;
  for (enum json_token token = json_next(&scan); token != JSON_OBJECT_END; token = json_next(&scan))
    if (token != JSON_KEY || read_member(c, &scan)) goto wrong;
  if (!is_text(&c->dsn) || !is_text(&c->sql) || !is_text(&c->auth)) goto wrong;
  return 0;
wrong:
  return error_set(err, ERROR_USAGE,
                   "hoko.sql takes a query of up to 1 MiB without a NUL, and up to %d parameters "
                   "of 16 MiB in all",
                   QUERY_PARAMS_MAX);
}

/* ---- what it may reach ---------------------------------------------------- */

/* The real path of the file, once it was opened as every file of a script is. */
static int find_file(const struct running *r, const struct dsn *dsn, bool writes,
                     char path[PATH_SIZE], struct error *err) {
  char link[32];
  int fd =
      files_open_for(&r->files, slice_of(dsn->file), writes ? OPEN_READ_WRITE : OPEN_READ, err);
  if (fd < 0) return -1;
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink(link, path, PATH_SIZE - 1);
  (void)close(fd);
  if (len <= 0 || path[0] != '/')
    return error_set(err, ERROR_USAGE, "%s is no file of a database", dsn->file);
  path[len] = '\0';
  return 0;
}

static int check_reach(const struct running *r, const char *origin, struct error *err) {
  if (r->job->kind == JOB_TESTS)
    return error_set(err, ERROR_DENIED,
                     "a test has no network: give the function under test what it needs");
  if (reach_has(r->http.reach, origin)) return 0;
  struct slice host = origin_host(origin);
  (void)error_set(err, ERROR_DENIED, "%s is not allowed", origin);
  return error_hint(err, "add --allow-net=%.*s, or allow = { net = { \"%.*s\" } } in hoko.lua",
                    SLICE_ARG(host), SLICE_ARG(host));
}

/* What DSN leads to must be allowed: a file into PATH, or a server into ORIGIN. */
static int allow(const struct running *r, const struct dsn *dsn, bool writes, char path[PATH_SIZE],
                 char origin[ORIGIN_SIZE], struct error *err) {
  switch (dsn->kind) {
  case DSN_SQLITE: return find_file(r, dsn, writes, path, err);
  case DSN_POSTGRESQL:
    if (origin_of_place(origin, "postgresql", dsn->host, dsn->port, err)) return -1;
    return check_reach(r, origin, err);
  }
  return -1;
}

/* *password is NULL where NAME is "". */
static int find_password(const struct running *r, const struct dsn *dsn, const char *origin,
                         const char *name, struct secret **password, struct error *err) {
  if (!name[0]) return 0;
  if (dsn->kind != DSN_POSTGRESQL)
    return error_set(err, ERROR_USAGE, "option 'auth' is for servers, and %s is a file", dsn->name);
  if (!r->job->events.named_key) return error_set(err, ERROR_AUTH, "there are no keys here");
  if (r->job->events.named_key(r->job->events.user, name, password, err)) return -1;
  if (strcmp(secret_origin(*password), origin) == 0) return 0;
  (void)error_set(err, ERROR_AUTH, "the key %s is for %s, not for %s", name,
                  secret_origin(*password), origin);
  secret_free(*password);
  *password = NULL;
  return error_hint(err, "hoko key add NAME --origin %s", origin);
}

/* Asked in the middle of a long step: no signal has come. */
static bool is_wanted(void *user) {
  const struct running *r = user;
  struct pollfd p = {.fd = r->signal_fd, .events = POLLIN};
  return poll(&p, 1, 0) <= 0;
}

static int open_query(struct running *r, struct query_call *c, const struct dsn *dsn,
                      struct query **out, struct error *err) {
  char path[PATH_SIZE], origin[ORIGIN_SIZE];
  struct secret *password = NULL;
  if (allow(r, dsn, c->writes, path, origin, err) ||
      find_password(r, dsn, origin, c->auth.ptr, &password, err))
    return -1;
  const struct query_options o = {.dsn = dsn,
                                  .file = path,
                                  .sql = c->sql.ptr,
                                  .params = c->params,
                                  .params_len = c->params_len,
                                  .password =
                                      password ? secret_open(password) : (struct slice){NULL, 0},
                                  .writes = c->writes,
                                  .is_trial = r->job->is_dry,
                                  .clock = r->job->clock,
                                  .is_wanted = is_wanted,
                                  .user = r};
  int rc = query_open(out, &o, err);
  if (password) secret_close(password);
  secret_free(password);
  return rc;
}

int query_call_open(struct running *r, struct slice json, struct query **out, struct error *err) {
  struct query_call c = {.dsn = BUF_WITH_LIMIT(DSN_MAX),
                         .sql = BUF_WITH_LIMIT(SQL_MAX),
                         .auth = BUF_WITH_LIMIT(KEYSTORE_NAME_SIZE),
                         .cells = BUF_WITH_LIMIT(PARAMS_BYTES_MAX)};
  struct dsn dsn;
  int rc = read_call(&c, json, err);
  if (rc == 0) rc = dsn_parse(&dsn, c.dsn.ptr, err);
  if (rc == 0) {
    rc = open_query(r, &c, &dsn, out, err);
    dsn_free(&dsn);
  }
  buf_free(&c.dsn);
  buf_free(&c.sql);
  buf_free(&c.auth);
  buf_free(&c.cells);
  free(c.params);
  return rc;
}
