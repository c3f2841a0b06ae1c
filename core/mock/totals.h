/* totals.h - what happened, counted: GET /mock/stats and the last line of hoko mock. */
#ifndef HOKO_MOCK_TOTALS_H
#define HOKO_MOCK_TOTALS_H

#include "mock/method.h"

#include "base/buf.h"

#include <stdint.h>

enum { TOTALS_STATUS_MIN = 200, TOTALS_STATUS_MAX = 599 };

struct totals {
  uint64_t requests; /* whose head arrived */
  uint64_t by_method[METHODS];
  uint64_t by_status[TOTALS_STATUS_MAX - TOTALS_STATUS_MIN + 1]; /* as sent, cut off ones too */
  uint64_t resets;                                               /* instead of an answer */
  uint64_t created, updated, unchanged, deleted;
  uint64_t in_flight, max_in_flight;
};

void totals_begin(struct totals *t, enum method method);
void totals_status(struct totals *t, unsigned status);

/* What the store is asked for at the end. */
struct totals_store {
  uint64_t partners;
  int64_t twins; /* partners with name, email and phone of another; below 0: not known */
};
/* Appends one JSON object, without line end. */
void totals_put(struct buf *b, const struct totals *t, struct totals_store store);

#endif
