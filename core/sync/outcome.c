#include "sync/outcome.h"

/* An answer without effect on rows that can be repeated, or an unknown one. */
static enum outcome unknown(const struct outcome_facts *f) {
  return f->is_create ? OUTCOME_UNCLEAR : OUTCOME_AGAIN;
}

static enum outcome of_status(const struct outcome_facts *f) {
  int status = f->status;
  if (status >= 200 && status < 300) {
    bool counts = (status == 200 || status == 201) && f->is_match;
    return counts ? OUTCOME_ACKNOWLEDGED : unknown(f);
  }
  if (status < 200 || status >= 500) return unknown(f);
  switch (status) {
  case 400:
  case 409:
  case 422: return f->is_create && !f->is_hoko_error ? OUTCOME_UNCLEAR : OUTCOME_REFUSED;
  case 401:
  case 403: return OUTCOME_STOP_AUTH;
  case 404:
    if (!f->is_create && f->is_alone && f->is_hoko_error) return OUTCOME_REFUSED;
    break;
  case 408:
  case 425: return unknown(f);
  case 413: return OUTCOME_TOO_LARGE;
  case 429: return OUTCOME_LIMITED;
  default: break;
  }
  return f->is_create && status >= 400 && !f->is_hoko_error ? OUTCOME_STOP_UNCLEAR : OUTCOME_STOP;
}

enum outcome outcome_of(const struct outcome_facts *f) {
  switch (f->end) {
  case EXCHANGE_ANSWERED: return of_status(f);
  case EXCHANGE_NOT_SENT: return OUTCOME_AGAIN;
  case EXCHANGE_TLS_REFUSED: return OUTCOME_STOP;
  case EXCHANGE_BROKEN:
  case EXCHANGE_CANCELLED: return unknown(f);
  }
  return OUTCOME_UNCLEAR;
}
