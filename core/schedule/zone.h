/* zone.h - a time zone of the system's data, as spans of constant offset from UTC.
 *
 * Any number of zones live side by side; nothing here reads or sets TZ.  What a zone
 * tells never changes: when its file does, zone_newer() gives another.  "UTC" needs no
 * file. */
#ifndef HOKO_SCHEDULE_ZONE_H
#define HOKO_SCHEDULE_ZONE_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"

struct zone;

/* The zone NAME, exact in its letter case, of the data in FOLDER (NULL:
 * ZONE_FOLDER).  A name that is none is ERROR_USAGE with the nearest as a hint. */
MUST_USE int zone_open(struct zone **out, struct slice name, const char *folder, struct error *err);
void zone_close(struct zone *z);
const char *zone_name(const struct zone *z);

/* Reads the file again if it is another than was read (a stat(2) where it is not).
 * *newer is a zone that tells other times, NULL where there is none.  -1: it cannot be
 * read; a later call tries again. */
MUST_USE int zone_newer(struct zone *z, struct zone **newer, struct error *err);

/* Instants from from_s on, before to_s: seconds since 1970.  The first span begins
 * with INT64_MIN, the last ends with INT64_MAX; neighbours differ in offset. */
struct zone_span {
  int64_t from_s, to_s;
  int32_t offset_s; /* what a clock on the wall shows more than UTC */
};
/* The span that AT_S is in, which is before the year 10000. */
struct zone_span zone_at(const struct zone *z, int64_t at_s);

#endif
