#include "worker/bind/json.h"

#include "worker/bind/args.h"
#include "worker/bind/json_mark.h"
#include "worker/bind/json_read.h"
#include "worker/bind/json_write.h"
#include "worker/raise.h"

#include <lauxlib.h>

enum { INDENT_USUAL = 2 };

void json_push(lua_State *L, struct slice text) {
  struct json_scan scan;
  struct json_read r = {.scan = &scan};
  struct error err;
  if (text.len > JSON_TEXT_MAX)
    raise_error(L, "hoko.json.decode: the text is larger than %d MiB", JSON_TEXT_MAX >> 20);
  json_init(&scan, JSON_READ_DEPTH);
  if (json_read_whole(L, &r, text, &err)) raise_error(L, "hoko.json.decode: %s", err.message);
}

static int decode(lua_State *L) {
  struct slice text;
  if (lua_type(L, 1) != LUA_TSTRING)
    raise_error(L, "hoko.json.decode: expected a string, got %s", luaL_typename(L, 1));
  text.ptr = lua_tolstring(L, 1, &text.len);
  json_push(L, text);
  return 1;
}

static int free_text(lua_State *L) {
  buf_free(lua_touserdata(L, 1));
  return 0;
}

/* The text is owned by a userdata until Lua has its own copy: making that may raise. */
static void push_text(lua_State *L, int index, int indent) {
  struct error err;
  struct buf *text = lua_newuserdatauv(L, sizeof *text, 0);
  *text = BUF_WITH_LIMIT(JSON_TEXT_MAX);
  if (luaL_newmetatable(L, "hoko.json.text")) {
    lua_pushcfunction(L, free_text);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  if (json_write(L, index, indent, text, &err)) raise_error(L, "hoko.json.encode: %s", err.message);
  lua_pushlstring(L, text->ptr, text->len);
  buf_free(text);
  lua_remove(L, -2);
}

void json_encode(lua_State *L, int index) { push_text(L, lua_absindex(L, index), 0); }

/* indent = true, or a number of blanks. */
static int check_indent(lua_State *L) {
  static const char *const options[] = {"indent", NULL};
  struct args a = args_open(L, "hoko.json.encode", 2, options);
  int type = args_push(&a, "indent", LUA_TNONE);
  lua_Integer indent = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : -1;
  if (type == LUA_TNIL || type == LUA_TBOOLEAN) indent = lua_toboolean(L, -1) ? INDENT_USUAL : 0;
  if (indent < 0 || indent > JSON_WRITE_INDENT_MAX)
    raise_error(L, "hoko.json.encode: option 'indent' must be true or a whole number from 0 to %d",
                JSON_WRITE_INDENT_MAX);
  lua_pop(L, 1);
  return (int)indent;
}

int json_encode_lua(lua_State *L) {
  if (lua_isnone(L, 1)) raise_error(L, "hoko.json.encode: there is no value");
  push_text(L, 1, check_indent(L));
  return 1;
}

/* Marks a table as an array, so that an empty one is []. */
static int mark_array(lua_State *L) {
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  if (!lua_istable(L, 1))
    raise_error(L, "hoko.json.array: expected a table, got %s", luaL_typename(L, 1));
  lua_settop(L, 1);
  if (!json_mark_array(L)) raise_error(L, "hoko.json.array: the table has a metatable of its own");
  return 1;
}

void bind_json(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"encode", json_encode_lua}, {"decode", decode}, {"array", mark_array}, {NULL, NULL}};
  json_mark_register(L);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "json");
}
