/* deletion.h - the body of DELETE /partners, and its answer. */
#ifndef HOKO_API_DELETION_H
#define HOKO_API_DELETION_H

#include "base/buf.h"
#include "base/uuid.h"

/* Appends the array of LEN ids. */
void deletion_put(struct buf *body, const struct uuid *ids, size_t len);

/* The deletedIds of an answer into TO, in its order.  -1: BODY is no such answer, or
 * names more than CAP. */
MUST_USE int deletion_read(struct slice body, struct uuid *to, size_t cap, size_t *len);

#endif
