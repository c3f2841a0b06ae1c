#include "limit/script.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* The stack's foot: names of columns and fields, interned once, and the transform. */
enum {
  COLUMN_AT = 1,
  FIELD_AT = COLUMN_AT + COLUMNS,
  TRANSFORM_AT = FIELD_AT + FIELDS,
  TEXT_MAX = 512
};

/* ---- hoko.text ----------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static struct slice trimmed(lua_State *L) {
  struct slice s = SLICE_INIT("");
  if (!lua_isnoneornil(L, 1)) s.ptr = luaL_checklstring(L, 1, &s.len);
  for (; s.len && is_blank(s.ptr[0]); s.len--) s.ptr++;
  while (s.len && is_blank(s.ptr[s.len - 1])) s.len--;
  return s;
}

static int push_or_nil(lua_State *L, struct slice s) {
  if (s.len)
    lua_pushlstring(L, s.ptr, s.len);
  else
    lua_pushnil(L);
  return 1;
}

static int text_trim(lua_State *L) { return push_or_nil(L, trimmed(L)); }

static int text_email(lua_State *L) {
  char out[TEXT_MAX];
  struct slice s = trimmed(L);
  if (s.len > sizeof out) return luaL_error(L, "hoko.text.email: too long");
  for (size_t i = 0; i < s.len; i++)
    out[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] | 32) : s.ptr[i];
  return push_or_nil(L, (struct slice){out, s.len});
}

static int text_phone(lua_State *L) {
  char out[TEXT_MAX] = "+";
  struct slice s = trimmed(L);
  size_t len = 1;
  for (size_t i = 0; i < s.len && len < sizeof out; i++)
    if (s.ptr[i] >= '0' && s.ptr[i] <= '9') out[len++] = s.ptr[i];
  return push_or_nil(L, (struct slice){out, len > 1 ? len : 0});
}

/* ---- the transform ------------------------------------------------------- */

/* What a script of hoko's sees here: its source is not opened, its transform kept. */
static const char prelude[] = "hoko = { text = ... }\n"
                              "function hoko.csv() end\n"
                              "function hoko.sync(given) transform = given.transform end\n"
                              "arg = {}\n";

lua_State *script_new(const char *path) {
  static const char *const column[COLUMNS] = {"uuid", "first_name", "last_name", "email", "phone"};
  static const char *const field[FIELDS] = {"id", "name", "email", "phone"};
  static const luaL_Reg text[] = {
      {"trim", text_trim}, {"email", text_email}, {"phone", text_phone}, {NULL, NULL}};
  lua_State *L = luaL_newstate();
  if (!L) die("out of memory");
  luaL_openlibs(L);
  luaL_checkstack(L, 64, NULL);
  for (int i = 0; i < COLUMNS; i++) lua_pushstring(L, column[i]);
  for (int f = 0; f < FIELDS; f++) lua_pushstring(L, field[f]);
  if (luaL_loadstring(L, prelude)) die(lua_tostring(L, -1));
  luaL_newlib(L, text);
  if (lua_pcall(L, 1, 0, 0) || luaL_dofile(L, path)) die(lua_tostring(L, -1));
  if (lua_getglobal(L, "transform") != LUA_TFUNCTION) die("a script without hoko.sync");
  return L;
}

static void push_row(lua_State *L, const struct slice cell[COLUMNS]) {
  lua_createtable(L, 0, COLUMNS);
  for (int i = 0; i < COLUMNS; i++) {
    if (!cell[i].len) continue; /* an empty cell is nil */
    lua_pushvalue(L, COLUMN_AT + i);
    lua_pushlstring(L, cell[i].ptr, cell[i].len);
    lua_rawset(L, -3);
  }
}

/* The values stay on the stack, so that what points to them stands. */
static void read_partner(lua_State *L, struct slice value[FIELDS]) {
  int partner = lua_gettop(L);
  for (int f = 0; f < FIELDS; f++) {
    lua_pushvalue(L, FIELD_AT + f);
    int type = lua_rawget(L, partner);
    value[f] = (struct slice){NULL, 0};
    if (type == LUA_TSTRING)
      value[f].ptr = lua_tolstring(L, -1, &value[f].len);
    else if (type != LUA_TNIL)
      die("a field that is no string");
  }
}

bool script_transform(lua_State *L, const struct slice cell[COLUMNS], struct slice value[FIELDS]) {
  lua_settop(L, TRANSFORM_AT);
  lua_pushvalue(L, TRANSFORM_AT);
  push_row(L, cell);
  if (lua_pcall(L, 1, 1, 0)) die(lua_tostring(L, -1));
  if (!lua_istable(L, -1)) return false;
  read_partner(L, value);
  return true;
}
