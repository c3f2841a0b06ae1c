/* missing_run.h - the end of an upsert with `missing`: what its source no longer has. */
#ifndef HOKO_HOST_MISSING_RUN_H
#define HOKO_HOST_MISSING_RUN_H

#include "host/running.h"

/* The rows of the upsert have their outcomes, counted in *T.  true: deleting is under
 * way and missing_run_step() goes on; false: *T has all, or the upsert has stopped. */
bool missing_run_begin(struct running *r, struct tally *t);
/* true: it is over, and counted in *T. */
bool missing_run_step(struct running *r, struct tally *t);
int64_t missing_run_wake_at(const struct running *r);

#endif
