/* arena.h - bytes that stay where they are until all of them go at once.
 *
 * For what is handed out together and forgotten together: after a few rounds of
 * arena_clear() nothing is allocated any more.  Born with a limit, in bytes. */
#ifndef HOKO_BASE_ARENA_H
#define HOKO_BASE_ARENA_H

#include "base/error.h"
#include "base/slice.h"

struct arena_block;

struct arena {
  struct arena_block *block; /* the newest and largest; older ones hang behind it */
  size_t used;               /* of the newest */
  size_t total, limit;       /* bytes in all blocks, and how many they may be */
};

#define ARENA_WITH_LIMIT(limit_bytes) ((struct arena){.limit = (limit_bytes)})

void arena_free(struct arena *a);
/* Forgets all content and keeps the largest block. */
void arena_clear(struct arena *a);
/* A copy of S in *out (NULL and 0 where S is empty); false: at the limit, or no memory. */
MUST_USE bool arena_copy(struct arena *a, struct slice s, struct slice *out);

#endif
