/* handle.h - what stands behind the handles of state.h; for the files of this room. */
#ifndef HOKO_STATE_HANDLE_H
#define HOKO_STATE_HANDLE_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "state/db.h"
#include "state/state.h"

enum { HANDED_LIMIT = 1 << 30 }; /* bytes: a frame of rows with the longest fields */

struct rate_file;

struct state {
  struct db db;
  const struct clock *clock;
  struct hash_key hash_key;
  bool is_reader, is_memory;
  char *lock_dir;          /* NULL: in memory, nobody else is there, or at a server */
  struct stream *streams;  /* the open ones */
  struct rate_file *rates; /* those asked for so far */
  struct arena handed;     /* bytes behind the slices that were handed out last */
};

/* Where a new partner of a stream gets its number from, and how keys are found. */
struct key_index {
  uint32_t indexed_to; /* partners up to this number are in the buckets of the disk */
  unsigned bits;       /* of the hash, that choose a bucket */
  bool is_tail_loaded; /* TAIL holds those behind indexed_to */
  struct map tail;     /* hash of the key → number */
  uint64_t searched;   /* keys, since whole was emptied */
  struct buf whole;    /* all buckets, one behind the other, once many were searched */
};

/* Keys that have a reject or are held, as bits by their hash: those whose bit is clear
 * need no look-up. */
struct marks {
  bool is_loaded, is_any;
  uint64_t *words;
  struct map under_way; /* a reader's: hashes of creates in open intents, which it cannot hold */
};

struct found; /* look-up's working memory, in identity.c */

struct stream {
  struct state *state;
  struct stream *next;
  int64_t number; /* 0: a reader's, of a stream that is not there */
  char name[STATE_TEXT_SIZE], base_url[STATE_TEXT_SIZE], other_url[STATE_TEXT_SIZE];
  bool is_reader;
  int lock_fd; /* -1: none */
  bool has_lock_key;
  int64_t lock_key; /* of PostgreSQL */

  bool is_fresh;        /* last_seq and index are as the disk has them */
  int64_t data_version; /* a reader's: changes when another process writes */
  uint32_t last_seq;    /* of the newest partner */
  uint32_t walked_to;   /* the partner that the last look-up found last */
  struct key_index index;
  struct marks marks;
  int64_t rejects_left; /* so many may come before they are counted again */

  bool is_made_loaded;
  struct map made; /* content → how often it may still be told */
  struct found *found;
  struct arena handed;
};

static inline int64_t stream_number_of(const struct stream *st, uint32_t seq) {
  return st->number << 32 | seq;
}
static inline uint32_t stream_seq_of(int64_t number) { return (uint32_t)(number & UINT32_MAX); }

static inline uint64_t state_hash(const struct state *s, struct slice text) {
  return hash_slice(&s->hash_key, text);
}

/* Reads anew what ST keeps in memory of the disk, where a commit of ours failed or, for
 * a reader, another process has written. */
MUST_USE int stream_refresh(struct stream *st, struct error *err);

/* Refuses writing through a reader: a mistake of the caller's. */
MUST_USE int state_begin_write(struct state *s, struct error *err);

/* Column AT of ST, an id; anything else is damage. */
MUST_USE int handed_id(struct db *db, struct statement *st, int at, struct uuid *out,
                       struct error *err);
/* Column AT of ST, copied into HANDED. */
MUST_USE int handed_column(struct arena *handed, struct statement *st, int at, struct slice *out,
                           struct error *err);

#endif
