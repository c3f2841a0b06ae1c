/* named.h - the row that a refusal's message names.  Pure.
 *
 * Hoko promises no index and no field, but a message may quote a value, carry a place
 * such as [17], or name a field that only one row has.  It is a guess of which row to
 * try first, and right or wrong it costs a request or two. */
#ifndef HOKO_SYNC_NAMED_H
#define HOKO_SYNC_NAMED_H

#include "api/refusal.h"
#include "sync/batch.h"

/* Of the range on top; false: no row, or more than one, is named. */
bool named_row(const struct batch *b, const struct refusal *refusal, uint32_t *row);

#endif
