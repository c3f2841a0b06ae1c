/* picture.h - a job's last 30 days as a drawing (SVG). */
#ifndef HOKO_SCHEDULE_PICTURE_H
#define HOKO_SCHEDULE_PICTURE_H

#include "schedule/html.h"
#include "state/state.h"

enum { PICTURE_DAYS = 30 };

/* DAYS are those of the 30 up to TODAY that have any runs, in order.  A bar is a day's rows,
 * red as far as its runs failed; a dot is a day on which some did not start; the line is how
 * long a run took.  Each day says so in words. */
void picture_put(struct buf *b, enum html_language language, const struct run_day *days, size_t len,
                 int64_t today);

#endif
