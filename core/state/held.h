/* held.h - creates whose outcome is unknown, for the other files of the room.
 *
 * All inside a write transaction of the caller's, but for held_adopt_intents(). */
#ifndef HOKO_STATE_HELD_H
#define HOKO_STATE_HELD_H

#include "state/handle.h"

/* Holds each of ROWS, records of base/row.h. */
MUST_USE int held_insert(struct stream *st, struct slice rows, int64_t sent_at_ms, int64_t run,
                         struct error *err);
/* Row NUMBER is held no more. */
MUST_USE int held_settle(struct stream *st, int64_t number, struct error *err);
/* Holds whatever an earlier run left under way (J3), in a transaction of its own where
 * the caller has none. */
MUST_USE int held_adopt_intents(struct stream *st, struct error *err);

#endif
