/* alloc.h - the memory of one Lua state: counted, limited, and quick for the small
 * blocks that rows are made of.
 *
 * Blocks up to 512 bytes come from size classes cut out of larger pieces; what is
 * freed goes back to its class and is never returned to the system before
 * alloc_free().  Lua tells each block's size when it frees it, so no block has a
 * head.  One thread. */
#ifndef HOKO_WORKER_ALLOC_H
#define HOKO_WORKER_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

enum { ALLOC_CLASS_STEP = 16, ALLOC_CLASSES = 32 };

struct alloc {
  size_t used, peak, limit; /* bytes; limit 0: none */
  unsigned refusals; /* requests that would have passed the limit, where collecting did not help */
  struct {
    void *ptr;
    size_t old_size, new_size;
  } refused;                           /* the last one; new_size 0: it was granted then */
  void (*on_refusal)(struct alloc *a); /* or NULL; may end the process */
  void *user;
  void *free_list[ALLOC_CLASSES];
  char *at, *end; /* of the present piece */
  void *pieces;   /* all of them, linked by their first word */
};

/* A lua_Alloc whose UD is a struct alloc. */
void *alloc_lua(void *ud, void *ptr, size_t old_size, size_t new_size);
/* Gives all pieces back; every block from a class is gone. */
void alloc_free(struct alloc *a);

#endif
