/* sources.h - hoko.csv, hoko.ndjson, hoko.json(path) and hoko.sql: rows of a file or a database. */
#ifndef HOKO_WORKER_BIND_SOURCES_H
#define HOKO_WORKER_BIND_SOURCES_H

#include <lua.h>

/* Pushes the next row, or nil when there is none; raises what goes wrong.  Needs
 * LUA_MINSTACK free slots and leaves one value.  Updates the place in struct
 * worker_shared. */
typedef int (*source_pull)(lua_State *L, void *source);

/* How to pull from the value at INDEX without a call through Lua; NULL when it is
 * no source of ours.  The value must stay on the stack (or be kept elsewhere)
 * while *source is used. */
source_pull source_native(lua_State *L, int index, void **source);

/* Adds csv, ndjson, sql and json (a table with encode and decode that can be called) to
 * the table at the stack's top; bind_json() has to come before. */
void bind_sources(lua_State *L);

#endif
