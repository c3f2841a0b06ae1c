/* cron.h - a cron expression as sets of seconds, minutes, hours, days, months and weekdays.
 *
 * Pure; a struct cron is a plain value.  Accepted are 5 fields (minute hour day
 * month weekday), or 6 with seconds first.  A field is a list, joined by commas,
 * of a number, a range a-b or a star, the latter two with a step /n if wanted;
 * months and weekdays have names of three letters in any case; 0 and 7 are both
 * Sunday.  And @hourly @daily @midnight @weekly @monthly @yearly @annually.
 * When an instant in a zone matches is the matter of next.h. */
#ifndef HOKO_SCHEDULE_CRON_H
#define HOKO_SCHEDULE_CRON_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

struct cron {
  uint64_t seconds, minutes; /* bit n: n is in the set */
  uint32_t hours, days, months, weekdays;
  bool is_fixed;         /* a local time: neither minute nor hour begins with a star */
  bool is_either_enough; /* day or weekday: neither begins with a star (crontab(5)) */
};

/* -1: ERROR_USAGE that names the field, with a hint what to write instead.  What
 * can never occur, such as 31 February, is refused too. */
MUST_USE int cron_parse(struct cron *c, struct slice text, struct error *err);

/* The days of that month that match: bit n is day n. */
uint32_t cron_month_days(const struct cron *c, int64_t year, int month);

#endif
