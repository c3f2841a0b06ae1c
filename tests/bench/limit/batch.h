/* batch.h - up to 10,000 partners on their way into one request. */
#ifndef HOKO_BENCH_LIMIT_BATCH_H
#define HOKO_BENCH_LIMIT_BATCH_H

#include "bytes.h"

#include <stdint.h>

enum { BATCH_ROWS = 10000, UUID_LEN = 36 };
enum field { FIELD_ID, FIELD_NAME, FIELD_EMAIL, FIELD_PHONE, FIELDS };

struct batch {
  struct buf body;
  uint32_t id_at[BATCH_ROWS]; /* where a row's id begins in the body */
  size_t rows_len;
};

/* Appends a row of decoded fields, checked; one that is not there has a NULL ptr. */
void batch_add(struct batch *b, const struct slice value[FIELDS]);
void batch_end(struct batch *b);
void batch_clear(struct batch *b);

/* Whether ANSWER is an array of flat objects whose ids are exactly B's, in any order. */
bool batch_is_answered(const struct batch *b, struct slice answer);

#endif
