/* number.h - numbers, durations and sizes as people write them. */
#ifndef HOKO_BASE_NUMBER_H
#define HOKO_BASE_NUMBER_H

#include "base/buf.h"

#include <stdint.h>

/* All parse S whole (no blanks, no rest) or return -1 and leave *out. */
MUST_USE int number_int64(struct slice s, int64_t min, int64_t max, int64_t *out);
/* "500ms" "90s" "15m" "2h" "1d", whole numbers, at most 10,000 days. */
MUST_USE int number_duration_ms(struct slice s, int64_t *out);
/* "4096", "64KiB", "4MiB", "1GiB", bytes, below 2^53. */
MUST_USE int number_size_bytes(struct slice s, int64_t *out);

/* "1,234,567"; "2.5 s", "3 min 20 s", "2 h 5 min"; "3.4 MiB". */
void number_put_grouped(struct buf *b, int64_t n);
void number_put_duration(struct buf *b, int64_t ms);
void number_put_size(struct buf *b, int64_t bytes);

#endif
