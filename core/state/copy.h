/* copy.h - a whole copy of a database, while others may go on writing. */
#ifndef HOKO_STATE_COPY_H
#define HOKO_STATE_COPY_H

#include "state/db.h"

/* Writes what DB holds to file TO (0600) and syncs it; a TO that exists is an error,
 * or is replaced where IS_REPLACING.  After -1 there is no new TO. */
MUST_USE int copy_database(struct db *db, const char *to, bool is_replacing, struct error *err);

#endif
