/* landlock.h - the wall between the worker and every path. */
#ifndef HOKO_WORKER_LANDLOCK_H
#define HOKO_WORKER_LANDLOCK_H

#include "base/error.h"

/* From here on the process has no right on any path, port or outer socket that this
 * kernel's Landlock knows; descriptors that are open stay good.  A kernel without
 * Landlock is no failure (`hoko doctor` tells).  Needs no_new_privs. */
MUST_USE int landlock_shut(struct error *err);

#endif
