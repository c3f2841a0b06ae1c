/* schema.h - the tables of the state, and the way of an older file to them.
 *
 * A step leads from one version to the next; the first makes version 1 of nothing.
 * There is no way back. */
#ifndef HOKO_STATE_SCHEMA_H
#define HOKO_STATE_SCHEMA_H

#include "state/db.h"

enum { SCHEMA_APPLICATION_ID = 0x686f6b6f }; /* "hoko" */

extern const char *const schema_steps[];
extern const int schema_version; /* how many they are */

/* Brings DB to version STEPS_LEN in one transaction.  A file that has an older version
 * is copied to NAME.vN.backup before.  A file of a newer hoko, of another program or
 * damaged is refused. */
MUST_USE int schema_apply(struct db *db, const char *const *steps, int steps_len,
                          struct error *err);
/* Refuses whatever has not this version, older too: for who may not write. */
MUST_USE int schema_require(struct db *db, int version, struct error *err);

#endif
