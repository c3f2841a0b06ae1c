/* partner.h - the identity map's rows: how acknowledgements get in. */
#ifndef HOKO_STATE_PARTNER_H
#define HOKO_STATE_PARTNER_H

#include "state/handle.h"

/* partner.why: an enum why, and behind it the fields that were sent. */
enum { PARTNER_WHY_BITS = 4, PARTNER_WHY_MASK = (1 << PARTNER_WHY_BITS) - 1 };
_Static_assert((int)WHYS <= PARTNER_WHY_MASK + 1, "a reason has room");

/* All inside a write transaction of the caller's; after its rollback ST is to be
 * refreshed.  Acks of keys that are known without the caller's knowing find their
 * partner: there is never a second one of a key. */
MUST_USE int partner_acknowledge(struct stream *st, struct ack *acks, size_t n, int64_t run,
                                 struct error *err);
MUST_USE int partner_mark_gone(struct stream *st, const uint32_t *seqs, size_t n,
                               struct error *err);
MUST_USE int partner_doubt(struct stream *st, const uint32_t *seqs, size_t n, struct error *err);
MUST_USE int partner_forget(struct stream *st, const uint32_t *seqs, size_t n, struct error *err);

#endif
