/* hoko.lua: a chunk with no library at all, in a small memory, that gives a table. */
#include "worker/task.h"

#include "base/json_text.h"
#include "base/utf8.h"
#include "worker/loader.h"
#include "worker/host.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <time.h>

enum { CONFIG_MEMORY = 16 << 20, CONFIG_DEPTH = 12, CONFIG_JSON_MAX = 4 << 20 };
enum { CONFIG_TIME_MS = 100, STEPS_A_LOOK = 10000 };

static void put_value(lua_State *L, int index, struct buf *out, int depth);

static void put_type(lua_State *L, int index, struct buf *out) {
  buf_printf(out, "{\"$type\":\"%s\"}", luaL_typename(L, index));
}

static bool is_array(lua_State *L, int index) {
  lua_Unsigned len = lua_rawlen(L, index), found = 0;
  lua_pushnil(L);
  while (lua_next(L, index)) {
    lua_pop(L, 1);
    found++;
  }
  return found == len;
}

static void put_array(lua_State *L, int index, struct buf *out, int depth) {
  lua_Unsigned len = lua_rawlen(L, index);
  buf_add_char(out, '[');
  for (lua_Unsigned i = 1; i <= len; i++) {
    if (i > 1) buf_add_char(out, ',');
    lua_rawgeti(L, index, (lua_Integer)i);
    put_value(L, lua_gettop(L), out, depth);
    lua_pop(L, 1);
  }
  buf_add_char(out, ']');
}

static void put_name(lua_State *L, int index, struct buf *out) {
  struct slice name;
  lua_pushvalue(L, index); /* lua_tolstring() would change the key under lua_next() */
  name.ptr = lua_tolstring(L, -1, &name.len);
  if (name.ptr && utf8_check(name) == name.len)
    json_put_string(out, name);
  else
    buf_printf(out, "\"[%s]\"", luaL_typename(L, index));
  lua_pop(L, 1);
}

static void put_object(lua_State *L, int index, struct buf *out, int depth) {
  bool is_first = true;
  buf_add_char(out, '{');
  lua_pushnil(L);
  while (lua_next(L, index)) {
    if (!is_first) buf_add_char(out, ',');
    is_first = false;
    put_name(L, lua_gettop(L) - 1, out);
    buf_add_char(out, ':');
    put_value(L, lua_gettop(L), out, depth);
    lua_pop(L, 1);
  }
  buf_add_char(out, '}');
}

static void put_number(lua_State *L, int index, struct buf *out) {
  lua_Number n = lua_tonumber(L, index);
  if (lua_isinteger(L, index))
    buf_printf(out, LUA_INTEGER_FMT, lua_tointeger(L, index));
  else if (n - n == 0)
    buf_printf(out, "%.17g", n);
  else
    put_type(L, index, out); /* no number that JSON has */
}

static void put_value(lua_State *L, int index, struct buf *out, int depth) {
  struct slice s;
  switch (lua_type(L, index)) {
  case LUA_TBOOLEAN: buf_add_text(out, lua_toboolean(L, index) ? "true" : "false"); return;
  case LUA_TNUMBER: put_number(L, index, out); return;
  case LUA_TSTRING:
    s.ptr = lua_tolstring(L, index, &s.len);
    if (utf8_check(s) == s.len)
      json_put_string(out, s);
    else
      buf_add_text(out, "{\"$type\":\"string that is no UTF-8\"}");
    return;
  case LUA_TTABLE:
    if (depth == CONFIG_DEPTH || !lua_checkstack(L, 8))
      buf_add_text(out, "{\"$type\":\"table too deep\"}");
    else if (lua_rawlen(L, index) && is_array(L, index))
      put_array(L, index, out, depth + 1);
    else
      put_object(L, index, out, depth + 1);
    return;
  default: put_type(L, index, out);
  }
}

static void fail(struct message *done, struct buf *text, enum done kind, const char *file, int line,
                 const char *message) {
  done->number[0] = kind;
  done->number[2] = line;
  buf_printf(text, "%s", message);
  done->text[0] = slice_of(file);
  done->text[1] = buf_slice(text);
}

/* A hook is a time limit here, where no library has a function that takes long. */
static void look_at_time(lua_State *L, lua_Debug *where) {
  struct timespec spent; /* by this process, which does nothing else */
  (void)where;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  if (spent.tv_sec > 0 || spent.tv_nsec > CONFIG_TIME_MS * 1000000L)
    (void)luaL_error(L, "it ran for more than %d ms; it is to return one table, without work",
                     CONFIG_TIME_MS);
}

/* Pushes the table; false: *done tells. */
static bool run_chunk(lua_State *L, const char *name, int fd, struct message *done,
                      struct buf *text) {
  struct error err;
  if (loader_load_fd(L, fd, name, &err)) {
    fail(done, text, DONE_SYNTAX, name, err.line, err.message);
    return false;
  }
  lua_sethook(L, look_at_time, LUA_MASKCOUNT, STEPS_A_LOOK);
  if (lua_pcall(L, 0, LUA_MULTRET, 0)) {
    fail(done, text, DONE_SYNTAX, name, 0, luaL_tolstring(L, -1, NULL));
    return false;
  }
  if (lua_gettop(L) != 1 || !lua_istable(L, 1)) {
    fail(done, text, DONE_SYNTAX, name, 0,
         "the file must return one table: return { jobs = { … } }");
    return false;
  }
  return true;
}

void task_config(struct channel *channel, const struct message *m, struct message *done,
                 struct buf *done_text) {
  struct worker_shared shared = {.channel = channel, .exit_code = -1};
  struct alloc alloc = {.limit = CONFIG_MEMORY};
  struct error err;
  static const char name[] = "hoko.lua";
  lua_State *L = task_state(&alloc, &shared);
  int fd;
  (void)m;
  if (!L || host_open(L, name, OPEN_MODULE, &fd, &err)) {
    fail(done, done_text, DONE_SYNTAX, name, 0, L ? err.message : "not enough memory");
  } else if (run_chunk(L, name, fd, done, done_text)) {
    done_text->limit = CONFIG_JSON_MAX;
    put_value(L, 1, done_text, 0);
    done->number[0] = DONE_OK;
    done->text[3] = buf_slice(done_text);
  }
  if (L) lua_close(L);
  alloc_free(&alloc);
}
