/* facts.h - what became of a job's last runs, for those who look at it. */
#ifndef HOKO_SCHEDULE_FACTS_H
#define HOKO_SCHEDULE_FACTS_H

#include "schedule/serving.h"

/* "submitted", …: the word of the report. */
const char *facts_row_name(enum facts_row row);

/* S's, read from the state where a run has begun or ended since. */
MUST_USE int facts_read(struct daemon *d, struct served *s, struct error *err);

#endif
