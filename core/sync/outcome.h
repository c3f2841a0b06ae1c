/* outcome.h - what an exchange means for the rows in it.  Pure. */
#ifndef HOKO_SYNC_OUTCOME_H
#define HOKO_SYNC_OUTCOME_H

#include "net/transport.h"

#include <stdbool.h>

enum outcome {
  OUTCOME_ACKNOWLEDGED, /* a full match */
  OUTCOME_REFUSED,      /* 400, 409, 422: some row of it, or all */
  OUTCOME_TOO_LARGE,    /* 413: fewer rows may do */
  OUTCOME_LIMITED,      /* 429: send again when the limit allows, no failed try */
  OUTCOME_AGAIN,        /* nothing is known to be wrong with the rows: wait, send again */
  OUTCOME_UNCLEAR,      /* a create that may have been applied: hold it */
  OUTCOME_STOP_AUTH,    /* 401, 403 */
  OUTCOME_STOP,         /* TLS, a redirect, 402, 404, 405, 410, another 4xx */
  OUTCOME_STOP_UNCLEAR, /* the same, and creates may have been applied */
};

struct outcome_facts {
  enum exchange_end end;
  int status;
  bool is_create;
  bool is_match;      /* the answer is a complete array that matches the rows, one to one */
  bool is_alone;      /* it is one row: then an unknown id is possible */
  bool is_hoko_error; /* the body has Hoko's own error form */
};

enum outcome outcome_of(const struct outcome_facts *f);

#endif
