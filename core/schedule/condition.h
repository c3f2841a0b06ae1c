/* condition.h - something that lasts, told in ever longer intervals.
 *
 * Pure.  A line when it starts, one per doubling interval with a count while it lasts,
 * one when it ends: a year of outage is told in some 400 lines. */
#ifndef HOKO_SCHEDULE_CONDITION_H
#define HOKO_SCHEDULE_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

struct condition {
  int64_t count; /* how often it was seen since it started; 0: it does not hold */
  int64_t since_ms, tell_ms, step_ms;
};

/* It is seen, again; true: tell it now. */
bool condition_holds(struct condition *c, int64_t now_ms);
/* It holds no more; true: it did, tell the end.  *count: how often it was seen. */
bool condition_ends(struct condition *c, int64_t *count);

#endif
