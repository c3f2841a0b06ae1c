/* tally.h - what became of rows: the counts of a result and of a report. */
#ifndef HOKO_SYNC_TALLY_H
#define HOKO_SYNC_TALLY_H

#include <stdint.h>

/* Always submitted = created + updated + unchanged + superseded + rejected + held
 * + pending once an upsert has ended (J2); missing and deleted are partners of
 * the stream that the source no longer has. */
struct tally {
  int64_t skipped, submitted, created, updated, unchanged, superseded, rejected, held, pending,
      missing, deleted;
};

static inline int64_t tally_told(const struct tally *t) {
  return t->created + t->updated + t->unchanged + t->superseded + t->rejected + t->held +
         t->pending;
}

static inline void tally_add(struct tally *to, const struct tally *t) {
  to->skipped += t->skipped;
  to->submitted += t->submitted;
  to->created += t->created;
  to->updated += t->updated;
  to->unchanged += t->unchanged;
  to->superseded += t->superseded;
  to->rejected += t->rejected;
  to->held += t->held;
  to->pending += t->pending;
  to->missing += t->missing;
  to->deleted += t->deleted;
}

#endif
