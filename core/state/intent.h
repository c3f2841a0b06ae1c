/* intent.h - creates on the wire, for commit and for what a crash left.
 *
 * All inside a write transaction of the caller's, but for intent_twice(). */
#ifndef HOKO_STATE_INTENT_H
#define HOKO_STATE_INTENT_H

#include "state/handle.h"

MUST_USE int intent_insert(struct stream *st, struct intent *in, int64_t run, struct error *err);
MUST_USE int intent_close(struct stream *st, int64_t number, struct error *err);
/* Closes it, holding each of its rows. */
MUST_USE int intent_hold(struct stream *st, int64_t number, struct error *err);
/* How many keys the open intents of ST name more than once (J5: none). */
MUST_USE int intent_twice(struct stream *st, int64_t *keys, struct error *err);

#endif
