/* libs.h - what a script sees: standard Lua less what would leave the cage, and hoko. */
#ifndef HOKO_WORKER_LIBS_H
#define HOKO_WORKER_LIBS_H

#include <lua.h>

/* Opens everything for the task whose table is at TASK_AT (an index): see the
 * host's run.c for its members. */
void libs_open(lua_State *L, int task_at);

#endif
