/* backoff.h - how long to wait before the next try.  Pure. */
#ifndef HOKO_SYNC_BACKOFF_H
#define HOKO_SYNC_BACKOFF_H

#include <stdint.h>

/* After TRIES failures in a row (1 and up): 0.5 s doubled with each, at most 30 s,
 * of which a random half is taken off, so that many clients do not come back at
 * once.  *SEED moves on. */
int64_t backoff_ns(unsigned tries, uint64_t *seed);

#endif
