#include "worker/libs.h"

#include "worker/bind/bind.h"
#include "worker/loader.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <lua-cjson.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_only(lua_State *L, const char *library, const char *const *names) {
  lua_getglobal(L, library);
  lua_newtable(L);
  for (; *names; names++) {
    lua_getfield(L, -2, *names);
    lua_setfield(L, -2, *names);
  }
  lua_setglobal(L, library);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getglobal(L, library);
  lua_setfield(L, -2, library);
  lua_pop(L, 2);
}

/* print() without a flush a line: the bridge's buffer is flushed before each wait. */
static int print(lua_State *L) {
  int n = lua_gettop(L);
  for (int i = 1; i <= n; i++) {
    size_t len;
    const char *s = luaL_tolstring(L, i, &len);
    if (i > 1) (void)fputc('\t', stdout);
    (void)fwrite(s, 1, len, stdout);
    lua_pop(L, 1);
  }
  (void)fputc('\n', stdout);
  return 0;
}

/* load() of text only: a binary chunk can crash the machine. */
static int load_text(lua_State *L) {
  const char *mode = luaL_optstring(L, 3, "t"),
             *text = lua_isstring(L, 1) ? lua_tostring(L, 1) : "";
  if (!strchr(mode, 't') && text[0] != LUA_SIGNATURE[0]) { /* the other is refused below */
    lua_pushnil(L);
    lua_pushfstring(L, "attempt to load a text chunk (mode is '%s')", mode);
    return 2;
  }
  int n = lua_gettop(L) < 3 ? 2 : lua_gettop(L);
  lua_settop(L, n < 3 ? 3 : n);
  lua_pushliteral(L, "t");
  lua_replace(L, 3);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static void replace_base(lua_State *L) {
  lua_getglobal(L, "load");
  lua_pushcclosure(L, load_text, 1);
  lua_setglobal(L, "load");
  lua_pushcfunction(L, print);
  lua_setglobal(L, "print");
}

static void open_standard(lua_State *L) {
  static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                       {LUA_COLIBNAME, luaopen_coroutine},
                                       {LUA_TABLIBNAME, luaopen_table},
                                       {LUA_STRLIBNAME, luaopen_string},
                                       {LUA_UTF8LIBNAME, luaopen_utf8},
                                       {LUA_MATHLIBNAME, luaopen_math},
                                       {LUA_IOLIBNAME, luaopen_io},
                                       {LUA_OSLIBNAME, luaopen_os},
                                       {LUA_DBLIBNAME, luaopen_debug},
                                       {LUA_LOADLIBNAME, luaopen_package},
                                       {NULL, NULL}};
  for (const luaL_Reg *l = libraries; l->func; l++) {
    luaL_requiref(L, l->name, l->func, 1);
    lua_pop(L, 1);
  }
  keep_only(L, LUA_DBLIBNAME, (const char *const[]){"traceback", "getinfo", NULL});
  keep_only(L, LUA_OSLIBNAME, (const char *const[]){"clock", "date", "difftime", "time", NULL});
  replace_base(L);
}

static int open_cjson(lua_State *L) {
  (void)luaopen_cjson(L);
  return 1;
}

/* The hoko table is left on the stack, as package.loaded's and as the global. */
static void open_hoko(lua_State *L) {
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setglobal(L, "hoko");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, -2);
  lua_setfield(L, -2, "hoko");
  lua_pop(L, 1);
}

void libs_open(lua_State *L, int task_at) {
  task_at = lua_absindex(L, task_at);
  luaL_checkstack(L, 20, NULL);
  open_standard(L);
  luaL_requiref(L, "cjson", open_cjson, 0);
  lua_pop(L, 1);
  open_hoko(L);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  bind_all(L, task_at);
  loader_open(L, task_at);
  lua_pop(L, 1);
}
