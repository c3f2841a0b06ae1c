/* metrics.h - the jobs as OpenMetrics 1.0 text. */
#ifndef HOKO_SCHEDULE_METRICS_H
#define HOKO_SCHEDULE_METRICS_H

#include "schedule/serving.h"

/* Appends it whole.  -1: the state could not be read. */
MUST_USE int metrics_put(struct buf *b, struct daemon *d, struct error *err);

#endif
