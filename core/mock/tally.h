/* tally.h - what happened, counted: GET /mock/stats and the last line of hoko mock. */
#ifndef HOKO_MOCK_TALLY_H
#define HOKO_MOCK_TALLY_H

#include "base/buf.h"

#include <stdint.h>

enum { TALLY_STATUS_MIN = 200, TALLY_STATUS_MAX = 599 };

enum tally_method { TALLY_GET, TALLY_POST, TALLY_PUT, TALLY_DELETE, TALLY_OTHER, TALLY_METHODS };

struct tally {
  uint64_t requests; /* whose head arrived */
  uint64_t by_method[TALLY_METHODS];
  uint64_t by_status[TALLY_STATUS_MAX - TALLY_STATUS_MIN + 1]; /* as sent, cut off ones too */
  uint64_t resets;                                             /* instead of an answer */
  uint64_t created, updated, unchanged, deleted;
  uint64_t in_flight, max_in_flight;
};

enum tally_method tally_method(struct slice name);
void tally_begin(struct tally *t, struct slice method);
void tally_status(struct tally *t, unsigned status);

/* What the store is asked for at the end. */
struct tally_store {
  uint64_t partners;
  int64_t twins; /* partners with name, email and phone of another; below 0: not known */
};
/* Appends one JSON object, without line end. */
void tally_put(struct buf *b, const struct tally *t, struct tally_store store);

#endif
