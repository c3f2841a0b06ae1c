/* run_view.h - a run of the history as a person or a program reads it. */
#ifndef HOKO_CLI_RUN_VIEW_H
#define HOKO_CLI_RUN_VIEW_H

#include "state/state.h"

/* All append.  "ok", "rejected (exit 3)", "running (process 12)", "died", "missed". */
void run_view_put_result(struct buf *b, const struct run_record *r);
/* "3.4 s"; nothing for a run that has no end. */
void run_view_put_took(struct buf *b, const struct run_record *r);
/* The report as it was written; of a run that has none, as much as is known.  One line. */
void run_view_put_json(struct buf *b, const struct run_record *r);
/* Lines of name and text. */
void run_view_put(struct buf *b, const struct run_record *r);

#endif
