/* zone_name.h - names of time zones: what may be one, and what was probably meant. */
#ifndef HOKO_SCHEDULE_ZONE_NAME_H
#define HOKO_SCHEDULE_ZONE_NAME_H

#include "base/error.h"
#include "base/slice.h"

enum { ZONE_NAME_SIZE = 128 };

/* Whether NAME can only lead to a file inside the folder of zones. */
bool zone_name_is_safe(struct slice name);

/* Puts into ERR the hint for NAME, which FOLDER does not have.  Reads the whole
 * folder; returns -1. */
int zone_name_hint(struct error *err, struct slice name, const char *folder);

#endif
