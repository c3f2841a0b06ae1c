#include "worker/bind/json_read.h"

#include "base/json_text.h"
#include "worker/bind/json_mark.h"
#include "worker/source/json_stream.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>

enum { NUMBER_MAX = 400, FIELDS_GUESS_MAX = 64, SHORT_DIGITS = 18 };

static int fail(const struct json_read *r, struct error *err, const char *what) {
  uint64_t line = json_line(r->scan), column = json_column(r->scan);
  if (r->stream || r->is_one_line)
    error_set(err, ERROR_DATA, "column %llu: %s", (unsigned long long)column, what);
  else
    error_set(err, ERROR_DATA, "line %llu, column %llu: %s", (unsigned long long)line,
              (unsigned long long)column, what);
  err->line = line < INT_MAX ? (int)line : INT_MAX;
  return -1;
}

/* JSON_ERROR: *err tells. */
static enum json_token next(struct json_read *r, struct error *err) {
  if (r->stream) return json_stream_next(r->stream, err);
  enum json_token token = json_next(r->scan);
  if (token == JSON_NEED_MORE) return (void)fail(r, err, "the text ends too early"), JSON_ERROR;
  if (token == JSON_ERROR) (void)fail(r, err, r->scan->reason);
  return token;
}

/* Escapes are written in Lua's own memory, so that nothing is lost when it raises. */
static int push_unescaped(lua_State *L, struct json_read *r, struct error *err) {
  luaL_Buffer room;
  size_t len = r->scan->text.len; /* what escapes stand for is never longer */
  struct buf plain = {.ptr = luaL_buffinitsize(L, &room, len), .cap = len, .limit = len};
  int rc = json_unescape(&plain, r->scan->text);
  luaL_pushresultsize(&room, plain.len);
  if (rc == 0) return 0;
  lua_pop(L, 1);
  return fail(r, err, "a \\u escape is half of a character");
}

static int push_string(lua_State *L, struct json_read *r, struct error *err) {
  if (r->scan->has_escape) return push_unescaped(L, r, err);
  lua_pushlstring(L, r->scan->text.ptr, r->scan->text.len);
  return 0;
}

/* The whole number TEXT, of so few digits that it fits; false: it is another one. */
static bool is_short_integer(struct slice text, lua_Integer *value) {
  size_t i = text.ptr[0] == '-';
  if (text.len - i > SHORT_DIGITS) return false;
  lua_Integer n = 0;
  for (bool is_negative = i > 0; i < text.len; i++) {
    unsigned digit = (unsigned)(unsigned char)text.ptr[i] - '0';
    if (digit > 9) return false;
    n = n * 10 + (is_negative ? -(lua_Integer)digit : (lua_Integer)digit);
  }
  *value = n;
  return true;
}

static int push_number(lua_State *L, struct json_read *r, struct error *err) {
  struct slice text = r->scan->text;
  lua_Integer value;
  if (is_short_integer(text, &value)) return lua_pushinteger(L, value), 0;
  char copy[NUMBER_MAX]; /* Lua's own conversion wants a NUL behind */
  if (text.len >= sizeof copy) return fail(r, err, "a number has more than 399 characters");
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = '\0';
  (void)lua_stringtonumber(L, copy); /* every number of JSON is one of Lua */
  bool is_exact = lua_isinteger(L, -1) || strpbrk(copy, ".eE");
  if (is_exact && isfinite(lua_tonumber(L, -1))) return 0;
  lua_pop(L, 1);
  return fail(r, err,
              is_exact ? "a number is larger than a float can be"
                       : "an integer does not fit 64 bits; let the source write it as a string");
}

/* What needs no more room than the one place that every caller has. */
static inline int push_scalar(lua_State *L, struct json_read *r, enum json_token token,
                              struct error *err) {
  switch (token) {
  case JSON_STRING: return push_string(L, r, err);
  case JSON_NUMBER: return push_number(L, r, err);
  case JSON_TRUE: lua_pushboolean(L, true); return 0;
  case JSON_FALSE: lua_pushboolean(L, false); return 0;
  case JSON_NULL: lua_pushlightuserdata(L, NULL); return 0;
  default: return json_read_push(L, r, token, err);
  }
}

static int push_array(lua_State *L, struct json_read *r, struct error *err) {
  lua_newtable(L);
  for (lua_Integer n = 1;; n++) {
    enum json_token token = next(r, err);
    if (token == JSON_ERROR) return -1;
    if (token == JSON_ARRAY_END && n == 1) (void)json_mark_array(L);
    if (token == JSON_ARRAY_END) return 0;
    if (push_scalar(L, r, token, err)) return -1;
    lua_rawseti(L, -2, n);
  }
}

static int fail_twice(lua_State *L, const struct json_read *r, struct error *err) {
  char what[200];
  (void)snprintf(what, sizeof what, "the key '%.100s' stands twice in an object",
                 lua_tostring(L, -1));
  return fail(r, err, what);
}

/* The key at the top is new in the table below it. */
static bool is_new_key(lua_State *L) {
  lua_pushvalue(L, -1);
  bool is_new = lua_rawget(L, -3) == LUA_TNIL;
  lua_pop(L, 1);
  return is_new;
}

/* The name at the top, of the N-th field, is new; the array of names is below the table. */
static void keep_name(lua_State *L, struct json_keys *k, int n, bool has_escape) {
  k->len = n; /* what stood behind may be a name that came before */
  if (n == JSON_KEYS_MAX || has_escape) return;
  lua_pushvalue(L, -1);
  lua_rawseti(L, -4, n + 1);
  k->name[n].ptr = lua_tolstring(L, -1, &k->name[n].len);
  k->len = n + 1;
}

/* Names are short: a loop is done before memcmp() is called. */
static inline bool is_same_name(struct slice a, struct slice b) {
  size_t i = 0;
  if (a.len != b.len) return false;
  while (i < a.len && a.ptr[i] == b.ptr[i]) i++;
  return i == a.len;
}

/* Pushes the name of the N-th field of the table at the top. */
static int push_name(lua_State *L, struct json_read *r, struct json_keys *k, int n,
                     struct error *err) {
  if (k && n < k->len && !r->scan->has_escape && is_same_name(k->name[n], r->scan->text)) {
    lua_rawgeti(L, -2, n + 1);
    return 0;
  }
  if (push_string(L, r, err)) return -1;
  if (!is_new_key(L)) return fail_twice(L, r, err);
  if (k && n <= k->len) keep_name(L, k, n, r->scan->has_escape);
  return 0;
}

/* Pushes the name of the N-th field, if it is that of the last row, just as it stood there. */
static inline bool took_name(lua_State *L, struct json_read *r, const struct json_keys *k, int n) {
  if (!k || n >= k->len || !json_take_key(r->scan, k->name[n])) return false;
  lua_rawgeti(L, -2, n + 1);
  return true;
}

static int push_members(lua_State *L, struct json_read *r, struct json_keys *k, struct error *err) {
  int *guess = &r->fields[r->scan->depth], n = 0;
  lua_createtable(L, 0, *guess);
  for (;; n++) {
    enum json_token token;
    if (!took_name(L, r, k, n)) {
      token = next(r, err);
      if (token == JSON_OBJECT_END) break;
      if (token == JSON_ERROR || push_name(L, r, k, n, err)) return -1;
    }
    token = next(r, err);
    if (token == JSON_ERROR || push_scalar(L, r, token, err)) return -1;
    lua_rawset(L, -3);
  }
  *guess = n < FIELDS_GUESS_MAX ? n : FIELDS_GUESS_MAX;
  return 0;
}

static int push_object(lua_State *L, struct json_read *r, struct error *err) {
  struct json_keys *k = r->keys;
  if (!k) return push_members(L, r, NULL, err);
  r->keys = NULL; /* of the objects inside no names are kept */
  lua_rawgeti(L, LUA_REGISTRYINDEX, k->ref);
  int rc = push_members(L, r, k, err);
  r->keys = k;
  if (rc == 0) lua_replace(L, -2);
  return rc;
}

static int push_any(lua_State *L, struct json_read *r, enum json_token token, struct error *err) {
  switch (token) {
  case JSON_OBJECT_BEGIN: return push_object(L, r, err);
  case JSON_ARRAY_BEGIN: return push_array(L, r, err);
  case JSON_STRING: return push_string(L, r, err);
  case JSON_NUMBER: return push_number(L, r, err);
  case JSON_TRUE: lua_pushboolean(L, true); return 0;
  case JSON_FALSE: lua_pushboolean(L, false); return 0;
  case JSON_NULL: lua_pushlightuserdata(L, NULL); return 0;
  case JSON_NEED_MORE:
  case JSON_OBJECT_END:
  case JSON_ARRAY_END:
  case JSON_KEY:
  case JSON_END_OF_VALUE: break;
  case JSON_ERROR: return -1;
  }
  return error_set(err, ERROR_INTERNAL, "no value begins here");
}

void json_keys_open(lua_State *L, struct json_keys *k) {
  k->len = 0;
  lua_newtable(L);
  k->ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

void json_keys_close(lua_State *L, struct json_keys *k) {
  luaL_unref(L, LUA_REGISTRYINDEX, k->ref);
  k->ref = LUA_NOREF;
}

int json_read_push(lua_State *L, struct json_read *r, enum json_token token, struct error *err) {
  int top = lua_gettop(L);
  luaL_checkstack(L, 6, NULL);
  if (push_any(L, r, token, err) == 0) return 0;
  lua_settop(L, top);
  return -1;
}

int json_read_whole(lua_State *L, struct json_read *r, struct slice text, struct error *err) {
  json_reset(r->scan);
  r->scan->offset = r->scan->lines = r->scan->line_start = 0;
  json_feed(r->scan, text, true);
  enum json_token token = next(r, err);
  if (token == JSON_ERROR || json_read_push(L, r, token, err)) return -1;
  (void)json_next(r->scan); /* JSON_END_OF_VALUE */
  if (json_next(r->scan) == JSON_NEED_MORE) return 0;
  lua_pop(L, 1);
  return fail(r, err, r->scan->reason);
}
