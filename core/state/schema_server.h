/* schema_server.h - the tables of a state in PostgreSQL, in a schema of their own. */
#ifndef HOKO_STATE_SCHEMA_SERVER_H
#define HOKO_STATE_SCHEMA_SERVER_H

#include "state/db.h"

/* Makes them, or brings those of an older hoko to the present version, in one transaction
 * that only one host does at a time. */
MUST_USE int schema_server_apply(struct db *db, struct error *err);
/* For a reader, which makes nothing: *is_there false where there are none yet. */
MUST_USE int schema_server_look(struct db *db, bool *is_there, struct error *err);

#endif
