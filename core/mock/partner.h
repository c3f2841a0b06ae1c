/* partner.h - one partner as a value, and its form in JSON. */
#ifndef HOKO_MOCK_PARTNER_H
#define HOKO_MOCK_PARTNER_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/uuid.h"

enum partner_field { PARTNER_NAME, PARTNER_EMAIL, PARTNER_PHONE, PARTNER_FIELDS };

/* A view: the texts point into the store and are good until its next change. */
struct partner {
  struct uuid id;
  struct slice text[PARTNER_FIELDS]; /* ptr NULL: null */
  int64_t created_s, updated_s;      /* wall */
};

/* An array of partners on its way into a buf, whose buf_ok() tells in the end. */
struct partner_writer {
  struct buf *to;
  size_t len; /* objects written */
  struct {
    int64_t wall_s;
    char text[CLOCK_TEXT_SIZE];
  } created, updated; /* the last ones: a batch has one time, so few are formatted */
};

void partner_writer_begin(struct partner_writer *w, struct buf *to);
void partner_write(struct partner_writer *w, const struct partner *p);
void partner_writer_end(struct partner_writer *w);

#endif
