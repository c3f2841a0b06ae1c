/* zone_table.h - the offsets of one time zone for all time.
 *
 * The changes of its file, and behind them, made by the file's rule, those of the
 * next 400 years, after which the calendar and so the rule repeats itself.  Pure. */
#ifndef HOKO_SCHEDULE_ZONE_TABLE_H
#define HOKO_SCHEDULE_ZONE_TABLE_H

#include "schedule/tzif.h"
#include "schedule/zone.h"

struct zone_table {
  struct tzif_change *changes; /* the first at INT64_MIN; neighbours differ in offset */
  size_t len;
  int64_t cycle_s, cycle_end_s; /* what is at or behind the end is looked up an era earlier */
};

/* -1: no memory.  FILE is not needed any more afterwards. */
MUST_USE int zone_table_make(struct zone_table *t, const struct tzif *file, struct error *err);
void zone_table_free(struct zone_table *t);

bool zone_table_equal(const struct zone_table *a, const struct zone_table *b);
/* See zone_at(). */
struct zone_span zone_table_at(const struct zone_table *t, int64_t at_s);

#endif
