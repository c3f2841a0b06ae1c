/* delete_call.h - hoko.partners.delete: one batch of ids, and what became of each.
 *
 * Keys whose partners are deleted, or were before, are marked gone in the state.
 *
 * A worker waits for each answer, so there is one at a time. */
#ifndef HOKO_HOST_DELETE_CALL_H
#define HOKO_HOST_DELETE_CALL_H

#include "base/buf.h"
#include "state/state.h"
#include "sync/removal.h"

enum { DELETE_CALL_IDS_MAX = 10000 };

struct delete_call {
  bool is_active; /* the worker waits */
  struct removal *removal;
  struct uuid *ids;
  uint8_t *fate; /* of each: private */
  size_t len;
  struct state *state;
  struct bindings bindings; /* that are not told yet */
};

struct delete_options {
  struct removal_job job; /* its user and told are ours */
  struct state *state;    /* that is told what is deleted; NULL: nobody is */
  struct slice base_url;
  bool may_be_declined; /* by a person who is asked first */
};

/* JSON: {"ids":["…",…]}.  -1: *err. */
MUST_USE int delete_call_begin(struct delete_call *c, struct slice json,
                               const struct delete_options *options, struct error *err);
/* true: it is over.  0 in *rc and in REPLY {"deleted":[…],"unknown":[…]}, places from 1;
 * or -1 and *err. */
bool delete_call_step(struct delete_call *c, struct buf *reply, int *rc, struct error *err);
int64_t delete_call_wake_at(const struct delete_call *c);
void delete_call_stop(struct delete_call *c, const struct error *why);
void delete_call_free(struct delete_call *c);

#endif
