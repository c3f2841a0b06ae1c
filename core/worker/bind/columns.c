#include "worker/bind/columns.h"

#include "base/nearest.h"
#include "worker/raise.h"

#include <lauxlib.h>
#include <string.h>

enum { NAMES_TOLD = 12 };

const char *columns_nearest(lua_State *L, int names, size_t n, struct slice word) {
  const char **list = lua_newuserdatauv(L, (n + 1) * sizeof *list, 0);
  for (size_t i = 0; i < n; i++) {
    lua_rawgeti(L, names, (lua_Integer)i + 1);
    list[i] = lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  return nearest_name(word, list, n);
}

/* "code, name" of the first of N names. */
static const char *push_list(lua_State *L, int names, size_t n) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (size_t i = 0; i < n && i < NAMES_TOLD; i++) {
    if (i > 0) luaL_addstring(&b, ", ");
    lua_rawgeti(L, names, (lua_Integer)i + 1);
    luaL_addvalue(&b);
  }
  if (n > NAMES_TOLD) luaL_addstring(&b, " and others");
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

/* What the only name of a header may have been meant to be cut at; "" where nothing is. */
static const char *delimiter_in(lua_State *L, int names, size_t n) {
  static const char *const delimiters[] = {";", "\t", "|"}, *const as_lua[] = {";", "\\t", "|"};
  if (n != 1) return "";
  lua_rawgeti(L, names, 1);
  const char *name = lua_tostring(L, -1), *found = "";
  for (size_t i = 0; !found[0] && i < sizeof delimiters / sizeof *delimiters; i++)
    if (strstr(name, delimiters[i])) found = as_lua[i];
  lua_pop(L, 1);
  return found;
}

/* __index of a row: the column is empty in this row, or there is no such column.
 * Upvalues: set of names, array of names with one value behind, whose they are. */
static int missing_cell(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 0;
  size_t len;
  const char *word = luaL_tolstring(L, 2, &len), *whose = lua_tostring(L, lua_upvalueindex(3));
  lua_pushvalue(L, lua_upvalueindex(2));
  int names = lua_gettop(L);
  size_t n = lua_rawlen(L, names) - 1;
  const char *near = columns_nearest(L, names, n, (struct slice){word, len});
  if (near) raise_error(L, "%s has no column '%s', did you mean '%s'?", whose, word, near);
  const char *delimiter = delimiter_in(L, names, n), *list = push_list(L, names, n);
  if (delimiter[0])
    raise_error(L,
                "%s has no column '%s'; it has %s\n"
                "hint: if those are several, hoko.csv(path, { delimiter = \"%s\" })",
                whose, word, list, delimiter);
  raise_error(L, "%s has no column '%s'; it has %s", whose, word, list);
}

int columns_push_set(lua_State *L, int names, size_t n, struct error *err) {
  lua_createtable(L, 0, (int)n);
  for (lua_Integer i = 1; i <= (lua_Integer)n; i++) {
    lua_rawgeti(L, names, i);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) != LUA_TNIL)
      return error_set(err, ERROR_DATA, "columns %d and %d are both named '%s'",
                       (int)lua_tointeger(L, -1), (int)i, lua_tostring(L, -2));
    lua_pop(L, 1);
    lua_pushinteger(L, i);
    lua_rawset(L, -3);
  }
  return 0;
}

void columns_push_metatable(lua_State *L, int names, int set, const char *whose) {
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, set);
  lua_pushvalue(L, names);
  lua_pushstring(L, whose);
  lua_pushcclosure(L, missing_cell, 3);
  lua_setfield(L, -2, "__index");
}
