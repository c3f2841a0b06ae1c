/* claims.h - ids of partners that are ours, so that none of them is taken for another
 * row's, or for a twin. */
#ifndef HOKO_SYNC_CLAIMS_H
#define HOKO_SYNC_CLAIMS_H

#include "state/state.h"
#include "sync/look.h"

/* Of the latest so many; a listing of what was created lately shows no others. */
enum { CLAIMS_MADE_MAX = 1 << 17, CLAIMS_KNOWN_MAX = 200000 };

/* Ids of creates without a key, which the state does not keep.  All 0 is none. */
struct claims {
  struct uuid *ids; /* beyond CLAIMS_MADE_MAX the newest stands in the oldest's place */
  size_t len, cap;
  uint64_t added;
};

MUST_USE int claims_add(struct claims *c, const struct uuid *id, struct error *err);
void claims_free(struct claims *c);

/* Marks each of PARTNERS that ST's keys or MADE, which may be NULL, have. */
MUST_USE int claims_mark(const struct claims *made, struct stream *st,
                         const struct looked *partners, size_t len, bool *is_claimed,
                         struct error *err);

#endif
