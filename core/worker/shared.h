/* shared.h - what the C functions of one Lua state share, reached from the state
 * itself, so that nothing is global. */
#ifndef HOKO_WORKER_SHARED_H
#define HOKO_WORKER_SHARED_H

#include "base/slice.h"
#include "worker/place.h"

#include <lua.h>

struct channel;
struct pump;
struct reader;

/* What the sources tell and need. */
struct source_shared {
  struct place place; /* of the record that a native source gave last */
  /* Reports a record that no row could be made of; may raise. ROW: the record as JSON. */
  void (*reject)(lua_State *L, struct place place, const char *code, struct slice message,
                 struct slice row);
};

struct worker_shared {
  struct source_shared source;
  struct channel *channel;
  struct pump *pump;  /* the upsert that runs, or NULL */
  const char *script; /* its name for messages */
  int exit_code;      /* of os.exit; -1: not called */
};

/* Every thread (coroutine) of a state carries the pointer in its extra space. */
static inline struct worker_shared *worker_shared(lua_State *L) {
  return *(struct worker_shared **)lua_getextraspace(L);
}

#endif
