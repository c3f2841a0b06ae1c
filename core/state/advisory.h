/* advisory.h - locks of a PostgreSQL session: they go with the connection, so with the
 * process or the host, however it ends. */
#ifndef HOKO_STATE_ADVISORY_H
#define HOKO_STATE_ADVISORY_H

#include "state/handle.h"

/* The lock of what WORDS name, the same in every process. */
int64_t advisory_key(const struct slice *words, size_t n);
/* 1: taken, until the connection ends or advisory_give(); 0: another has it, *who tells
 * who (WHO may be NULL); -1: error. */
MUST_USE int advisory_try(struct db *db, int64_t key, struct holder *who, struct error *err);
/* Writes down who holds it. */
MUST_USE int advisory_sign(struct db *db, int64_t key, const struct holder *who, struct error *err);
void advisory_give(struct db *db, int64_t key);

/* A process holds the lock of its own name (process.h) as long as it lives: takes it. */
MUST_USE int advisory_live(struct db *db, struct error *err);
/* Whether the process of that name still lives, on whatever host. */
bool advisory_is_alive(struct db *db, struct slice process);

#endif
