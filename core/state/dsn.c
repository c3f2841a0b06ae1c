#include "state/dsn.h"

#include "base/number.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { PORT_DEFAULT = 5432 };

static const char sqlite_scheme[] = "sqlite:";

const char *const dsn_parameter_name[DSN_PARAMETERS] = {
    [DSN_HOST] = "host",
    [DSN_PORT] = "port",
    [DSN_USER] = "user",
    [DSN_DATABASE] = "dbname",
    [DSN_SSLMODE] = "sslmode",
    [DSN_CHANNEL_BINDING] = "channel_binding",
    [DSN_CONNECT_TIMEOUT] = "connect_timeout",
    [DSN_APPLICATION] = "application_name",
    [DSN_SETTINGS] = "options",
};

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

static int copy(char **to, const char *text, struct error *err) {
  *to = strdup(text);
  return *to ? 0 : error_set(err, ERROR_MEMORY, "out of memory for a database's name");
}

static int take_file(struct dsn *d, const char *file, struct error *err) {
  d->kind = DSN_SQLITE;
  if (!file[0]) {
    (void)error_set(err, ERROR_USAGE, "sqlite: names no file");
    return error_hint(err, "write sqlite:data/crm.db");
  }
  (void)snprintf(d->name, sizeof d->name, "%s%s", sqlite_scheme, file);
  return copy(&d->file, file, err);
}

/* ---- PostgreSQL ---------------------------------------------------------- */

/* libpq's words may quote the password that made it stumble. */
static int unreadable(const char *text, const char *why, struct error *err) {
  bool may_show = why && !strchr(text, '@') && !strstr(text, "password");
  int len = may_show ? (int)strcspn(why, "\n") : 0;
  (void)error_set(err, ERROR_USAGE, "this is no URL of a PostgreSQL database%s%.*s",
                  may_show ? ": " : "", len, may_show ? why : "");
  return error_hint(err,
                    "write postgresql://USER@HOST/DATABASE, with %%XX for what URLs do not take");
}

static int refuse(const char *keyword, struct error *err) {
  if (strstr(keyword, "password")) {
    (void)error_set(err, ERROR_USAGE, "a password has no place in the name of a database");
    return error_hint(
        err, "seal it by `hoko key add NAME --origin postgresql://HOST` and write auth = \"NAME\", "
             "or put it into ~/.pgpass");
  }
  (void)error_set(err, ERROR_USAGE, "the parameter '%s' is not taken", keyword);
  return error_hint(
      err, "there are user, host, port, dbname, sslmode, channel_binding, connect_timeout, "
           "application_name and options");
}

static int take_option(struct dsn *d, const PQconninfoOption *o, struct error *err) {
  if (!o->val) return 0;
  for (size_t i = 0; i < DSN_PARAMETERS; i++)
    if (strcmp(o->keyword, dsn_parameter_name[i]) == 0) return copy(&d->parameter[i], o->val, err);
  return refuse(o->keyword, err);
}

/* What libpq would take of the environment (PGHOST, PGPORT) where the DSN says nothing. */
static int take_default(struct dsn *d, const PQconninfoOption *defaults, enum dsn_parameter which,
                        struct error *err) {
  if (d->parameter[which] && d->parameter[which][0]) return 0;
  free(d->parameter[which]);
  d->parameter[which] = NULL;
  for (const PQconninfoOption *o = defaults; o->keyword; o++)
    if (o->val && o->val[0] && strcmp(o->keyword, dsn_parameter_name[which]) == 0)
      return copy(&d->parameter[which], o->val, err);
  return 0;
}

static int take_place(struct dsn *d, struct error *err) {
  const char *host = d->parameter[DSN_HOST], *port = d->parameter[DSN_PORT];
  int64_t number = PORT_DEFAULT;
  if (host && strchr(host, ','))
    return error_set(err, ERROR_USAGE, "the database is on one host, here are several");
  if (port && number_int64(slice_of(port), 1, 65535, &number))
    return error_set(err, ERROR_USAGE, "the port of the database is no number from 1 to 65535");
  d->host = !host || host[0] == '/' || host[0] == '@' ? "localhost" : host;
  d->port = (unsigned)number;
  const char *database = d->parameter[DSN_DATABASE];
  char tail[8] = "";
  if (number != PORT_DEFAULT) (void)snprintf(tail, sizeof tail, ":%u", d->port & 0xffff);
  (void)snprintf(d->name, sizeof d->name, "postgresql://%s%s/%s", d->host, tail,
                 database ? database : "");
  return 0;
}

static int take_url(struct dsn *d, const char *text, struct error *err) {
  char *why = NULL;
  d->kind = DSN_POSTGRESQL;
  PQconninfoOption *options = PQconninfoParse(text, &why), *defaults = PQconndefaults();
  int rc = options ? 0 : unreadable(text, why, err);
  if (rc == 0 && !defaults)
    rc = error_set(err, ERROR_MEMORY, "out of memory for a database's name");
  for (const PQconninfoOption *o = options; rc == 0 && o->keyword; o++) rc = take_option(d, o, err);
  if (rc == 0) rc = take_default(d, defaults, DSN_HOST, err);
  if (rc == 0) rc = take_default(d, defaults, DSN_PORT, err);
  if (rc == 0) rc = take_place(d, err);
  PQconninfoFree(options);
  PQconninfoFree(defaults);
  PQfreemem(why);
  return rc;
}

int dsn_parse(struct dsn *d, const char *text, struct error *err) {
  *d = (struct dsn){.kind = DSN_SQLITE};
  int rc;
  if (begins(text, sqlite_scheme))
    rc = take_file(d, text + strlen(sqlite_scheme), err);
  else if (begins(text, "postgresql://") || begins(text, "postgres://"))
    rc = take_url(d, text, err);
  else {
    rc = error_set(err, ERROR_USAGE,
                   "a database is named sqlite:FILE or postgresql://USER@HOST/DATABASE");
  }
  if (rc) dsn_free(d);
  return rc;
}

void dsn_free(struct dsn *d) {
  free(d->file);
  for (size_t i = 0; i < DSN_PARAMETERS; i++) free(d->parameter[i]);
  *d = (struct dsn){.kind = DSN_SQLITE};
}
