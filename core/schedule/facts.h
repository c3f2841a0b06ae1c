/* facts.h - what became of a job's last runs, for those who look at it. */
#ifndef HOKO_SCHEDULE_FACTS_H
#define HOKO_SCHEDULE_FACTS_H

#include "schedule/serving.h"

enum facts_row {
  FACTS_SUBMITTED, FACTS_CREATED, FACTS_UPDATED, FACTS_UNCHANGED, FACTS_SUPERSEDED, FACTS_REJECTED,
  FACTS_HELD, FACTS_PENDING, FACTS_SKIPPED, FACTS_MISSING, FACTS_DELETED, FACTS_ROWS
};
/* "submitted", …: the word of the report. */
const char *facts_row_name(enum facts_row row);

struct facts {
  bool has_run, has_success;
  int64_t started_ms, ended_ms; /* of the last run; ended 0: it is under way */
  int64_t success_ms;           /* when the last good one ended */
  int64_t took_ms;              /* of that */
  int exit_code;                /* of the last run that has ended */
  bool has_exit;
  int64_t rows[FACTS_ROWS];
  int64_t waited_ms;
};

/* Two look-ups in the state. */
MUST_USE int facts_read(struct facts *f, struct daemon *d, const struct served *s, struct error *err);

#endif
