/* rejects.h - rejects that wait for the next commit.
 *
 * A commit costs a sync of the disk, about 4 ms, so rows refused one by one are
 * written together: before any other commit of the upsert (a later row of the same
 * key may clear them), when there are many, or a second after the first. */
#ifndef HOKO_SYNC_REJECTS_H
#define HOKO_SYNC_REJECTS_H

#include "base/arena.h"
#include "state/state.h"

enum { REJECTS_MAX = 512, REJECTS_BYTES = 8 << 20 };

struct rejects {
  struct reject *at;
  size_t len;
  struct arena texts;
  int64_t first_ns; /* when the first of them came */
};

MUST_USE int rejects_init(struct rejects *r, struct error *err);
void rejects_free(struct rejects *r);

/* Keeps a copy of REJECT.  false: write and clear them first; where they are empty
 * already, there is no memory for it. */
MUST_USE bool rejects_add(struct rejects *r, const struct reject *reject, int64_t now_ns);
void rejects_clear(struct rejects *r);
/* Monotonic; INT64_MAX: none waits. */
int64_t rejects_due(const struct rejects *r);

#endif
