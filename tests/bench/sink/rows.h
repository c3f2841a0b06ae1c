/* rows.h - the partners of a request, read and echoed. */
#ifndef HOKO_BENCH_SINK_ROWS_H
#define HOKO_BENCH_SINK_ROWS_H

#include "bytes.h"

#include <stdint.h>

enum { ROWS_MAX = 10000 };

/* "hash" is a sum over rows of a hash of their decoded fields: it does not depend on
 * order, batches or JSON escapes, so two clients did the same work exactly when rows
 * and hash are equal. */
struct rows_sum {
  int64_t rows, nulls;
  uint64_t hash, ids_made;
};

/* Appends the answer to BODY, an array of 1 to ROWS_MAX partners, each whole and in the
 * order of the input; a missing id, and every one of a POST, becomes a fresh UUID.
 * -1: BODY is no such array, and OUT has a part of an answer. */
int rows_answer(struct slice body, bool is_post, struct rows_sum *sum, struct buf *out);

#endif
