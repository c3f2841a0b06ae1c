/* missing.h - keys of a stream that its source no longer has: counted, told, and where
 * it is wished deleted at Hoko.
 *
 * It begins when a source is at its end and every row has its outcome.  The entry of a
 * partner that was deleted is forgotten, so its key is a new one when it comes again; that
 * of one that Hoko does not have is marked gone.  Driven like a sync; main thread only. */
#ifndef HOKO_SYNC_MISSING_H
#define HOKO_SYNC_MISSING_H

#include "state/state.h"
#include "sync/removal.h"
#include "sync/seen.h"

enum { MISSING_PERCENT = 100 }; /* hundredths of one in a limit */

struct missing_job {
  struct stream *stream;
  const struct seen *seen;
  bool deletes, is_dry; /* dry: what would be deleted is told only */
  int64_t limit;        /* of the stream's partners, in MISSING_PERCENTths of a percent */
  int64_t run;
  struct removal_job removal; /* where it deletes; user and told are ours */
  void *user;
  /* Each missing partner, in the order of the stream, before anything is deleted. */
  void (*told)(void *user, const struct partner *partner);
};

struct missing_counts {
  int64_t missing;
  int64_t deleted; /* acknowledged by Hoko */
  int64_t gone;    /* Hoko did not have them */
};

struct missing;

/* Counts and tells.  Where more than the limit would be deleted it tells nothing and is
 * done with an error (ERROR_STATE). */
MUST_USE int missing_new(struct missing **out, const struct missing_job *job, struct error *err);
void missing_free(struct missing *m);
void missing_step(struct missing *m);
int64_t missing_wake_at(const struct missing *m);
bool missing_is_done(const struct missing *m);
/* Nothing more is sent; what is on the wire is waited for. */
void missing_stop(struct missing *m, const struct error *why);
/* Why not all were deleted; NULL: they were. */
const struct error *missing_error(const struct missing *m);
struct missing_counts missing_counts(const struct missing *m);

#endif
