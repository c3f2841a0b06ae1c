/* next.h - the instants at which a cron expression comes due in a time zone.
 *
 * Pure.  Daylight saving, as the contract words it:
 *   fixed     (cron's is_fixed) runs once for each local time that matches: at the
 *             first instant at which the wall clock shows that time or a later
 *             one.  So a time that the clock jumps over runs as the clock lands,
 *             several of them there together, and one that comes twice runs the
 *             first time only;
 *   wildcard  runs at each instant whose wall clock matches. */
#ifndef HOKO_SCHEDULE_NEXT_H
#define HOKO_SCHEDULE_NEXT_H

#include "schedule/cron.h"
#include "schedule/zone.h"

/* Instants are from NEXT_MIN_S (0001-01-03) on, before NEXT_END_S (9999-12-30): a
 * day or two from where four digits of a year end, in any zone. */
#define NEXT_MIN_S INT64_C(-62135424000)
#define NEXT_END_S INT64_C(253402128000)

struct next {
  int64_t at_s;     /* seconds since 1970 */
  int32_t offset_s; /* of the zone at that instant */
  bool is_moved;    /* the wall clock does not match: daylight saving jumped over the time */
};

/* Walks the instants after the last one.  Borrows cron and zone. */
struct next_walk {
  const struct cron *cron;
  const struct zone *zone;
  int64_t after_s;
  struct zone_span span; /* private: that AFTER_S is in */
  int64_t day;           /* private: the day last looked at, and whether it matches */
  bool is_day_match;
};

/* From the first instant after AFTER_S (exclusive) on. */
void next_begin(struct next_walk *w, const struct cron *cron, const struct zone *zone,
                int64_t after_s);
/* false: there is none before NEXT_END_S. */
MUST_USE bool next_step(struct next_walk *w, struct next *out);

enum { NEXT_TEXT_SIZE = 32 };
/* "2026-03-29T03:00:00+02:00" into TEXT; returns its length.  An offset that is no
 * whole minute (before 1972) is shown as the minute below; the instant is exact. */
size_t next_format(const struct next *n, char text[NEXT_TEXT_SIZE]);

#endif
