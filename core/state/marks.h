/* marks.h - which keys of a stream may have a reject or be held.
 *
 * One bit by the key's hash: most streams have none or few, and then a million keys
 * need no look-up.  128 KiB whatever the number; a bit may be set by another key. */
#ifndef HOKO_STATE_MARKS_H
#define HOKO_STATE_MARKS_H

#include "state/handle.h"

void marks_free(struct marks *m);
/* Reads ST's rejects and held rows; nothing where that was done. */
MUST_USE int marks_load(struct stream *st, struct error *err);
/* Marks a key; nothing where they are not loaded yet.  */
void marks_add(struct marks *m, uint64_t hash);
/* Whether it is a create under way, as a reader sees it. */
bool marks_is_under_way(const struct marks *m, uint64_t hash);
static inline bool marks_has(const struct marks *m, uint64_t hash) {
  return m->is_any && (m->words[(hash & 0xfffff) / 64] >> (hash % 64) & 1);
}

#endif
