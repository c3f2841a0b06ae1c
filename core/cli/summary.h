/* summary.h - a run in a few lines for a person. */
#ifndef HOKO_CLI_SUMMARY_H
#define HOKO_CLI_SUMMARY_H

#include "cli/term.h"
#include "host/host.h"

/* Counts so far, rows a second, and what is waited for. */
void summary_put_progress(struct buf *line, const struct tally *t, const char *wait,
                          int64_t elapsed_ns);
/* What a dry run would do with a row, with old → new where the state knows. */
void summary_put_planned(struct buf *line, const struct row *row, bool is_create,
                         const struct known *known);
/* At most eight lines on a terminal's stderr; nothing elsewhere unless rows were rejected or held.
 */
void summary_print(struct term *t, const struct job *job, const struct run_result *r);

/* A row that a dry run rejects; one that it can say nothing of. */
void summary_put_planned_reject(struct buf *line, const struct reject *r);
void summary_put_planned_wait(struct buf *line, const struct row *row);
/* A key that the source no longer has, as a dry run tells it. */
void summary_put_missing(struct buf *line, const struct partner *p, bool is_deleted);

#endif
