/* plan_diff.h - what is new in the lines of a dry run since the one before. */
#ifndef HOKO_CLI_PLAN_DIFF_H
#define HOKO_CLI_PLAN_DIFF_H

#include "base/buf.h"

enum { PLAN_DIFF_SHOWN = 50 };

/* Appends the lines of BEFORE that are not in NOW, each behind "- ", then those of NOW that
 * are not in BEFORE behind "+ ", in their order, at most PLAN_DIFF_SHOWN each; lines that
 * occur twice count twice.  Takes n log n.  -1: no memory. */
MUST_USE int plan_diff_put(struct buf *to, struct slice before, struct slice now,
                           struct error *err);

#endif
