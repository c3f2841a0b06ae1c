#include "worker/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_SIZE = 256 << 10, PIECE_HEAD = 16, CLASS_MAX = ALLOC_CLASS_STEP * ALLOC_CLASSES };

static size_t class_of(size_t size) { return (size - 1) / ALLOC_CLASS_STEP; }

static void *class_take(struct alloc *a, size_t size) {
  size_t class = class_of(size);
  void *block = a->free_list[class];
  if (block) {
    memcpy(&a->free_list[class], block, sizeof block);
    return block;
  }
  size_t whole = (class + 1) * ALLOC_CLASS_STEP;
  if ((size_t)(a->end - a->at) < whole) {
    char *piece = malloc(PIECE_SIZE);
    if (!piece) return NULL;
    memcpy(piece, &a->pieces, sizeof a->pieces);
    a->pieces = piece;
    a->at = piece + PIECE_HEAD;
    a->end = piece + PIECE_SIZE;
  }
  block = a->at;
  a->at += whole;
  return block;
}

static void class_give(struct alloc *a, void *block, size_t size) {
  size_t class = class_of(size);
  memcpy(block, &a->free_list[class], sizeof a->free_list[class]);
  a->free_list[class] = block;
}

static void *take(struct alloc *a, size_t size) {
  return size <= CLASS_MAX ? class_take(a, size) : malloc(size);
}

static void give(struct alloc *a, void *block, size_t size) {
  if (size <= CLASS_MAX)
    class_give(a, block, size);
  else
    free(block);
}

static void *move(struct alloc *a, void *ptr, size_t old_size, size_t new_size) {
  if (old_size > CLASS_MAX && new_size > CLASS_MAX) return realloc(ptr, new_size);
  if (old_size <= CLASS_MAX && new_size <= CLASS_MAX && class_of(old_size) == class_of(new_size))
    return ptr;
  void *block = take(a, new_size);
  if (!block) return NULL;
  memcpy(block, ptr, old_size < new_size ? old_size : new_size);
  give(a, ptr, old_size);
  return block;
}

/* Lua collects, then asks once more for the same. */
static void *refuse(struct alloc *a, void *ptr, size_t old_size, size_t new_size) {
  a->refusals++;
  a->refused.ptr = ptr;
  a->refused.old_size = old_size;
  a->refused.new_size = new_size;
  if (a->on_refusal) a->on_refusal(a);
  return NULL;
}

static void grant(struct alloc *a, const void *ptr, size_t old_size, size_t new_size) {
  if (ptr != a->refused.ptr || old_size != a->refused.old_size || new_size != a->refused.new_size)
    return;
  a->refusals--;
  a->refused.new_size = 0;
}

void *alloc_lua(void *ud, void *ptr, size_t old_size, size_t new_size) {
  struct alloc *a = ud;
  if (!ptr) old_size = 0; /* then it is a type tag */
  if (new_size == 0) {
    if (ptr) give(a, ptr, old_size);
    a->used -= old_size;
    return NULL;
  }
  if (a->limit && new_size > old_size && new_size - old_size > a->limit - a->used)
    return refuse(a, ptr, old_size, new_size);
  void *block = old_size ? move(a, ptr, old_size, new_size) : take(a, new_size);
  if (!block) return new_size > old_size ? refuse(a, ptr, old_size, new_size) : NULL;
  if (a->refusals) grant(a, ptr, old_size, new_size);
  a->used = a->used - old_size + new_size;
  if (a->used > a->peak) a->peak = a->used;
  return block;
}

void alloc_free(struct alloc *a) {
  while (a->pieces) {
    void *piece = a->pieces;
    memcpy(&a->pieces, piece, sizeof a->pieces);
    free(piece);
  }
  *a = (struct alloc){.limit = a->limit};
}
