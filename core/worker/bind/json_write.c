#include "worker/bind/json_write.h"

#include "base/json_text.h"
#include "base/utf8.h"
#include "worker/bind/json_mark.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* How the value at hand is reached from the outermost. */
struct step {
  const void *table; /* that was gone into, to find cycles */
  struct slice key;  /* ptr NULL: an array's item */
  lua_Integer index;
};

struct json_write {
  lua_State *L;
  struct buf *out;
  struct error *err;
  int indent, depth;
  struct step path[JSON_WRITE_DEPTH];
};

static int write_value(struct json_write *w, int index);

/* ---- errors ---- */

/* "orders[3].note", "the value" where there is no path. */
static void put_path(const struct json_write *w, struct buf *to) {
  for (int i = 0; i < w->depth; i++) {
    const struct step *step = &w->path[i];
    if (!step->key.ptr) {
      buf_printf(to, "[%lld]", (long long)step->index);
      continue;
    }
    if (i) buf_add_char(to, '.');
    utf8_printable(to, (struct slice){step->key.ptr, step->key.len < 60 ? step->key.len : 60});
  }
  if (w->depth == 0) buf_add_text(to, "the value");
}

static int refuse(const struct json_write *w, const char *what) {
  struct buf path = BUF_WITH_LIMIT(400); /* a longer path is told as far as it fits */
  put_path(w, &path);
  error_set(w->err, ERROR_USAGE, "%.*s %s", (int)path.len, path.ptr ? path.ptr : "", what);
  buf_free(&path);
  return -1;
}

static int refuse_key(const struct json_write *w, int key) {
  char what[200];
  if (lua_type(w->L, key) == LUA_TSTRING)
    (void)snprintf(what, sizeof what, "has items and also the key '%.60s'",
                   lua_tostring(w->L, key));
  else if (lua_type(w->L, key) == LUA_TNUMBER)
    (void)snprintf(what, sizeof what,
                   "has the key %.14g, where keys must be texts, or 1 to n without a gap",
                   lua_tonumber(w->L, key));
  else
    (void)snprintf(what, sizeof what, "has a %s as a key", luaL_typename(w->L, key));
  return refuse(w, what);
}

/* ---- texts and numbers ---- */

static int write_text(struct json_write *w, struct slice s) {
  size_t valid = utf8_check(s);
  char what[80];
  (void)snprintf(what, sizeof what, "is no valid UTF-8 (from byte %zu on)", valid + 1);
  if (valid < s.len) return refuse(w, what);
  json_put_string(w->out, s);
  return 0;
}

/* The shortest text that reads back as N. */
static int write_float(struct json_write *w, lua_Number n) {
  char text[40];
  if (!isfinite(n))
    return refuse(w, isnan(n) ? "is NaN, which JSON does not have"
                              : "is infinite, which JSON does not have");
  for (int digits = 14; digits <= 17; digits++) {
    (void)snprintf(text, sizeof text, "%.*g", digits, n);
    if (strtod(text, NULL) == n) break;
  }
  buf_add_text(w->out, text);
  if (!strpbrk(text, ".e")) buf_add_text(w->out, ".0"); /* a float stays one */
  return 0;
}

/* ---- tables ---- */

static void new_line(struct json_write *w) {
  static const char blanks[] = "                "; /* JSON_WRITE_INDENT_MAX */
  if (w->indent == 0) return;
  buf_add_char(w->out, '\n');
  for (int i = 0; i < w->depth; i++) buf_add(w->out, blanks, (size_t)w->indent);
}

/* The member or item at the stack's top, as the N-th from 0. */
static int write_part(struct json_write *w, lua_Integer n, struct step step) {
  step.table = w->path[w->depth - 1].table;
  w->path[w->depth - 1] = step;
  if (n > 0) buf_add_char(w->out, ',');
  new_line(w);
  if (step.key.ptr) {
    if (write_text(w, step.key)) return -1;
    buf_add_text(w->out, w->indent ? ": " : ":");
  }
  int rc = write_value(w, lua_gettop(w->L));
  lua_pop(w->L, 1);
  return rc;
}

static int write_items(struct json_write *w, int index, lua_Integer n) {
  for (lua_Integer i = 1; i <= n; i++) {
    lua_rawgeti(w->L, index, i);
    if (write_part(w, i - 1, (struct step){.index = i})) return -1;
  }
  return 0;
}

static int by_bytes(const void *a, const void *b) {
  const struct slice *x = a, *y = b;
  int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
  return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Pushes an array of the keys of the table at INDEX, which must be texts.  It keeps
 * them while the collector may run finalizers of the script, which can change the
 * table: nothing here but the making of a value lets it run. */
static int push_keys(struct json_write *w, int index, lua_Integer *n) {
  lua_State *L = w->L;
  lua_createtable(L, 8, 0);
  *n = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) return refuse_key(w, lua_gettop(L) - 1);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -4, ++*n);
  }
  return 0;
}

/* Pushes the N texts of the array at the top as slices in order. */
static const struct slice *push_sorted(lua_State *L, lua_Integer n) {
  struct slice *keys = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *keys, 0);
  for (lua_Integer i = 0; i < n; i++) {
    lua_rawgeti(L, -2, i + 1);
    keys[i].ptr = lua_tolstring(L, -1, &keys[i].len);
    lua_pop(L, 1);
  }
  qsort(keys, (size_t)n, sizeof *keys, by_bytes);
  return keys;
}

/* The array of push_keys() is at the top. */
static int write_members(struct json_write *w, int index, lua_Integer n) {
  lua_State *L = w->L;
  const struct slice *keys = push_sorted(L, n);
  for (lua_Integer i = 0; i < n; i++) {
    lua_pushlstring(L, keys[i].ptr, keys[i].len);
    lua_rawget(L, index);
    if (write_part(w, i, (struct step){.key = keys[i]})) return -1;
  }
  lua_pop(L, 2);
  return 0;
}

/* Of an array all keys are 1 to N. */
static int check_items(struct json_write *w, int index, lua_Integer n) {
  lua_State *L = w->L;
  lua_Integer items = 0;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1), items++) {
    bool is_item = lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= n;
    if (!is_item) return refuse_key(w, lua_gettop(L) - 1);
  }
  return items == n ? 0 : refuse(w, "has a gap among its items; fill it with hoko.null");
}

static int go_into(struct json_write *w, int index) {
  const void *table = lua_topointer(w->L, index);
  for (int i = 0; i < w->depth; i++)
    if (w->path[i].table == table) return refuse(w, "contains itself");
  if (w->depth == JSON_WRITE_DEPTH) return refuse(w, "is nested deeper than 100 levels");
  w->path[w->depth++] = (struct step){.table = table, .index = 0};
  return 0;
}

static int write_table(struct json_write *w, int index) {
  lua_State *L = w->L;
  lua_Integer n = (lua_Integer)lua_rawlen(L, index);
  bool is_array = n > 0 || json_mark_is_array(L, index);
  luaL_checkstack(L, 12, NULL);
  if (is_array ? check_items(w, index, n) : push_keys(w, index, &n)) return -1;
  if (go_into(w, index)) return -1;
  buf_add_char(w->out, is_array ? '[' : '{');
  if (is_array ? write_items(w, index, n) : write_members(w, index, n)) return -1;
  w->depth--;
  if (n > 0) new_line(w);
  buf_add_char(w->out, is_array ? ']' : '}');
  return 0;
}

/* ---- values ---- */

static int refuse_type(struct json_write *w, int index) {
  char what[80];
  (void)snprintf(what, sizeof what, "is a %s, which JSON does not have",
                 luaL_typename(w->L, index));
  return refuse(w, what);
}

static int write_some(struct json_write *w, int index) {
  lua_State *L = w->L;
  struct slice text;
  switch (lua_type(L, index)) {
  case LUA_TNIL: buf_add_text(w->out, "null"); return 0;
  case LUA_TBOOLEAN: buf_add_text(w->out, lua_toboolean(L, index) ? "true" : "false"); return 0;
  case LUA_TSTRING: text.ptr = lua_tolstring(L, index, &text.len); return write_text(w, text);
  case LUA_TTABLE: return write_table(w, index);
  case LUA_TNUMBER:
    if (!lua_isinteger(L, index)) return write_float(w, lua_tonumber(L, index));
    buf_printf(w->out, "%lld", (long long)lua_tointeger(L, index));
    return 0;
  case LUA_TLIGHTUSERDATA:
    if (lua_touserdata(L, index)) break;
    buf_add_text(w->out, "null");
    return 0;
  }
  return refuse_type(w, index);
}

static int write_value(struct json_write *w, int index) {
  if (write_some(w, index)) return -1;
  return buf_ok(w->out) ? 0
                        : error_set(w->err, ERROR_USAGE, "the text would be larger than %zu MiB",
                                    w->out->limit >> 20);
}

int json_write(lua_State *L, int index, int indent, struct buf *out, struct error *err) {
  struct json_write w = {.L = L, .out = out, .err = err, .indent = indent};
  int top = lua_gettop(L), rc = write_value(&w, lua_absindex(L, index));
  lua_settop(L, top);
  return rc;
}
