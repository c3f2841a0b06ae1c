#include "worker/row/encode.h"

#include "base/json_text.h"
#include "base/row.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "base/uuid.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

enum { SHOW_DEPTH = 4, SHOW_MAX = 64 << 10 };

/* What was found in one row, before it is written. */
struct found {
  struct slice key, id, text[ROW_FIELDS];
  bool is_null[ROW_FIELDS];
  char key_number[ENCODE_KEY_NUMBER_SIZE];
};

static const char *intern(lua_State *L, int index, int n, const char *name) {
  const char *text = lua_pushstring(L, name);
  lua_rawseti(L, index, n);
  return text;
}

void encode_begin(lua_State *L, struct encoder *e, const char *key) {
  lua_createtable(L, 5, 0);
  int names = lua_gettop(L);
  e->id = intern(L, names, 1, "id");
  for (int f = 0; f < ROW_FIELDS; f++) e->field[f] = intern(L, names, f + 2, row_field_name[f]);
  e->key = key ? intern(L, names, ROW_FIELDS + 2, key) : NULL;
}

static enum rule refuse(struct refusal_of_row *why, enum rule rule, struct slice field) {
  why->rule = rule;
  printable_copy(why->field, sizeof why->field, field);
  return rule;
}

static enum rule refuse_type(lua_State *L, struct refusal_of_row *why, enum rule rule,
                             const char *field) {
  (void)snprintf(why->got, sizeof why->got, "%s", lua_typename(L, lua_type(L, -1)));
  return refuse(why, rule, slice_of(field));
}

static struct slice text_at(lua_State *L, int index) {
  struct slice s;
  s.ptr = lua_tolstring(L, index, &s.len);
  return s;
}

/* A string or an integral number at the top: 42, 42.0 and "42" are one key. */
static enum rule take_key(lua_State *L, struct found *found, struct refusal_of_row *why,
                          const char *field) {
  int is_integer = 0;
  if (lua_type(L, -1) == LUA_TSTRING) {
    found->key = text_at(L, -1);
  } else if (lua_type(L, -1) == LUA_TNUMBER) {
    lua_Integer n = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer) return refuse_type(L, why, RULE_KEY_TYPE, field);
    int len = snprintf(found->key_number, sizeof found->key_number, LUA_INTEGER_FMT, n);
    found->key = (struct slice){found->key_number, (size_t)len};
  } else if (lua_isnil(L, -1) || lua_islightuserdata(L, -1)) {
    return RULE_OK; /* missing, told at the end */
  } else {
    return refuse_type(L, why, RULE_KEY_TYPE, field);
  }
  if (found->key.len > ROW_KEY_MAX) return refuse(why, RULE_TOO_LONG, slice_of(field));
  if (utf8_check(found->key) != found->key.len) return refuse(why, RULE_UTF8, slice_of(field));
  if (found->key.len && memchr(found->key.ptr, '\0', found->key.len))
    return refuse(why, RULE_NUL, slice_of(field));
  return RULE_OK;
}

struct slice encode_key(lua_State *L, char number[ENCODE_KEY_NUMBER_SIZE]) {
  struct found found = {.key = {NULL, 0}};
  struct refusal_of_row why;
  if (take_key(L, &found, &why, "") != RULE_OK) return (struct slice){NULL, 0};
  if (found.key.ptr != found.key_number) return found.key;
  memcpy(number, found.key_number, sizeof found.key_number);
  return (struct slice){number, found.key.len};
}

static enum rule take_id(lua_State *L, struct found *found, struct refusal_of_row *why) {
  struct uuid id;
  if (lua_type(L, -1) != LUA_TSTRING) return refuse_type(L, why, RULE_ID_TYPE, "id");
  found->id = text_at(L, -1);
  return uuid_parse(found->id, &id) ? RULE_OK : refuse(why, RULE_BAD_ID, SLICE("id"));
}

static enum rule take_field(lua_State *L, int f, struct found *found, struct refusal_of_row *why) {
  int type = lua_type(L, -1);
  if (type == LUA_TLIGHTUSERDATA && !lua_touserdata(L, -1)) {
    found->is_null[f] = true;
    return f == ROW_NAME ? refuse(why, RULE_NAME_NULL, SLICE("name")) : RULE_OK;
  }
  if (type != LUA_TSTRING) return refuse_type(L, why, RULE_WRONG_TYPE, row_field_name[f]);
  found->text[f] = text_at(L, -1);
  enum rule rule = rule_text(found->text[f], f == ROW_EMAIL);
  return rule == RULE_OK ? rule : refuse(why, rule, slice_of(row_field_name[f]));
}

/* The pair at the top of the stack: name below, value above. */
static enum rule take_pair(lua_State *L, const struct encoder *e, struct found *found,
                           struct refusal_of_row *why) {
  if (lua_type(L, -2) != LUA_TSTRING) {
    char name[64];
    int len = snprintf(name, sizeof name, "[%s]", lua_typename(L, lua_type(L, -2)));
    if (lua_isinteger(L, -2))
      len = snprintf(name, sizeof name, "[" LUA_INTEGER_FMT "]", lua_tointeger(L, -2));
    return refuse(why, RULE_UNKNOWN_FIELD, (struct slice){name, (size_t)len});
  }
  const char *name = lua_tostring(L, -2); /* a short string: equal text is the same pointer */
  if (name == e->key) {
    enum rule rule = take_key(L, found, why, name);
    if (rule != RULE_OK) return rule;
  }
  for (int f = 0; f < ROW_FIELDS; f++)
    if (name == e->field[f]) return take_field(L, f, found, why);
  if (name == e->id && !e->refuses_id) return take_id(L, found, why);
  return name == e->key ? RULE_OK : refuse(why, RULE_UNKNOWN_FIELD, text_at(L, -2));
}

static enum rule take_row(lua_State *L, int index, const struct encoder *e, struct found *found,
                          struct refusal_of_row *why) {
  lua_pushnil(L);
  while (lua_next(L, index)) {
    enum rule rule = take_pair(L, e, found, why);
    lua_pop(L, 1);
    if (rule == RULE_OK) continue;
    lua_pop(L, 1);
    return rule;
  }
  return RULE_OK;
}

static bool changes_anything(const struct found *found) {
  for (int f = 0; f < ROW_FIELDS; f++)
    if (found->text[f].len || found->is_null[f]) return true;
  return false;
}

static enum rule check_whole(const struct encoder *e, const struct found *found,
                             struct refusal_of_row *why) {
  if (e->has_key && !found->key.len)
    return refuse(why, RULE_KEY_MISSING, slice_of(e->key ? e->key : ""));
  if (found->id.len && !changes_anything(found)) return refuse(why, RULE_NO_CHANGE, SLICE(""));
  /* With a key and no id the row may be an update of a partner that exists: the
   * host knows, and refuses a create without a name there. */
  if (!found->id.len && !e->has_key && !found->text[ROW_NAME].len)
    return refuse(why, RULE_NAME_MISSING, SLICE("name"));
  return RULE_OK;
}

static void put_u32(char *to, size_t value) {
  uint32_t v = (uint32_t)value;
  memcpy(to, &v, sizeof v);
}

/* The record of base/row.h, with the JSON written where it will stand. */
static void write_record(struct buf *b, const struct found *found, uint32_t line) {
  size_t at = b->len;
  uint16_t key_len = (uint16_t)found->key.len;
  b->len += ROW_HEAD_SIZE;
  buf_add_slice(b, found->key);
  buf_add_slice(b, found->id);
  char *head = b->ptr + at;
  for (int f = 0; f < ROW_FIELDS; f++) {
    size_t from = b->len;
    if (found->is_null[f])
      buf_add(b, "null", 4);
    else if (found->text[f].len)
      json_put_string(b, found->text[f]);
    put_u32(head + 12 + 4 * f, b->len - from);
  }
  put_u32(head, b->len - at);
  put_u32(head + 4, line);
  memcpy(head + 8, &key_len, sizeof key_len);
  head[10] = (char)found->id.len;
  head[11] = 0;
}

enum rule encode_row(lua_State *L, int index, const struct encoder *e, bool function_key,
                     uint32_t line, struct buf *frame, struct refusal_of_row *why) {
  struct found found = {.key = {NULL, 0}};
  why->field[0] = why->got[0] = '\0';
  enum rule rule = function_key ? take_key(L, &found, why, "key") : RULE_OK;
  if (rule == RULE_OK) rule = take_row(L, index, e, &found, why);
  if (rule == RULE_OK) rule = check_whole(e, &found, why);
  if (rule != RULE_OK) return rule;
  size_t at = frame->len;
  write_record(frame, &found, line);
  if (frame->len - at > e->row_max) {
    frame->len = at;
    return refuse(why, RULE_TOO_LARGE, SLICE(""));
  }
  return RULE_OK;
}

/* ---- for people ---------------------------------------------------------- */

static void show_text(struct buf *out, struct slice s) {
  if (s.len > SHOW_MAX / 4) {
    s.len = SHOW_MAX / 4;
    size_t valid = utf8_check(s);
    if (valid + 4 > s.len) s.len = valid; /* cut between characters */
  }
  struct buf plain = BUF_WITH_LIMIT(SHOW_MAX * 4);
  if (utf8_check(s) == s.len)
    json_put_string(out, s);
  else {
    utf8_printable(&plain, s);
    if (plain.is_failed) buf_clear(&plain);
    json_put_string(out, buf_slice(&plain));
  }
  buf_free(&plain);
}

static void show_value(lua_State *L, int index, struct buf *out, int depth);

static void show_key(lua_State *L, int index, struct buf *out) {
  if (lua_type(L, index) == LUA_TSTRING) {
    show_text(out, text_at(L, index));
  } else {
    char text[64];
    int len = lua_isinteger(L, index)
                  ? snprintf(text, sizeof text, LUA_INTEGER_FMT, lua_tointeger(L, index))
                  : snprintf(text, sizeof text, "%s", luaL_typename(L, index));
    json_put_string(out, (struct slice){text, (size_t)len});
  }
}

static void show_table(lua_State *L, int index, struct buf *out, int depth) {
  bool is_first = true;
  index = lua_absindex(L, index);
  if (depth == SHOW_DEPTH || !lua_checkstack(L, 4)) {
    buf_add_text(out, "\"table\"");
    return;
  }
  buf_add_char(out, '{');
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (out->len > SHOW_MAX) {
      lua_pop(L, 2);
      break;
    }
    if (!is_first) buf_add_char(out, ',');
    is_first = false;
    show_key(L, -2, out);
    buf_add_char(out, ':');
    show_value(L, -1, out, depth + 1);
    lua_pop(L, 1);
  }
  buf_add_char(out, '}');
}

static void show_number(lua_State *L, int index, struct buf *out) {
  double n = lua_tonumber(L, index);
  if (lua_isinteger(L, index))
    buf_printf(out, LUA_INTEGER_FMT, lua_tointeger(L, index));
  else if (isfinite(n))
    buf_printf(out, "%.17g", n);
  else
    buf_printf(out, "\"%g\"", n);
}

static void show_value(lua_State *L, int index, struct buf *out, int depth) {
  switch (lua_type(L, index)) {
  case LUA_TSTRING: show_text(out, text_at(L, index)); break;
  case LUA_TNUMBER: show_number(L, index, out); break;
  case LUA_TBOOLEAN: buf_add_text(out, lua_toboolean(L, index) ? "true" : "false"); break;
  case LUA_TTABLE: show_table(L, index, out, depth); break;
  case LUA_TLIGHTUSERDATA: buf_add_text(out, "null"); break;
  default: buf_printf(out, "\"%s\"", luaL_typename(L, index)); break;
  }
}

void encode_show(lua_State *L, int index, struct buf *out) { show_value(L, index, out, 0); }
