/* plan.h - what is to be done with one row, by what the state knows.  Pure. */
#ifndef HOKO_SYNC_PLAN_H
#define HOKO_SYNC_PLAN_H

#include "state/state.h"
#include "sync/batch.h"

enum plan_what {
  PLAN_SEND,
  PLAN_UNCHANGED, /* the same as last acknowledged, or an equal create already made */
  PLAN_REFUSED,   /* rejected before and unchanged: it stays in the rejects, nothing is sent */
  PLAN_REJECT,    /* code, message and field tell */
  PLAN_PENDING,   /* a create of this key has an unknown outcome: wait for its settling */
  PLAN_HELD,      /* the row is itself a create whose outcome is unknown */
};

struct plan_facts {
  const struct row *row;
  const struct known *known; /* of the key or content; all 0 where none was asked for */
  uint64_t content;          /* state_row_hash() of row; 0 where not needed */
  bool has_key, sends_all, recreates, retries_rejects, adopts;
};

struct plan {
  enum plan_what what;
  enum batch_kind kind;
  bool has_id;
  bool is_partial;     /* of PLAN_REJECT: an earlier row of the key in this run may make it whole */
  struct batch_row as; /* id, seq and mask for the batch */
  struct row
      row; /* to send: FACTS' row, with the fields known before where a partner is made anew */
  const char *code, *message, *field;
};

struct plan plan_row(const struct plan_facts *f);

#endif
