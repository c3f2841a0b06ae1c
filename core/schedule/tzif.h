/* tzif.h - the bytes of a time-zone file (RFC 9636, versions 1 to 4).
 *
 * Pure: a function of bytes that are not trusted.  Only what tells the offset from
 * UTC is kept; names and the daylight-saving flag are not. */
#ifndef HOKO_SCHEDULE_TZIF_H
#define HOKO_SCHEDULE_TZIF_H

#include "schedule/tz_rule.h"

#include <stddef.h>

/* All offsets are within these (RFC 9636, 3.2). */
enum { TZIF_OFFSET_MIN_S = -89999, TZIF_OFFSET_MAX_S = 93599 };

struct tzif_change {
  int64_t at_s; /* from this instant on */
  int32_t offset_s;
};

struct tzif {
  int32_t first_offset_s;      /* before the first change */
  struct tzif_change *changes; /* in order of time, no two at one instant */
  size_t changes_len;
  bool has_rule; /* from the last change on, RULE tells the time */
  struct tz_rule rule;
};

/* -1: ERROR_DATA, *T holds nothing.  Free with tzif_free(). */
MUST_USE int tzif_parse(struct tzif *t, struct slice bytes, struct error *err);
void tzif_free(struct tzif *t);

#endif
