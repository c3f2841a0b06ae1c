/* held_rows.h - the held rows of a stream, copied out of the state for one settling. */
#ifndef HOKO_SYNC_HELD_ROWS_H
#define HOKO_SYNC_HELD_ROWS_H

#include "state/state.h"
#include "sync/pair.h"

struct held_row {
  int64_t number, sent_at_ms;
  size_t at, len; /* its record in records */
  bool is_keyed;
};

struct held_rows {
  struct buf records;
  struct held_row *at;
  struct pair_row *pairs; /* what pairing says of each */
  size_t len;
};

/* On failure held_rows_free() is due all the same. */
MUST_USE int held_rows_read(struct held_rows *h, struct stream *st, const struct hash_key *key,
                            struct error *err);
void held_rows_free(struct held_rows *h);

/* Its slices point into H. */
struct row held_rows_row(const struct held_rows *h, size_t i);
/* When the oldest of them was sent; INT64_MAX: there is none. */
int64_t held_rows_oldest_ms(const struct held_rows *h);
/* Puts row FROM in the place of row TO, as one does who drops rows between them. */
static inline void held_rows_move(struct held_rows *h, size_t to, size_t from) {
  h->at[to] = h->at[from];
  h->pairs[to] = h->pairs[from];
}

#endif
