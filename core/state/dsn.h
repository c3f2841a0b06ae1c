/* dsn.h - which database is meant: sqlite:FILE or postgresql://…
 *
 * Permissions and keys hang on what is read here, so nothing is taken that could lead
 * elsewhere than HOST and PORT say: a second host, hostaddr, a service, a file with
 * passwords.  A password is refused: a DSN stands in scripts and process lists. */
#ifndef HOKO_STATE_DSN_H
#define HOKO_STATE_DSN_H

#include "base/error.h"
#include "base/slice.h"

enum dsn_kind { DSN_SQLITE, DSN_POSTGRESQL };

enum dsn_parameter {
  DSN_HOST,
  DSN_PORT,
  DSN_USER,
  DSN_DATABASE,
  DSN_SSLMODE,
  DSN_CHANNEL_BINDING,
  DSN_CONNECT_TIMEOUT,
  DSN_APPLICATION,
  DSN_SETTINGS,
  DSN_PARAMETERS
};

struct dsn {
  enum dsn_kind kind;
  char *file;                      /* of SQLite, as it was written */
  char *parameter[DSN_PARAMETERS]; /* of PostgreSQL; NULL: not given */
  const char *host;                /* "localhost" for a socket of this machine */
  unsigned port;
  char name[512]; /* for messages */
};

/* libpq's name of a parameter. */
extern const char *const dsn_parameter_name[DSN_PARAMETERS];

/* -1: ERROR_USAGE; what may be a password is not shown. */
MUST_USE int dsn_parse(struct dsn *d, const char *text, struct error *err);
void dsn_free(struct dsn *d);

#endif
