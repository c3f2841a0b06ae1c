#include "worker/bind/source.h"

#include "base/json_text.h"
#include "base/utf8.h"
#include "worker/files.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static const char metatable_key, paths_key; /* of the registry */

enum { REPORTED_MAX = 64 << 10, LEVELS_MAX = 16 };

/* Places outlive their source: the rows that they belong to are judged later. */
static const char *keep_path(lua_State *L, int index) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &paths_key) != LUA_TTABLE) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &paths_key);
  }
  lua_pushvalue(L, index);
  lua_pushboolean(L, true);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  return lua_tostring(L, index);
}

/* The innermost line that is not of our Lua half. */
static void keep_maker(lua_State *L, struct source *s) {
  bool is_found = false;
  for (int level = 1; level < LEVELS_MAX && !is_found; level++) {
    luaL_where(L, level);
    const char *where = lua_tostring(L, -1);
    is_found = where[0] != '\0' && strncmp(where, "[hoko]", 6) != 0;
    if (is_found) (void)snprintf(s->made_at, sizeof s->made_at, "%s", where);
    lua_pop(L, 1);
  }
}

struct source *source_new(lua_State *L, const struct source_kind *kind, int index,
                          const char *encoding) {
  struct source *s = lua_newuserdatauv(L, kind->size_bytes, 0);
  memset(s, 0, kind->size_bytes);
  s->kind = kind;
  s->text = s->json = BUF_WITH_LIMIT(REPORTED_MAX);
  s->path = keep_path(L, index);
  s->name = strcmp(s->path, "-") == 0 ? "stdin" : s->path;
  if (encoding) (void)snprintf(s->encoding, sizeof s->encoding, "%s", encoding);
  keep_maker(L, s);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
  lua_setmetatable(L, -2); /* last: from here on the kind's close() may be called */
  return s;
}

int source_return(lua_State *L) {
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, -3);
  return 4;
}

static uint32_t short_line(uint64_t line) {
  return line < UINT32_MAX ? (uint32_t)line : UINT32_MAX;
}

void source_place(lua_State *L, const struct source *s, uint64_t line) {
  worker_shared(L)->source.place = (struct place){s->name, short_line(line)};
}

bool source_reject(lua_State *L, struct source *s, uint64_t line, const char *why,
                   struct slice raw) {
  if (!s->has_rejects || !worker_shared(L)->source.reject) return false;
  buf_clear(&s->text);
  buf_clear(&s->json);
  utf8_printable(&s->text, raw);
  json_put_string(&s->json, buf_slice(&s->text));
  struct slice row = buf_ok(&s->text) && buf_ok(&s->json) ? buf_slice(&s->json) : SLICE("null");
  row.ptr =
      lua_pushlstring(L, row.ptr, row.len); /* the report may lead to another in the same source */
  struct place place = {s->name, short_line(line)};
  worker_shared(L)->source.reject(L, place, "source", slice_of(why), row);
  lua_pop(L, 1);
  return true;
}

static void end(lua_State *L, struct source *s, enum source_state state) {
  if (s->state == SOURCE_NEW || s->state == SOURCE_OPEN) {
    s->kind->close(L, s);
    bytes_close(&s->bytes);
    buf_free(&s->text);
    buf_free(&s->json);
  }
  if (s->state != SOURCE_ENDED) s->state = state;
}

/* Raises ERR with the place that made the source; the system's own errors name the file. */
static int fail(lua_State *L, struct source *s, const struct error *err) {
  bool is_named = strncmp(err->message, s->name, strlen(s->name)) == 0;
  worker_shared(L)->source.place = (struct place){NULL, 0};
  s->is_pulling = false;
  end(L, s, SOURCE_CLOSED);
  luaL_checkstack(L, 8, NULL);
  lua_pushfstring(L, "%s%s", s->made_at, is_named ? "" : s->name);
  if (err->line)
    lua_pushfstring(L, ":%d", err->line);
  else
    lua_pushliteral(L, "");
  lua_pushfstring(L, is_named ? "%s" : ": %s", err->message);
  if (err->hint[0])
    lua_pushfstring(L, "\nhint: %s", err->hint);
  else
    lua_pushliteral(L, "");
  lua_concat(L, 4);
  return raise_placed(L);
}

static void open_file(lua_State *L, struct source *s) {
  struct error err;
  int fd;
  if (worker_open(L, s->path, &fd, &err)) fail(L, s, &err);
  if (bytes_open(&s->bytes, fd, s->encoding[0] ? s->encoding : NULL, s->kind->limit_bytes, &err))
    fail(L, s, &err);
}

static void begin(lua_State *L, struct source *s) {
  struct error err;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (s->kind->limit_bytes) open_file(L, s);
  s->state = SOURCE_OPEN;
  if (s->kind->open(L, s, &err)) fail(L, s, &err);
}

static void check_idle(lua_State *L, const struct source *s) {
  if (s->is_pulling) raise_error(L, "the source of %s is in the middle of a row", s->name);
}

static int pull(lua_State *L, void *source) {
  struct source *s = source;
  struct error err;
  check_idle(L, s);
  if (s->state == SOURCE_CLOSED) raise_error(L, "the source of %s is closed", s->name);
  s->is_pulling = true;
  if (s->state == SOURCE_NEW) begin(L, s);
  int got = s->state == SOURCE_OPEN ? s->kind->pull(L, s, &err) : 0;
  s->is_pulling = false;
  if (__builtin_expect(got > 0, 1)) return 1;
  if (got < 0) return fail(L, s, &err);
  end(L, s, SOURCE_ENDED);
  worker_shared(L)->source.place = (struct place){NULL, 0};
  lua_pushnil(L);
  return 1;
}

/* The metatable is hidden from scripts, but debug.getinfo() can give them these
 * functions, to be called with anything; upvalue 1 is the metatable. */
static struct source *check(lua_State *L) {
  if (!lua_touserdata(L, 1) || !lua_getmetatable(L, 1) || !lua_rawequal(L, -1, lua_upvalueindex(1)))
    raise_error(L, "this is not a source");
  lua_pop(L, 1);
  return lua_touserdata(L, 1);
}

static int call(lua_State *L) { return pull(L, check(L)); }

static int close(lua_State *L) {
  struct source *s = check(L);
  check_idle(L, s);
  end(L, s, SOURCE_CLOSED);
  return 0;
}

static int collect(lua_State *L) {
  end(L, check(L), SOURCE_CLOSED);
  return 0;
}

static int to_string(lua_State *L) {
  lua_pushfstring(L, "source: %s", check(L)->name);
  return 1;
}

source_pull source_native(lua_State *L, int index, void **source) {
  *source = lua_touserdata(L, index);
  if (!*source || !lua_getmetatable(L, index)) return NULL;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &metatable_key);
  bool is_ours = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is_ours ? pull : NULL;
}

/* Methods are what hoko.rows(source) has. */
static int no_field(lua_State *L) {
  (void)check(L);
  raise_error(L, "a source has no '%s'; hoko.rows(source) has filter, map and take",
              luaL_tolstring(L, 2, NULL));
}

void source_register(lua_State *L) {
  static const luaL_Reg functions[] = {{"__call", call},          {"__index", no_field},
                                       {"__close", close},        {"__gc", collect},
                                       {"__tostring", to_string}, {NULL, NULL}};
  lua_newtable(L);
  lua_pushvalue(L, -1);
  luaL_setfuncs(L, functions, 1);
  lua_pushboolean(L, false);
  lua_setfield(L, -2, "__metatable");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &metatable_key);
}
