/* key_index.h - from a key's hash to the partners that may have it.
 *
 * Keys come in any order, a million of them at random cost a B-tree ten seconds, so
 * the index on the disk is one sorted array of (first 32 bits of the hash, number),
 * cut by its first bits into buckets of one page each.  New partners wait in memory,
 * in the tail, until there are so many that rewriting most buckets pays; after a crash
 * the tail is read again from the partners behind indexed_to.
 *
 * A candidate is no match: who asks compares the key itself.  So an entry whose
 * partner is forgotten does no harm and stays. */
#ifndef HOKO_STATE_KEY_INDEX_H
#define HOKO_STATE_KEY_INDEX_H

#include "state/handle.h"

struct probe { /* a key that is looked for */
  uint64_t hash;
  uint32_t at; /* the caller's */
};

void probes_sort(struct probe *probes, size_t n);

struct candidate {
  uint32_t seq, at;
};

struct candidates { /* grows; the caller's to keep from call to call */
  struct candidate *list;
  size_t len, cap;
};

void key_index_init(struct key_index *x);
void key_index_free(struct key_index *x);
/* Forgets the tail; INDEXED_TO and BITS are what the disk says. */
void key_index_reset(struct key_index *x, uint32_t indexed_to, unsigned bits);

/* Adds to TO, in no order, whoever may have the key of a probe.  PROBES are sorted by hash. */
MUST_USE int key_index_find(struct stream *st, const struct probe *probes, size_t n,
                            struct candidates *to, struct error *err);

/* Tells of a new partner, whose transaction is about to be committed.  Where memory is
 * short the tail is forgotten, to be read anew when it is needed. */
void key_index_added(struct stream *st, uint64_t hash, uint32_t seq);
/* Whether the tail is long enough to go to the disk. */
bool key_index_is_due(const struct stream *st);
/* Writes the tail into the buckets, inside a write transaction of the caller's. */
MUST_USE int key_index_write(struct stream *st, struct error *err);
/* The same in a transaction of its own; where that fails the next run does it. */
void key_index_try_save(struct stream *st);
/* A transaction was rolled back: what is in memory is read anew before it is used. */
void key_index_forget(struct stream *st);

#endif
