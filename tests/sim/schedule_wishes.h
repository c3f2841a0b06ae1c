/* schedule_wishes.h - what the jobs of the simulator may be told to do, drawn by lot. */
#ifndef HOKO_TESTS_SIM_SCHEDULE_WISHES_H
#define HOKO_TESTS_SIM_SCHEDULE_WISHES_H

#include "schedule/policy.h"

enum { SCHEDULE_WISHES_MAX = 16, SCHEDULE_ZONES_MAX = 8 };

struct schedule_chance {
  uint64_t state;
};
/* From 0, below N. */
int64_t schedule_draw(struct schedule_chance *c, int64_t n);

struct schedule_wishes {
  struct cron crons[SCHEDULE_WISHES_MAX];
  struct zone *zones[SCHEDULE_ZONES_MAX];
};
MUST_USE int schedule_wishes_open(struct schedule_wishes *w, struct error *err);
void schedule_wishes_close(struct schedule_wishes *w);

/* A cron expression and its zone, or an interval; borrowed from W. */
void schedule_wishes_draw(const struct schedule_wishes *w, struct schedule_chance *c,
                          struct policy_rules *r);
/* All rules but those. */
void schedule_wishes_draw_rest(struct schedule_chance *c, struct policy_rules *r);

#endif
