/* change.h - what a request asks to be done to partners, and every reason of
 * Hoko's to refuse it.
 *
 * Pure: bytes in, values out.  A refusal is -1 with the row and the reason in
 * *err (Hoko itself says neither; the mock tells them in a header).  Texts point
 * into the body or into the list's own buffer and live as long as both. */
#ifndef HOKO_MOCK_CHANGE_H
#define HOKO_MOCK_CHANGE_H

#include "mock/partner.h"

#include "base/json_scan.h"

enum { CHANGES_MAX = 10000 }; /* items of one request */

enum change_kind {
  CHANGE_UPSERT, /* PUT: id makes it an update, null clears */
  CHANGE_CREATE, /* POST: no id, no null */
  CHANGE_LOAD,   /* --data: a whole object as GET shows it */
};

struct change_text {
  enum { CHANGE_ABSENT, CHANGE_NULL, CHANGE_TEXT } state;
  struct slice text; /* while CHANGE_TEXT */
};

struct change {
  bool has_id;
  struct uuid id;
  struct change_text field[PARTNER_FIELDS];
  int64_t created_s, updated_s; /* wall seconds; CHANGE_LOAD only, 0 where absent */
};

struct changes {
  struct change *list;
  size_t len, cap;
  struct buf text; /* of strings that had escapes; never moved while in use */
};

void changes_free(struct changes *c);
/* Reads BODY, an array of 1 to CHANGES_MAX objects.  -1: refused, or no memory
 * (ERROR_MEMORY); free C all the same. */
MUST_USE int changes_parse(struct changes *c, enum change_kind kind, struct slice body,
                           struct error *err);

/* The same for an array of any length, in pieces that fit into one call of
 * partners_apply(). */
struct change_reader {
  struct json_scan scan;
  enum change_kind kind;
  size_t rows; /* read so far */
  bool is_done;
};
MUST_USE int change_reader_begin(struct change_reader *r, enum change_kind kind, struct slice body,
                                 struct error *err);
/* Puts the next CHANGES_MAX objects, or what is left, in place of C's. */
MUST_USE int change_reader_next(struct change_reader *r, struct changes *c, struct error *err);

struct ids {
  struct uuid *list;
  size_t len, cap;
};

void ids_free(struct ids *ids);
/* Reads BODY, an array of 1 to CHANGES_MAX UUIDs; as changes_parse(). */
MUST_USE int ids_parse(struct ids *ids, struct slice body, struct error *err);

#endif
