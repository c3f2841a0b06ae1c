#include "worker/bind/json.h"

#include "base/buf.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "worker/raise.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char array_key; /* of the registry: the metatable that marks an array */

static void push_array_mark(lua_State *L) { lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key); }

/* ---- text → values ------------------------------------------------------- */

static int push_string(lua_State *L, const struct json_scan *scan, const char **reason) {
  if (!scan->has_escape) {
    lua_pushlstring(L, scan->text.ptr, scan->text.len);
    return 0;
  }
  luaL_Buffer room; /* Lua's own memory, so nothing leaks when it raises */
  struct buf plain = BUF_WITH_LIMIT(scan->text.len + 1);
  plain.ptr = luaL_buffinitsize(L, &room, scan->text.len + 1);
  plain.cap = scan->text.len + 1; /* what escapes stand for is never longer */
  if (json_unescape(&plain, scan->text)) {
    *reason = "a \\u escape that is half a character";
    luaL_pushresultsize(&room, 0);
    lua_pop(L, 1);
    return -1;
  }
  luaL_pushresultsize(&room, plain.len);
  return 0;
}

static bool is_integer_text(struct slice text) {
  return !memchr(text.ptr, '.', text.len) && !memchr(text.ptr, 'e', text.len) && !memchr(text.ptr, 'E', text.len);
}

static int push_number(lua_State *L, struct slice text, const char **reason) {
  char copy[400];
  if (text.len >= sizeof copy) {
    *reason = "a number of more than 400 digits";
    return -1;
  }
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  if (lua_stringtonumber(L, copy) != text.len + 1) {
    *reason = "a number that Lua cannot read";
    return -1;
  }
  if (is_integer_text(text) && !lua_isinteger(L, -1)) {
    *reason = "an integer of more than 64 bits; have the source write it as a string";
    lua_pop(L, 1);
    return -1;
  }
  if (isfinite(lua_tonumber(L, -1))) return 0;
  *reason = "a number beyond what a float can hold";
  lua_pop(L, 1);
  return -1;
}

static int push_array(lua_State *L, struct json_scan *scan, const char **reason) {
  lua_Integer n = 0;
  lua_newtable(L);
  for (;;) {
    enum json_token token = json_next(scan);
    if (token == JSON_ARRAY_END) break;
    if (json_push_token(L, scan, token, reason)) {
      lua_pop(L, 1);
      return -1;
    }
    lua_rawseti(L, -2, ++n);
  }
  if (n == 0) {
    push_array_mark(L);
    lua_setmetatable(L, -2);
  }
  return 0;
}

/* The key at the top is not in the table below it yet. */
static bool is_new_key(lua_State *L) {
  lua_pushvalue(L, -1);
  bool is_new = lua_rawget(L, -3) == LUA_TNIL;
  lua_pop(L, 1);
  return is_new;
}

static int push_object(lua_State *L, struct json_scan *scan, const char **reason) {
  lua_newtable(L);
  for (;;) {
    enum json_token token = json_next(scan);
    if (token == JSON_OBJECT_END) return 0;
    if (token != JSON_KEY) {
      *reason = scan->reason;
      break;
    }
    if (push_string(L, scan, reason)) break;
    if (!is_new_key(L)) {
      *reason = "a key that stands twice in one object";
      lua_pop(L, 1);
      break;
    }
    if (json_push_token(L, scan, json_next(scan), reason)) {
      lua_pop(L, 1);
      break;
    }
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  return -1;
}

int json_push_token(lua_State *L, struct json_scan *scan, enum json_token token, const char **reason) {
  luaL_checkstack(L, 6, "JSON");
  switch (token) {
  case JSON_OBJECT_BEGIN: return push_object(L, scan, reason);
  case JSON_ARRAY_BEGIN: return push_array(L, scan, reason);
  case JSON_STRING: return push_string(L, scan, reason);
  case JSON_NUMBER: return push_number(L, scan->text, reason);
  case JSON_TRUE: lua_pushboolean(L, 1); return 0;
  case JSON_FALSE: lua_pushboolean(L, 0); return 0;
  case JSON_NULL: lua_pushlightuserdata(L, NULL); return 0;
  case JSON_NEED_MORE: *reason = "the text ends before the value does"; return -1;
  case JSON_OBJECT_END: case JSON_ARRAY_END: case JSON_KEY: case JSON_END_OF_VALUE: case JSON_ERROR: break;
  }
  *reason = scan->reason ? scan->reason : "no value";
  return -1;
}

void json_push(lua_State *L, struct slice text) {
  struct json_scan scan;
  const char *reason = NULL;
  json_init(&scan, JSON_LUA_DEPTH);
  json_feed(&scan, text, true);
  int rc = json_push_token(L, &scan, json_next(&scan), &reason);
  if (rc == 0 && json_next(&scan) != JSON_END_OF_VALUE) rc = -1, reason = scan.reason;
  if (rc == 0) {
    for (const char *p = scan.at; p < scan.end; p++)
      if (!strchr(" \t\r\n", *p) || !*p) rc = -1, reason = "text behind the value";
  }
  if (rc)
    raise_error(L, "hoko.json.decode: line %d, column %d: %s", (int)json_line(&scan), (int)json_column(&scan),
                reason ? reason : "no JSON");
}

static int decode(lua_State *L) {
  struct slice text;
  if (lua_type(L, 1) != LUA_TSTRING)
    raise_error(L, "hoko.json.decode: expected a string, got %s", luaL_typename(L, 1));
  text.ptr = lua_tolstring(L, 1, &text.len);
  if (text.len > JSON_TEXT_MAX) raise_error(L, "hoko.json.decode: the text is larger than 64 MiB");
  json_push(L, text);
  return 1;
}

/* ---- values → text ------------------------------------------------------- */

struct writer {
  lua_State *L;
  struct buf out;
  int depth;
};

_Noreturn static void refuse(struct writer *w, const char *what) {
  raise_error(w->L, "hoko.json.encode: %s", what);
}

static void write_value(struct writer *w, int index);

static void write_text(struct writer *w, struct slice s) {
  if (utf8_check(s) != s.len) refuse(w, "a string is not valid UTF-8");
  json_put_string(&w->out, s);
}

static void write_number(struct writer *w, int index) {
  lua_Number n = lua_tonumber(w->L, index);
  char text[40];
  if (lua_isinteger(w->L, index)) {
    buf_printf(&w->out, LUA_INTEGER_FMT, lua_tointeger(w->L, index));
    return;
  }
  if (!isfinite(n)) refuse(w, "NaN and infinity are no JSON numbers");
  for (int digits = 15; digits <= 17; digits++) {
    (void)snprintf(text, sizeof text, "%.*g", digits, n);
    if (strtod(text, NULL) == n) break;
  }
  buf_add_text(&w->out, text);
  if (!strpbrk(text, ".e")) buf_add_text(&w->out, ".0"); /* a float stays one */
}

static bool is_marked_array(lua_State *L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  push_array_mark(L);
  bool is_array = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is_array;
}

static void write_array(struct writer *w, int index, lua_Integer n) {
  buf_add_char(&w->out, '[');
  for (lua_Integer i = 1; i <= n; i++) {
    if (i > 1) buf_add_char(&w->out, ',');
    lua_rawgeti(w->L, index, i);
    write_value(w, lua_gettop(w->L));
    lua_pop(w->L, 1);
  }
  buf_add_char(&w->out, ']');
}

/* Pushes an array of the table's keys, all strings, and returns how many; -1: it is
 * an array of 1 to *LEN. */
static lua_Integer push_keys(struct writer *w, int index, lua_Integer *len) {
  lua_State *L = w->L;
  lua_Integer strings = 0, integers = 0;
  *len = (lua_Integer)lua_rawlen(L, index);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
      lua_pushvalue(L, -1);
      lua_rawseti(L, -3, ++strings);
    } else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1 && lua_tointeger(L, -1) <= *len) {
      integers++;
    } else {
      refuse(w, "a table's keys must be strings, or 1 to n without a gap");
    }
  }
  if (strings && integers) refuse(w, "a table has both array items and named fields");
  if (integers != *len) refuse(w, "an array has a gap; fill it with hoko.null");
  return strings == 0 && (*len || is_marked_array(L, index)) ? -1 : strings;
}

static int by_bytes(const void *a, const void *b) {
  const struct slice *x = a, *y = b;
  size_t n = x->len < y->len ? x->len : y->len;
  int order = n ? memcmp(x->ptr, y->ptr, n) : 0;
  return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void write_object(struct writer *w, int index, lua_Integer n) {
  lua_State *L = w->L;
  int keys_at = lua_gettop(L);
  struct slice *keys = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *keys, 0);
  for (lua_Integer i = 0; i < n; i++) {
    lua_rawgeti(L, keys_at, i + 1);
    keys[i].ptr = lua_tolstring(L, -1, &keys[i].len);
    lua_pop(L, 1); /* the array keeps it */
  }
  qsort(keys, (size_t)n, sizeof *keys, by_bytes);
  buf_add_char(&w->out, '{');
  for (lua_Integer i = 0; i < n; i++) {
    if (i) buf_add_char(&w->out, ',');
    write_text(w, keys[i]);
    buf_add_char(&w->out, ':');
    lua_pushlstring(L, keys[i].ptr, keys[i].len);
    lua_rawget(L, index);
    write_value(w, lua_gettop(L));
    lua_pop(L, 1);
  }
  buf_add_char(&w->out, '}');
  lua_pop(L, 1);
}

static void write_table(struct writer *w, int index) {
  lua_Integer len;
  if (++w->depth > JSON_LUA_DEPTH) refuse(w, "the value is nested deeper than 100 levels, or contains itself");
  luaL_checkstack(w->L, 10, "JSON");
  lua_Integer n = push_keys(w, index, &len);
  if (n < 0) write_array(w, index, len);
  else write_object(w, index, n);
  lua_pop(w->L, 1);
  w->depth--;
}

static void write_value(struct writer *w, int index) {
  struct slice s;
  switch (lua_type(w->L, index)) {
  case LUA_TSTRING:
    s.ptr = lua_tolstring(w->L, index, &s.len);
    write_text(w, s);
    break;
  case LUA_TNUMBER: write_number(w, index); break;
  case LUA_TBOOLEAN: buf_add_text(&w->out, lua_toboolean(w->L, index) ? "true" : "false"); break;
  case LUA_TNIL: buf_add_text(&w->out, "null"); break;
  case LUA_TTABLE: write_table(w, index); break;
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(w->L, index)) refuse(w, "a userdata has no JSON");
    buf_add_text(&w->out, "null");
    break;
  default: raise_error(w->L, "hoko.json.encode: a %s has no JSON", luaL_typename(w->L, index));
  }
  if (!buf_ok(&w->out)) refuse(w, "the text would be larger than 64 MiB");
}

/* The writer's memory survives a raise in a userdata that frees it. */
static int writer_gc(lua_State *L) {
  struct writer *w = lua_touserdata(L, 1);
  buf_free(&w->out);
  return 0;
}

void json_encode(lua_State *L, int index) {
  index = lua_absindex(L, index);
  struct writer *w = lua_newuserdatauv(L, sizeof *w, 0);
  *w = (struct writer){.L = L, .out = BUF_WITH_LIMIT(JSON_TEXT_MAX)};
  if (luaL_newmetatable(L, "hoko.json.writer")) {
    lua_pushcfunction(L, writer_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  write_value(w, index);
  lua_pushlstring(L, w->out.ptr, w->out.len);
  buf_free(&w->out);
  lua_remove(L, -2);
}

int json_encode_lua(lua_State *L) {
  luaL_checkany(L, 1);
  json_encode(L, 1);
  return 1;
}

/* Marks a table as an array, so that an empty one is []. */
static int mark_array(lua_State *L) {
  if (!lua_istable(L, 1)) raise_error(L, "hoko.json.array: expected a table, got %s", luaL_typename(L, 1));
  lua_settop(L, 1);
  push_array_mark(L);
  lua_setmetatable(L, 1);
  return 1;
}

void bind_json(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"encode", json_encode_lua}, {"decode", decode}, {"array", mark_array}, {NULL, NULL}};
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "json");
}
