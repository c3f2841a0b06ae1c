/* zones.h - each time zone once, however many jobs have it: a zone of half the world
 * takes 13 KB, and a thousand jobs share a handful. */
#ifndef HOKO_SCHEDULE_ZONES_H
#define HOKO_SCHEDULE_ZONES_H

#include "schedule/zone.h"

struct zones;

/* FOLDER as in zone_open(); borrowed.  NULL: no memory. */
struct zones *zones_new(const char *folder);
/* With all zones that it gave. */
void zones_free(struct zones *zs);

/* The zone NAME, borrowed. */
MUST_USE int zones_get(struct zones *zs, struct slice name, const struct zone **out,
                       struct error *err);

/* Looks whether the system's data changed.  Each zone that tells other times now is
 * handed to ON_CHANGE with the one in its place; the old one goes when that returns.
 * -1: one could not be read; the others were looked at all the same. */
MUST_USE int zones_refresh(struct zones *zs,
                           void (*on_change)(void *user, const struct zone *old,
                                             const struct zone *newer),
                           void *user, struct error *err);

#endif
