/* match.h - answer rows against sent rows.  Pure; only a full match counts.
 *
 * Updates are matched by id, whatever their order.  Creates are matched as a
 * multiset of (name, email, phone): exactly first, then folded (white space at the
 * ends, letter case of the e-mail, digits of the phone, NFC), and folded only if
 * the assignment is unique and complete (hoko-api 4.1, 1-3). */
#ifndef HOKO_SYNC_MATCH_H
#define HOKO_SYNC_MATCH_H

#include "sync/batch.h"

enum match {
  MATCH_FULL,
  MATCH_INCOMPLETE, /* the answer is no whole array */
  MATCH_COUNT,      /* fewer or more objects than rows */
  MATCH_FOREIGN,    /* an object that no row stands for, or one twice */
};

struct matching {
  uint32_t *partner_of; /* by row of the range, from 0: its object's index in the answer */
  uint32_t *scratch;    /* private */
  size_t cap;
};

MUST_USE int matching_init(struct matching *m, size_t rows_max, struct error *err);
void matching_free(struct matching *m);

enum match match_updates(struct matching *m, const struct batch *b);
enum match match_creates(struct matching *m, const struct batch *b, const struct hash_key *key);
const char *match_name(enum match match); /* a sentence for a person */

/* The fields that Hoko returned otherwise than they were sent, a bit each. */
unsigned match_changed_fields(const struct batch *b, uint32_t row, const struct answer_partner *p,
                              const struct hash_key *key);

/* The hash of three field hashes, as answer_partner and answer_hash_field() have them; 0 never. */
uint64_t match_content(const uint64_t field_hash[ROW_FIELDS]);

/* The hash of a row's three fields folded as above; 0 never.  FIELD are JSON pieces. */
uint64_t match_fold(const struct slice field[ROW_FIELDS], const struct hash_key *key);

#endif
