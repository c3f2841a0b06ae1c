#include "schedule/zone_table.h"

#include "base/calendar.h"

#include <stdlib.h>

#define ERA_S ((int64_t)CALENDAR_ERA_DAYS * CALENDAR_DAY_S)

enum {
  RULE_YEAR_MIN = 1900, /* a rule without a table holds from here */
  RULE_YEAR_MAX = 9999,
  RULE_YEARS = 405, /* one before the last change, and an era from the second new year after it */
};

/* Later additions at the same instant win. */
static void add(struct zone_table *t, int64_t at_s, int32_t offset_s) {
  if (t->len > 0 && t->changes[t->len - 1].at_s == at_s) t->len--;
  if (t->len > 0 && t->changes[t->len - 1].offset_s == offset_s) return;
  t->changes[t->len++] = (struct tzif_change){at_s, offset_s};
}

/* Behind all that is not later; rules come nearly in order, so few are moved. */
static void insert_sorted(struct tzif_change *changes, size_t len, struct tzif_change change) {
  size_t i = len;
  for (; i > 0 && changes[i - 1].at_s > change.at_s; i--) changes[i] = changes[i - 1];
  changes[i] = change;
}

/* A rule's changes from FIRST_YEAR on.  Of two at one instant the one inserted last wins: where
 * one year's saving ends as the next year's starts that is saving for ever, and where it ends
 * as it starts no saving at all. */
static void make_changes(const struct tz_rule *rule, int64_t first_year,
                         struct tzif_change changes[2 * RULE_YEARS]) {
  size_t len = 0;
  for (int64_t year = first_year; year < first_year + RULE_YEARS; year++) {
    struct tzif_change start = {tz_rule_start(rule, year), rule->saving_offset_s};
    struct tzif_change end = {tz_rule_end(rule, year), rule->offset_s};
    bool is_north = start.at_s <= end.at_s;
    insert_sorted(changes, len++, is_north ? start : end);
    insert_sorted(changes, len++, is_north ? end : start);
  }
}

/* Adds what RULE tells from BASE_S on. */
static void add_rule(struct zone_table *t, const struct tz_rule *rule, int64_t base_s) {
  struct tzif_change changes[2 * RULE_YEARS];
  int64_t year = calendar_date(calendar_floor(base_s, CALENDAR_DAY_S)).year;
  if (year < RULE_YEAR_MIN) year = RULE_YEAR_MIN;
  add(t, base_s, rule->offset_s);
  if (!rule->has_saving || year > RULE_YEAR_MAX) return;
  make_changes(rule, year - 1, changes);
  int64_t last_s = changes[2 * RULE_YEARS - 1].at_s; /* what is then awaits changes not made */
  for (size_t i = 0; changes[i].at_s < last_s; i++)
    add(t, changes[i].at_s > base_s ? changes[i].at_s : base_s, changes[i].offset_s);
  t->cycle_s = calendar_days(year + 2, 1, 1) * CALENDAR_DAY_S;
  t->cycle_end_s = t->cycle_s + ERA_S;
}

int zone_table_make(struct zone_table *t, const struct tzif *file, struct error *err) {
  size_t cap = 2 + file->changes_len + (file->has_rule ? 2 * RULE_YEARS : 0);
  *t = (struct zone_table){.cycle_end_s = INT64_MAX};
  t->changes = calloc(cap, sizeof *t->changes);
  if (!t->changes) return error_set(err, ERROR_MEMORY, "no memory for a time zone");
  add(t, INT64_MIN, file->first_offset_s);
  for (size_t i = 0; i < file->changes_len; i++)
    add(t, file->changes[i].at_s, file->changes[i].offset_s);
  int64_t base_s = file->changes_len > 0 ? file->changes[file->changes_len - 1].at_s : INT64_MIN;
  if (file->has_rule) add_rule(t, &file->rule, base_s);
  return 0;
}

bool zone_table_equal(const struct zone_table *a, const struct zone_table *b) {
  if (a->len != b->len || a->cycle_end_s != b->cycle_end_s) return false;
  for (size_t i = 0; i < a->len; i++)
    if (a->changes[i].at_s != b->changes[i].at_s ||
        a->changes[i].offset_s != b->changes[i].offset_s)
      return false;
  return true;
}

void zone_table_free(struct zone_table *t) {
  free(t->changes);
  *t = (struct zone_table){0};
}

struct zone_span zone_table_at(const struct zone_table *t, int64_t at_s) {
  int64_t shift_s = at_s < t->cycle_end_s ? 0 : (at_s - t->cycle_s) / ERA_S * ERA_S;
  size_t low = 0, high = t->len; /* the change that counts is in [low, high) */
  at_s -= shift_s;
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (t->changes[middle].at_s <= at_s)
      low = middle;
    else
      high = middle;
  }
  return (struct zone_span){.from_s = low == 0 ? INT64_MIN : t->changes[low].at_s + shift_s,
                            .to_s =
                                low + 1 == t->len ? INT64_MAX : t->changes[low + 1].at_s + shift_s,
                            .offset_s = t->changes[low].offset_s};
}
