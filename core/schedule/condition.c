#include "schedule/condition.h"

enum { STEP_MS = 60000, STEP_MAX_MS = 86400000 };

bool condition_holds(struct condition *c, int64_t now_ms) {
  if (c->count++ == 0) *c = (struct condition){1, now_ms, now_ms, STEP_MS};
  bool is_set_back =
      now_ms < c->tell_ms - c->step_ms; /* the clock: waiting that long would hide it */
  if (now_ms < c->tell_ms && !is_set_back) return false;
  if (c->count > 1) c->step_ms = c->step_ms < STEP_MAX_MS / 2 ? 2 * c->step_ms : STEP_MAX_MS;
  c->tell_ms = now_ms + c->step_ms;
  return true;
}

bool condition_ends(struct condition *c, int64_t *count) {
  *count = c->count;
  *c = (struct condition){0};
  return *count > 0;
}
