/* pair.h - held rows against partners that exist.  Pure (hoko-api 4.1, 4.2).
 *
 * A held row is paired with an unclaimed partner of equal content, exactly first,
 * then folded, and folded only where neither side has another candidate.  Rows of
 * equal content pair in any order.  What is not paired is LOST when nothing even
 * folded alike was there, and UNSURE otherwise. */
#ifndef HOKO_SYNC_PAIR_H
#define HOKO_SYNC_PAIR_H

#include "sync/look.h"

enum paired { PAIR_FOUND, PAIR_LOST, PAIR_UNSURE };

struct pair_row {
  uint64_t exact, folded; /* in */
  enum paired what;       /* out */
  size_t partner;         /* of PAIR_FOUND: its index */
};

/* ROW's content, nothing said of it yet. */
struct pair_row pair_row_of(const struct row *row, const struct hash_key *key);

/* IS_CLAIMED by partner: it belongs to another row already; those paired are marked.
 * Sorts what it needs in SCRATCH, of rows_len + partners_len indexes. */
void pair_rows(struct pair_row *rows, size_t rows_len, const struct looked *partners,
               size_t partners_len, bool *is_claimed, uint32_t *scratch);

#endif
