/* db_postgres.h - a connection to the PostgreSQL that keeps the state of a fleet; for
 * db.c only.
 *
 * The connection is in pipeline mode all the time: statements that give no row are sent
 * and their outcome is read later, so that a commit of ten thousand rows costs a few
 * round trips.  Numbers and bytes travel in binary form. */
#ifndef HOKO_STATE_DB_POSTGRES_H
#define HOKO_STATE_DB_POSTGRES_H

#include "base/error.h"
#include "base/slice.h"
#include "state/dsn.h"

#include <stdint.h>

/* So many statements are sent at most before their outcomes are read: what the server
 * answers meanwhile must fit its socket, or both would wait for each other. */
enum { PG_SENT_MAX = 256 };

struct pg;
struct pg_statement;

/* NAME is borrowed, for messages. */
MUST_USE int pg_open(struct pg **out, const struct dsn *dsn, const char *name, struct error *err);
void pg_close(struct pg *pg);

/* SQL as db.h has it. */
struct pg_statement *pg_prepare(struct pg *pg, const char *sql, struct error *err);
void pg_statement_free(struct pg_statement *st);

/* As db.h says of their namesakes.  WAITS: what comes of it is known on return. */
MUST_USE int pg_step(struct pg *pg, struct pg_statement *st, struct error *err);
MUST_USE int pg_run(struct pg *pg, struct pg_statement *st, bool waits, struct error *err);
void pg_reset(struct pg_statement *st);
int64_t pg_changes(const struct pg *pg); /* of the last one that was waited for */
/* One simple query of any number of statements; nothing else is on its way. */
MUST_USE int pg_exec(struct pg *pg, const char *sql, struct error *err);
/* Sends ST; pg_take() reads the outcomes of all that were sent, in their order.  */
MUST_USE int pg_send(struct pg *pg, struct pg_statement *st, struct error *err);
MUST_USE int pg_take(struct pg *pg, struct pg_statement *st, size_t n,
                     int (*take)(void *user, size_t i, struct error *err), void *user,
                     struct error *err);
/* Whether the last one that was waited for did what COMMIT says. */
bool pg_is_committed(const struct pg *pg);
int pg_damaged(const struct pg *pg, struct error *err);

void pg_bind_int(struct pg_statement *st, int at, int64_t value);
void pg_bind_null(struct pg_statement *st, int at);                    /* of a number */
void pg_bind_text(struct pg_statement *st, int at, struct slice text); /* ptr NULL: null */
void pg_bind_blob(struct pg_statement *st, int at, struct slice bytes);
int64_t pg_column_int(const struct pg_statement *st, int at);
struct slice pg_column_slice(const struct pg_statement *st, int at);

#endif
