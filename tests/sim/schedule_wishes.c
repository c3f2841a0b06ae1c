#include "schedule_wishes.h"

#include <stddef.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

enum { SECOND_MS = 1000, MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS, DAY_MS = 24 * HOUR_MS };

/* A schedule and how many jobs in a thousand have it. */
static const struct {
  const char *cron; /* NULL: every_ms */
  int64_t every_ms;
  int weight;
} wishes[] = {{"* * * * *", 0, 2},     {"*/20 * * * * *", 0, 1},     {"*/5 * * * *", 0, 8},
              {"*/15 * * * *", 0, 60}, {"7 * * * *", 0, 200},        {"0 */6 * * *", 0, 150},
              {"30 2 * * *", 0, 300},  {"0 8-18 * * 1-5", 0, 100},   {"@weekly", 0, 50},
              {"0 0 13 * 5", 0, 40},   {"0-30/10 2,3 * * *", 0, 40}, {NULL, 90 * SECOND_MS, 1},
              {NULL, HOUR_MS, 28},     {NULL, 25 * HOUR_MS, 20}};
static const char *const zone_names[] = {
    "UTC", "Asia/Riyadh", "Europe/Berlin", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe"};

/* splitmix64 */
int64_t schedule_draw(struct schedule_chance *c, int64_t n) {
  uint64_t x = c->state += 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return (int64_t)((x ^ x >> 31) % (uint64_t)n);
}

int schedule_wishes_open(struct schedule_wishes *w, struct error *err) {
  for (size_t i = 0; i < LEN(wishes); i++)
    if (wishes[i].cron && cron_parse(&w->crons[i], slice_of(wishes[i].cron), err) != 0) return -1;
  for (size_t i = 0; i < LEN(zone_names); i++)
    if (zone_open(&w->zones[i], slice_of(zone_names[i]), NULL, err) != 0) return -1;
  return 0;
}

void schedule_wishes_close(struct schedule_wishes *w) {
  for (size_t i = 0; i < LEN(zone_names); i++) zone_close(w->zones[i]);
}

void schedule_wishes_draw(const struct schedule_wishes *w, struct schedule_chance *c,
                          struct policy_rules *r) {
  int64_t ticket = schedule_draw(c, 1000);
  size_t i = 0;
  while (ticket >= wishes[i].weight && i + 1 < LEN(wishes)) ticket -= wishes[i++].weight;
  r->cron = wishes[i].cron ? &w->crons[i] : NULL;
  r->every_ms = wishes[i].every_ms;
  r->zone = w->zones[schedule_draw(c, LEN(zone_names))];
}

void schedule_wishes_draw_rest(struct schedule_chance *c, struct policy_rules *r) {
  static const int64_t windows[] = {MINUTE_MS, HOUR_MS, DAY_MS};
  r->overlap = (enum policy_overlap)schedule_draw(c, 3);
  r->catch_up = (enum policy_catch_up)schedule_draw(c, 3);
  r->window_ms = windows[schedule_draw(c, LEN(windows))];
  r->jitter_ms = schedule_draw(c, 3) == 0 ? schedule_draw(c, 10 * MINUTE_MS) : 0;
  r->jitter_seed = (uint64_t)schedule_draw(c, INT64_MAX);
  r->retry_times = schedule_draw(c, 4);
  r->retry_delay_ms = schedule_draw(c, 5 * MINUTE_MS);
  r->retry_factor = 2;
}
