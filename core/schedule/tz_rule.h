/* tz_rule.h - a TZ string of POSIX, as it stands in the last line of a time-zone
 * file and tells the time beyond the file's table: "CET-1CEST,M3.5.0,M10.5.0/3".
 *
 * Pure.  With RFC 8536's extension: times of change from -167 to 167 hours. */
#ifndef HOKO_SCHEDULE_TZ_RULE_H
#define HOKO_SCHEDULE_TZ_RULE_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

enum tz_rule_kind { TZ_RULE_JULIAN, TZ_RULE_NUMBERED, TZ_RULE_WEEKDAY };

/* A day of each year, and a local time on it. */
struct tz_rule_day {
  enum tz_rule_kind kind;
  int day;         /* JULIAN 1-365, no leap day; NUMBERED 0-365; WEEKDAY 0-6 from Sunday */
  int month, week; /* of WEEKDAY: 1-12, 1-5 where 5 is the last */
  int32_t time_s;  /* from midnight */
};

struct tz_rule {
  int32_t offset_s; /* east of UTC, standard time */
  bool has_saving;  /* the rest is set */
  int32_t saving_offset_s;
  struct tz_rule_day start, end; /* of daylight saving */
};

/* false: TEXT is no such string. */
MUST_USE bool tz_rule_parse(struct tz_rule *rule, struct slice text);

/* Seconds since 1970 (UTC) at which daylight saving starts, or ends, in YEAR. */
int64_t tz_rule_start(const struct tz_rule *rule, int64_t year);
int64_t tz_rule_end(const struct tz_rule *rule, int64_t year);

#endif
