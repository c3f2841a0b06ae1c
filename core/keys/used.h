/* used.h - what may be lost without harm: when keys were last used, and the newest
 * generation of the keystore that was seen here.
 *
 * It is a small text beside the keystore ("PATH.used"), written best effort and
 * without the lock, so that using a key neither writes the keystore nor waits.  It is
 * not authenticated: who can write it can also remove it. */
#ifndef HOKO_KEYS_USED_H
#define HOKO_KEYS_USED_H

#include "keys/keystore.h"

struct used_entry {
  char name[KEYSTORE_NAME_SIZE];
  int64_t at_ms;
};

struct used {
  char id[KEYSTORE_ID_SIZE]; /* of the keystore it tells of */
  uint64_t generation;       /* 0: none was seen */
  struct used_entry entry[KEYSTORE_ENTRIES_MAX];
  size_t len;
};

/* What stands beside the keystore at PATH; empty when that is absent or unreadable.  To tell an
 * older copy it is read before the keystore: what another writes in between must not count. */
void used_read(struct used *u, const char *path);
/* Empties U unless it tells of the keystore ID, of which it tells from here on. */
void used_claim(struct used *u, const char *id);
void used_write(const struct used *u, const char *path);

/* Parses TEXT; false: it is not what used_write() wrote, *u is empty. */
bool used_parse(struct used *u, struct slice text);
void used_put(struct buf *b, const struct used *u);

/* When NAME was used; 0: not known. */
int64_t used_at(const struct used *u, const char *name);
void used_set(struct used *u, const char *name, int64_t at_ms);

#endif
