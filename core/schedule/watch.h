/* watch.h - tells whether the clock was set, or nobody was there for a while.
 *
 * Pure.  Wall clock and time that passes are compared at each look; the latter had
 * better be CLOCK_BOOTTIME, which goes on while the machine sleeps. */
#ifndef HOKO_SCHEDULE_WATCH_H
#define HOKO_SCHEDULE_WATCH_H

#include <stdint.h>

enum {
  WATCH_JUMP_MS = 10000,  /* smaller steps are corrections: what is due is due a bit later */
  WATCH_SLEEP_MS = 60000, /* a look that is later than planned by less was merely slow */
};

struct watch {
  int64_t wall_ms, passed_ms; /* at the last look */
  int64_t plan_ms;            /* of time that passes: when the next look is meant to be */
};

enum watch_verdict {
  WATCH_STEADY,
  WATCH_SLEPT,  /* policy_wake() each job */
  WATCH_JUMPED, /* policy_jumped() each job */
};

void watch_begin(struct watch *w, int64_t wall_ms, int64_t passed_ms);
/* After WATCH_JUMPED *shift_ms is how much further the wall clock went than time. */
enum watch_verdict watch_look(struct watch *w, int64_t wall_ms, int64_t passed_ms,
                              int64_t *shift_ms);
/* Before each sleep: when it ends at the latest. */
void watch_plan(struct watch *w, int64_t plan_ms);

#endif
