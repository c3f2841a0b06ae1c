/* adoption.h - held rows that were found: their partners' ids into the state. */
#ifndef HOKO_SYNC_ADOPTION_H
#define HOKO_SYNC_ADOPTION_H

#include "sync/held_rows.h"
#include "sync/seen.h"

struct adoption_options {
  struct state *state;
  struct stream *stream;
  int64_t run;       /* the run's number in the state; 0: none */
  struct seen *seen; /* NULL, or gets the partners: whose row was just sent is in the source */
  const struct looked *partners; /* that pairs point to */
};

/* Commits the rows of H that are PAIR_FOUND and drops them from it; *ADOPTED grows by
 * each that is committed, whatever comes after. */
MUST_USE int adoption_commit(const struct adoption_options *o, struct held_rows *h,
                             int64_t *adopted, struct error *err);

#endif
