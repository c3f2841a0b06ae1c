#include "worker/raise.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 40 };

/* Of the registry: {file, line, user, whole, error}; the last error whose place was told. */
static const char trace_key, placed_key;

static bool is_users(lua_State *L, lua_Debug *ar) {
  if (!lua_getinfo(L, "Sl", ar)) return false;
  return ar->currentline > 0 && strncmp(ar->source, "=[hoko]", 7) != 0;
}

bool raise_level(lua_State *L, lua_Debug *ar) {
  for (int level = 0; lua_getstack(L, level, ar); level++)
    if (is_users(L, ar)) return true;
  return false;
}

static void push_where(lua_State *L) {
  lua_Debug ar;
  if (raise_level(L, &ar))
    lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
  else
    lua_pushliteral(L, "");
}

void raise_error(lua_State *L, const char *format, ...) {
  va_list args;
  va_start(args, format);
  luaL_checkstack(L, 4, NULL);
  push_where(L);
  lua_pushvfstring(L, format, args);
  va_end(args);
  lua_concat(L, 2);
  (void)lua_error(L);
  __builtin_unreachable();
}

void raise_from(lua_State *L, const struct error *err) {
  if (err->hint[0]) raise_error(L, "%s\nhint: %s", err->message, err->hint);
  raise_error(L, "%s", err->message);
}

int raise_push_failure(lua_State *L, const struct error *err) {
  lua_pushnil(L);
  lua_pushfstring(L, err->hint[0] ? "%s\nhint: %s" : "%s", err->message, err->hint);
  lua_pushstring(L, error_code_name(err->code));
  return 3;
}

int raise_placed(lua_State *L) {
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &placed_key);
  return lua_error(L);
}

int raise_lua(lua_State *L) { raise_error(L, "%s", luaL_checkstring(L, 1)); }

static void add_frame(lua_State *L, luaL_Buffer *b, lua_Debug *ar) {
  lua_getinfo(L, "n", ar);
  if (ar->what[0] == 'm')
    lua_pushfstring(L, "\n  %s:%d: in the main chunk", ar->short_src, ar->currentline);
  else if (ar->name)
    lua_pushfstring(L, "\n  %s:%d: in '%s'", ar->short_src, ar->currentline, ar->name);
  else
    lua_pushfstring(L, "\n  %s:%d: in the function at line %d", ar->short_src, ar->currentline,
                    ar->linedefined);
  luaL_addvalue(b);
}

static void push_user_frames(lua_State *L) {
  luaL_Buffer b;
  lua_Debug ar;
  int shown = 0;
  luaL_buffinit(L, &b);
  for (int level = 1; shown < FRAMES_MAX && lua_getstack(L, level, &ar); level++) {
    if (!is_users(L, &ar)) continue;
    add_frame(L, &b, &ar);
    shown++;
  }
  luaL_pushresult(&b);
}

/* An error that is raised on by our C code keeps the trace of where it arose. */
static bool is_kept(lua_State *L) {
  bool is_same = false;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &trace_key) == LUA_TTABLE) {
    lua_rawgeti(L, -1, 5);
    is_same = lua_rawequal(L, -1, 1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return is_same;
}

void raise_forget(lua_State *L) {
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
}

/* Pushes the file and the line that the error at 1 begins with, if it was told so. */
static bool push_told_place(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &placed_key);
  bool is_placed = lua_type(L, -1) == LUA_TSTRING && lua_rawequal(L, -1, 1);
  lua_pop(L, 1);
  if (!is_placed) return false;
  const char *text = lua_tostring(L, 1);
  for (const char *p = strchr(text, ':'); p; p = strchr(p + 1, ':')) {
    size_t digits = strspn(p + 1, "0123456789");
    if (!digits || digits > 9 || strncmp(p + 1 + digits, ": ", 2) != 0) continue;
    lua_pushlstring(L, text, (size_t)(p - text));
    lua_pushinteger(L, strtol(p + 1, NULL, 10));
    return true;
  }
  return false;
}

static void push_place(lua_State *L) {
  lua_Debug ar;
  if (push_told_place(L)) return;
  bool has_place = raise_level(L, &ar);
  lua_pushstring(L, has_place ? ar.short_src : "");
  lua_pushinteger(L, has_place ? ar.currentline : 0);
}

int raise_handler(lua_State *L) {
  if (is_kept(L)) return 1;
  lua_createtable(L, 5, 0);
  push_place(L);
  lua_rawseti(L, -3, 2);
  lua_rawseti(L, -2, 1);
  push_user_frames(L);
  lua_rawseti(L, -2, 3);
  luaL_traceback(L, L, NULL, 1);
  lua_rawseti(L, -2, 4);
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 5);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
  lua_settop(L, 1);
  return 1;
}

void raise_trace(lua_State *L, struct trace *t) {
  *t = (struct trace){.user = "", .whole = ""};
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &trace_key) == LUA_TTABLE) {
    lua_rawgeti(L, -1, 1);
    (void)snprintf(t->file, sizeof t->file, "%s", lua_tostring(L, -1));
    lua_rawgeti(L, -2, 2);
    t->line = (int)lua_tointeger(L, -1);
    lua_rawgeti(L, -3, 3);
    t->user = lua_tostring(L, -1);
    lua_rawgeti(L, -4, 4);
    t->whole = lua_tostring(L, -1);
    lua_pop(L, 4);
  }
  lua_pop(L, 1); /* the registry keeps the texts alive */
}

static int call_tostring(lua_State *L) { return luaL_callmeta(L, 1, "__tostring"); }

const char *raise_text(lua_State *L, int index, size_t *len) {
  if (lua_isstring(L, index)) return lua_tolstring(L, index, len); /* a number becomes its text */
  index = lua_absindex(L, index);
  lua_pushcfunction(L, call_tostring);
  lua_pushvalue(L, index);
  if (lua_pcall(L, 1, 1, 0) == 0 && lua_type(L, -1) == LUA_TSTRING)
    return lua_tolstring(L, -1, len);
  const char *text = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, index));
  *len = strlen(text);
  return text;
}
