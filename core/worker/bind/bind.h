/* bind.h - C functions that scripts, and the Lua half of the API, can call.
 *
 * Each bind_NAME() adds its functions to the table at the top of the stack, which
 * is `hoko` itself, but for bind_native(). */
#ifndef HOKO_WORKER_BIND_BIND_H
#define HOKO_WORKER_BIND_BIND_H

#include <lua.h>

/* All of them; the task's table is at TASK_AT. */
void bind_all(lua_State *L, int task_at);

/* Pushes the table of what only our Lua half may call. */
void bind_native(lua_State *L);

#endif
