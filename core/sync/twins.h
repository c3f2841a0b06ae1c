/* twins.h - partners that stand twice, of which one is ours.  Pure.
 *
 * A proxy may send a request again, and Hoko may apply one that it refused, so two
 * partners can come of one row.  They are found and told; which of them is to go is
 * the user's to decide, since links may hang on either. */
#ifndef HOKO_SYNC_TWINS_H
#define HOKO_SYNC_TWINS_H

#include "sync/look.h"

struct twin {
  struct uuid ours, other;
};

/* The first CAP of them into TO; returns how many there are.  SCRATCH is of LEN indexes. */
size_t twins_find(const struct looked *partners, size_t len, const bool *is_ours, uint32_t *scratch,
                  struct twin *to, size_t cap);

#endif
