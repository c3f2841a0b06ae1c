#include "worker/bind/sources.h"

#include "worker/bind/source.h"

#include <lauxlib.h>

/* hoko.json(path, options): the table before the arguments is hoko.json itself. */
static int call_json(lua_State *L) {
  lua_remove(L, 1);
  return source_json(L);
}

void bind_sources(lua_State *L) {
  source_register(L);
  lua_pushcfunction(L, source_csv);
  lua_setfield(L, -2, "csv");
  lua_pushcfunction(L, source_ndjson);
  lua_setfield(L, -2, "ndjson");
  lua_pushcfunction(L, source_sql);
  lua_setfield(L, -2, "sql");
  lua_getfield(L, -1, "json");
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, call_json);
  lua_setfield(L, -2, "__call");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}
