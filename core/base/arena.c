#include "base/arena.h"

#include <stdlib.h>

enum { FIRST_SIZE = 16 * 1024 };

struct arena_block {
  struct arena_block *older;
  size_t size;
  char bytes[];
};

static void free_blocks(struct arena_block *b) {
  while (b) {
    struct arena_block *older = b->older;
    free(b);
    b = older;
  }
}

void arena_free(struct arena *a) {
  free_blocks(a->block);
  *a = ARENA_WITH_LIMIT(a->limit);
}

void arena_clear(struct arena *a) {
  a->used = 0;
  if (!a->block) return;
  free_blocks(a->block->older);
  a->block->older = NULL;
  a->total = a->block->size;
}

/* Each block is twice the one before, so the newest is the largest. */
static bool grow(struct arena *a, size_t least) {
  size_t size = a->block ? a->block->size : FIRST_SIZE / 2, left = a->limit - a->total;
  if (size <= left / 2) size *= 2;
  if (size < least) size = least;
  if (size > left) return false;
  struct arena_block *b = malloc(sizeof *b + size);
  if (!b) return false;
  b->older = a->block;
  b->size = size;
  a->block = b;
  a->total += size;
  a->used = 0;
  return true;
}

bool arena_copy(struct arena *a, struct slice s, struct slice *out) {
  *out = (struct slice){0};
  if (s.len == 0) return true;
  if ((!a->block || s.len > a->block->size - a->used) && !grow(a, s.len)) return false;
  char *to = a->block->bytes + a->used;
  memcpy(to, s.ptr, s.len);
  a->used += s.len;
  *out = (struct slice){to, s.len};
  return true;
}
