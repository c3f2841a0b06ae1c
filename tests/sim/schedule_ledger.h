/* schedule_ledger.h - the rows that a simulated daemon wrote of one job's cron
 * occurrences, and the check that each occurrence has exactly one.
 *
 * A segment is a stretch of wall time that went by under one schedule.  Where the
 * clock is set back what is behind is void, but runs that were started stay: they are
 * left over, and count again when the clock comes to them a second time. */
#ifndef HOKO_TESTS_SIM_SCHEDULE_LEDGER_H
#define HOKO_TESTS_SIM_SCHEDULE_LEDGER_H

#include "schedule/policy.h"

#include <stddef.h>

struct ledger_row {
  int64_t at_s;
  bool is_run, is_left_over;
};

struct ledger_segment {
  const struct cron *cron;
  const struct zone *zone;
  int64_t from_ms, to_ms; /* occurrences in (from, to] have come */
};

struct ledger {
  struct ledger_row *rows; /* by time, no two of one instant */
  size_t rows_len, rows_cap;
  struct ledger_segment *segments; /* by time */
  size_t segments_len, segments_cap;
};

void ledger_free(struct ledger *l);
/* A schedule holds from FROM_MS on, and none of before. */
void ledger_begin(struct ledger *l, const struct policy_rules *r, int64_t from_ms);
/* It held until TO_MS. */
void ledger_end(struct ledger *l, int64_t to_ms);
/* The clock was set back to AT_MS. */
void ledger_retract(struct ledger *l, const struct policy_rules *r, int64_t at_ms);

bool ledger_has(const struct ledger *l, int64_t at_ms);
/* false: there is a row of it already, which is not left over. */
MUST_USE bool ledger_add(struct ledger *l, int64_t at_ms, bool is_run);
/* Takes the row that is there as that of the occurrence which came again. */
void ledger_keep(struct ledger *l, int64_t at_ms);

/* How many occurrences the segments have; -1: *wrong_ms is one without a row, or a row
 * without an occurrence. */
int64_t ledger_check(const struct ledger *l, int64_t *wrong_ms);

#endif
