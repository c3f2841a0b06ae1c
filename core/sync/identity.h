/* identity.h - which partner is in which batch, so that rows of one identity are
 * merged or kept in order (J5).
 *
 * An identity is a partner's id, or the key of one that is not known yet.  A row
 * stands under both when it binds a key to an id.  Places are (batch, row). */
#ifndef HOKO_SYNC_IDENTITY_H
#define HOKO_SYNC_IDENTITY_H

#include "base/map.h"
#include "sync/batch.h"

struct identity {
  const struct uuid *id; /* or NULL */
  struct slice key;      /* or len 0; looked at when id is NULL or both are given */
};

struct identities {
  struct map map;
  struct hash_key key;
  struct batch *pool; /* by number */
};

struct place_of_row {
  struct batch *batch; /* NULL: nowhere */
  uint32_t row;
};

/* -1: no memory. */
MUST_USE int identity_add(struct identities *ids, const struct identity *who, const struct batch *b,
                          uint32_t row);
void identity_remove(struct identities *ids, const struct identity *who, const struct batch *b,
                     uint32_t row);
/* In a batch that is (not) under way. */
struct place_of_row identity_find(const struct identities *ids, const struct identity *who,
                                  bool is_under_way);

#endif
