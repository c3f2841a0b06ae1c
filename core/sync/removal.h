/* removal.h - partners deleted at Hoko: DELETE /partners, under the limits and retries
 * of all requests.
 *
 * One struct removal deletes one batch of ids after the other.  A batch with an id that
 * Hoko does not have is refused whole, so it is halved, within the bisect limit, until
 * the id is alone, and asked for: what Hoko still shows stays, the others are UNKNOWN.
 * Where an answer was lost and the repeat is refused, a listing tells what is left
 * (hoko-api 4.2, 19).  Driven like a sync; main thread only. */
#ifndef HOKO_SYNC_REMOVAL_H
#define HOKO_SYNC_REMOVAL_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "net/transport.h"

enum removed { REMOVED, REMOVED_UNKNOWN };

struct removal_job {
  struct transport *transport;
  const struct clock *clock;
  uint32_t batch_rows; /* ids of a batch at most */
  int64_t give_up_ms, bisect_limit;
  struct hash_key hash_key;
  uint64_t seed;
  void *user;
  /* What became of the ids at PLACES of the batch; those that no call names are there
   * still.  -1: *err ends the removal. */
  int (*told)(void *user, enum removed what, const uint32_t *places, size_t len, struct error *err);
};

struct removal;

MUST_USE int removal_new(struct removal **out, const struct removal_job *job, struct error *err);
void removal_free(struct removal *r);
/* Another batch, copied; the one before is done. */
void removal_begin(struct removal *r, const struct uuid *ids, size_t len);
void removal_step(struct removal *r);
int64_t removal_wake_at(const struct removal *r);
/* The batch is done, or the removal has ended. */
bool removal_is_done(const struct removal *r);
/* Nothing more is sent; what is on the wire is waited for. */
void removal_stop(struct removal *r, const struct error *why);
/* Why it ended early; NULL: it did not. */
const struct error *removal_error(const struct removal *r);

#endif
