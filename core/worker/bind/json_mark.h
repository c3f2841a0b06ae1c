/* json_mark.h - the metatable by which an empty table is an array in JSON. */
#ifndef HOKO_WORKER_BIND_JSON_MARK_H
#define HOKO_WORKER_BIND_JSON_MARK_H

#include <lua.h>
#include <stdbool.h>

/* Makes the metatable, once a state. */
void json_mark_register(lua_State *L);
/* Marks the table on the stack's top; false: it has a metatable of its own. */
bool json_mark_array(lua_State *L);
bool json_mark_is_array(lua_State *L, int index);

#endif
