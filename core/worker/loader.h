/* loader.h - Lua code: the user's, which the host reads, and ours, which is compiled in. */
#ifndef HOKO_WORKER_LOADER_H
#define HOKO_WORKER_LOADER_H

#include "base/error.h"

#include <lua.h>

/* With the hoko table on top of the stack: sets package's searchers, dofile and
 * loadfile, and runs the Lua half of the API over it. */
void loader_open(lua_State *L, int task_at);

/* Reads text through FD (closed here) and pushes the compiled chunk. NAME is what
 * messages call it.  -1: *err tells (ERROR_USAGE with file and line for a syntax
 * error) and nothing is pushed. */
MUST_USE int loader_load_fd(lua_State *L, int fd, const char *name, struct error *err);
/* The same of text in hand. */
MUST_USE int loader_load_text(lua_State *L, const char *text, size_t len, const char *name,
                              struct error *err);

#endif
