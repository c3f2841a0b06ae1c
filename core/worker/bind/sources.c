#include "worker/bind/sources.h"

#include "worker/bind/source.h"

#include <lauxlib.h>

void bind_sources(lua_State *L) {
  source_register(L);
  lua_pushcfunction(L, source_csv);
  lua_setfield(L, -2, "csv");
}
