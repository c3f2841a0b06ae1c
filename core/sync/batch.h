/* batch.h - rows on their way into one request.
 *
 * A batch holds creates or updates, never both.  Its rows are records in one
 * buffer; the body is assembled once, when it is sent.  After a refusal it is sent
 * in parts: a stack of ranges of its rows, the topmost of which is what is sent.
 * A batch belongs to the main thread but for its flight's body and answer, which
 * are the transport's while the batch is BATCH_SENT. */
#ifndef HOKO_SYNC_BATCH_H
#define HOKO_SYNC_BATCH_H

#include "api/answer.h"
#include "base/row.h"
#include "base/uuid.h"
#include "net/transport.h"

enum batch_kind { BATCH_CREATE, BATCH_UPDATE, BATCH_KINDS };

enum batch_state {
  BATCH_FREE,
  BATCH_OPEN,  /* takes rows */
  BATCH_READY, /* full; rows can still be merged into it */
  BATCH_SENT,
  BATCH_WAITING, /* for a time, then sent again */
  BATCH_LOOKING, /* for an answer about what its refusal left behind */
};

struct batch_row {
  struct uuid id;   /* of an update */
  uint64_t ordinal; /* in the upsert */
  uint32_t at, len; /* the record */
  uint32_t seq;     /* of a known partner; 0 */
  uint8_t why;      /* it is sent: enum why */
  uint8_t mask;     /* bit F: field F is sent; the record has the row as it was submitted */
  bool is_told;     /* its outcome was counted */
  bool is_resent;   /* it was a held row and is so no more */
};

struct range {
  uint32_t from, to;
  int64_t intent;  /* committed for it already; 0: none */
  bool is_suspect; /* refused, if nothing is that was split off with it and stands above */
};

enum { BATCH_RANGES_MAX = 40 };

/* What a batch needs besides its rows while it is under way.  Most of what a batch takes is
 * this, so there is one a request in flight, not one a batch. */
struct flight {
  struct buf body;
  struct answer answer;
};

struct batch {
  enum batch_kind kind;
  enum batch_state state;
  uint32_t number; /* its place in the pool */
  struct buf records;
  struct batch_row *rows;
  uint32_t rows_len, rows_cap;
  size_t body_bytes; /* that the rows will take */
  size_t body_max;
  struct range ranges[BATCH_RANGES_MAX];
  unsigned ranges_len;
  unsigned tries;        /* of the range on top that failed in a row */
  bool is_again;         /* what is sent next was sent before */
  int64_t not_before_ns; /* while BATCH_WAITING */
  int64_t refused_rows;  /* rejected alone */
  bool is_split;         /* what is sent is a part of it */
  bool has_success;      /* some range of it was acknowledged */
  bool is_unrecorded;    /* the range on top left, and its outcome could not be written down */
  struct flight *flight; /* while it is BATCH_SENT, else NULL */
  struct exchange exchange;
};

struct batch_limits {
  uint32_t rows_max;
  size_t body_max;
  size_t answer_bytes_max;
  struct hash_key key;
};

MUST_USE int batch_init(struct batch *b, uint32_t number, const struct batch_limits *limits,
                        struct error *err);
void batch_free(struct batch *b);
MUST_USE int flight_init(struct flight *f, const struct batch_limits *limits, struct error *err);
void flight_free(struct flight *f);

/* Empties B for KIND; its memory stays. */
void batch_begin(struct batch *b, enum batch_kind kind);

/* Copies ROW in, with AS's id, ordinal, seq and mask; false: no room, send B and add to a fresh
 * one.  Any row that passed the worker's check of its size fits an empty batch. */
MUST_USE bool batch_add(struct batch *b, const struct row *row, const struct batch_row *as);
/* Lays ROW over row I, which gets ORDINAL and sends all that ROW has; false: no room. */
MUST_USE bool batch_merge(struct batch *b, uint32_t i, const struct row *row, uint64_t ordinal);
/* Takes row I out; the last one stands in its place. */
void batch_remove(struct batch *b, uint32_t i);
/* Row I as submitted, and with the fields only that are sent. */
struct row batch_row(const struct batch *b, uint32_t i);
struct row batch_sent_row(const struct batch *b, uint32_t i);

enum { BATCH_ALL_FIELDS = (1 << ROW_FIELDS) - 1 };

static inline struct range batch_range(const struct batch *b) {
  return b->ranges[b->ranges_len - 1];
}
static inline int64_t *batch_intent(struct batch *b) {
  return &b->ranges[b->ranges_len - 1].intent;
}
/* The records of the range on top, one behind the other, into TO. */
MUST_USE int batch_put_records(const struct batch *b, struct buf *to);
/* Assembles the body of the range on top in B's flight; -1: no memory. */
MUST_USE int batch_assemble(struct batch *b, struct error *err);

#endif
