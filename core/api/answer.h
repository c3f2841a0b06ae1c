/* answer.h - a partners answer, scanned while it arrives.
 *
 * An answer belongs to the main thread until it is submitted with its exchange,
 * then to the I/O thread, which feeds it, and is the main thread's again with the
 * exchange.  Nothing is matched here: what came is listed, and whether it is
 * complete.  Memory: 48 bytes a partner, the text only where asked for. */
#ifndef HOKO_API_ANSWER_H
#define HOKO_API_ANSWER_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/row.h"
#include "base/uuid.h"

struct answer_partner {
  struct uuid id;
  uint64_t field_hash[ROW_FIELDS]; /* of the decoded text; 0: null or absent */
  uint32_t text_at, text_len;      /* the object in text, where it is kept */
};

enum answer_state {
  ANSWER_OPEN,     /* more is to come */
  ANSWER_COMPLETE, /* one whole JSON array of partner objects, and nothing behind it */
  ANSWER_WRONG,    /* anything else; reason tells */
};

struct answer_options {
  size_t partners_max; /* more than so many is ANSWER_WRONG */
  size_t bytes_max;    /* of the decoded body; more is ANSWER_WRONG, whatever they are */
  bool keeps_text;     /* for creates (folded matching), listings and on_ack */
  struct hash_key key;
};

struct answer {
  enum answer_state state;
  const char *reason; /* after ANSWER_WRONG: a constant sentence */
  struct answer_partner *partners;
  size_t partners_len;
  struct buf text;          /* objects one behind the other, as received */
  uint64_t bytes;           /* fed so far */
  struct answer_scan *scan; /* private */
};

MUST_USE int answer_init(struct answer *a, const struct answer_options *options, struct error *err);
void answer_free(struct answer *a);
/* Ready for another body; keeps its memory. */
void answer_reset(struct answer *a);
/* Changes keeps_text; between a reset and the first feed only. */
void answer_keep_text(struct answer *a, bool keeps_text);
/* false: no use in feeding more (wrong, or past the cap). */
bool answer_feed(struct answer *a, struct slice bytes);
/* The body is over: OPEN becomes COMPLETE or WRONG. */
void answer_end(struct answer *a);

static inline struct slice answer_text(const struct answer *a, size_t i) {
  return (struct slice){a->text.ptr + a->partners[i].text_at, a->partners[i].text_len};
}

/* The hash that field_hash holds, of a row's field (a JSON string with quotes, or
 * null, or len 0), so that sent and received compare. */
uint64_t answer_hash_field(const struct hash_key *key, struct slice json);

/* The decoded id, name, email and phone of one object's text as JSON pieces, for
 * folding and for showing; slices point into OBJECT. -1: no partner object. */
MUST_USE int answer_object(struct slice object, struct row *out);

#endif
