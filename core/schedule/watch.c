#include "schedule/watch.h"

void watch_begin(struct watch *w, int64_t wall_ms, int64_t passed_ms) {
  *w = (struct watch){wall_ms, passed_ms, INT64_MAX};
}

enum watch_verdict watch_look(struct watch *w, int64_t wall_ms, int64_t passed_ms,
                              int64_t *shift_ms) {
  int64_t late_ms = passed_ms > w->plan_ms ? passed_ms - w->plan_ms : 0;
  *shift_ms = (wall_ms - w->wall_ms) - (passed_ms - w->passed_ms);
  *w = (struct watch){wall_ms, passed_ms, INT64_MAX};
  if (*shift_ms >= WATCH_JUMP_MS || *shift_ms <= -WATCH_JUMP_MS) return WATCH_JUMPED;
  return late_ms >= WATCH_SLEEP_MS ? WATCH_SLEPT : WATCH_STEADY;
}

void watch_plan(struct watch *w, int64_t plan_ms) { w->plan_ms = plan_ms; }
