/* report_view.h - single facts out of a run's report (contract 5), which is JSON text. */
#ifndef HOKO_STATE_REPORT_VIEW_H
#define HOKO_STATE_REPORT_VIEW_H

#include "base/buf.h"

#include <stdint.h>

/* Member NAME of the report, or of its object OBJECT where that is not NULL; numbers
 * only, 0 where there is none. */
int64_t report_view_number(struct slice report, const char *object, const char *name);
/* The same of a string, appended to TO as a person reads it; false: there is none. */
bool report_view_text(struct slice report, const char *object, const char *name, struct buf *to);
/* Appends the pairs of equal partners that the run found: "ID and ID, ID and ID". */
void report_view_put_twins(struct buf *b, struct slice report);
/* Appends "3 created, 1 rejected": the rows that there were, by what became of them. */
void report_view_put_rows(struct buf *b, struct slice report);

#endif
