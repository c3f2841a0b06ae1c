/* The functions that lua/hoko/ is built on; scripts never see them. */
#include "worker/bind/bind.h"

#include "base/clock.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "worker/bind/command.h"
#include "worker/bind/http.h"
#include "worker/bind/file.h"
#include "worker/bind/json.h"
#include "worker/bind/source.h"
#include "worker/bind/sources.h"
#include "worker/bind/text.h"
#include "worker/host.h"
#include "worker/pump.h"
#include "worker/raise.h"
#include "worker/shared.h"
#include "worker/watch.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 256, SLEEP_MAX_S = 100 * 24 * 3600 };

static int is_source(lua_State *L) {
  void *source;
  lua_pushboolean(L, source_native(L, 1, &source) != NULL);
  return 1;
}

static int is_uuid(lua_State *L) {
  struct slice text;
  struct uuid id;
  text.ptr = luaL_checklstring(L, 1, &text.len);
  lua_pushboolean(L, uuid_parse(text, &id));
  return 1;
}

/* "4MiB" → bytes, or nil. */
static int size(lua_State *L) {
  struct slice text;
  int64_t bytes;
  text.ptr = luaL_checklstring(L, 1, &text.len);
  if (number_size_bytes(text, &bytes))
    lua_pushnil(L);
  else
    lua_pushinteger(L, bytes);
  return 1;
}

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* word, table whose keys are the names → the nearest, of several the first by name, or nil. */
static int nearest(lua_State *L) {
  const char *names[NAMES_MAX];
  size_t len = 0;
  struct slice word;
  word.ptr = luaL_checklstring(L, 1, &word.len);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, 2)) {
    if (lua_type(L, -2) == LUA_TSTRING && len < NAMES_MAX) names[len++] = lua_tostring(L, -2);
    lua_pop(L, 1);
  }
  qsort(names, len, sizeof *names, compare_names);
  lua_pushstring(L, nearest_name(word, names, len));
  return 1;
}

/* Columns that a text takes on a terminal. */
static int width(lua_State *L) {
  struct slice text;
  text.ptr = luaL_checklstring(L, 1, &text.len);
  lua_pushinteger(L, (lua_Integer)utf8_width(text));
  return 1;
}

/* (text, columns) → its longest beginning that takes no more. */
static int cut(lua_State *L) {
  struct slice text;
  lua_Integer columns = luaL_checkinteger(L, 2);
  text.ptr = luaL_checklstring(L, 1, &text.len);
  lua_pushlstring(L, text.ptr, utf8_prefix(text, columns > 0 ? (size_t)columns : 0));
  return 1;
}

/* What keys() looks at; a million keys of a hash take a hundred milliseconds. */
enum { KEYS_SEEN_MAX = 20000 };

/* Takes keys behind the one on top into the array at 4 while there is room; false: there are
 * more than are looked at. */
static bool take_keys(lua_State *L, lua_Integer len, lua_Integer most, lua_Integer *count) {
  for (int seen = 0; lua_next(L, 1); seen++) {
    bool is_index =
        lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= len;
    lua_pop(L, 1);
    if (seen == KEYS_SEEN_MAX) return false;
    if (is_index || ++*count > most) continue;
    lua_pushvalue(L, -1);
    lua_rawseti(L, 4, *count);
  }
  return true;
}

/* (table, len, most) → an array of at most so many of its keys outside of 1 … len, how many
 * there are, and whether there are more than were looked at.  Raw. */
static int keys(lua_State *L) {
  lua_Integer len = luaL_checkinteger(L, 2), most = luaL_checkinteger(L, 3), count = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 3);
  lua_newtable(L);
  lua_pushnil(L);
  bool is_all = take_keys(L, len, most, &count);
  if (!is_all && len > KEYS_SEEN_MAX && count == 0) { /* a long array: what is behind it */
    lua_settop(L, 4);
    lua_pushvalue(L, 2);
    is_all = take_keys(L, len, most, &count);
  }
  lua_settop(L, 4);
  lua_pushinteger(L, count);
  lua_pushboolean(L, !is_all);
  return 3;
}

/* A named host call: (name, arguments) → its answer; nil, message, code on failure. */
static int call(lua_State *L) {
  struct error err;
  struct slice reply, arguments = SLICE("{}");
  const char *name = luaL_checkstring(L, 1);
  if (!lua_isnoneornil(L, 2)) {
    lua_settop(L, 2);
    json_encode(L, 2);
    arguments.ptr = lua_tolstring(L, -1, &arguments.len);
  }
  if (host_call(L, name, arguments, &reply, &err)) return raise_push_failure(L, &err);
  json_push(L, reply);
  return 1;
}

/* ---- locals that outlive their chunk ------------------------------------- */

/* (function, i) → the name of its upvalue, or nil. */
static int upvalue_name(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  const char *name = lua_getupvalue(L, 1, (int)luaL_checkinteger(L, 2));
  lua_pushstring(L, name);
  return 1;
}

/* (function, i) → the value of its upvalue. */
static int upvalue(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  if (!lua_getupvalue(L, 1, (int)luaL_checkinteger(L, 2))) lua_pushnil(L);
  return 1;
}

/* (f, i, g, j): from now on f's upvalue i is g's j; both must be there, of functions in Lua. */
static int upvalue_join(lua_State *L) {
  int i = (int)luaL_checkinteger(L, 2), j = (int)luaL_checkinteger(L, 4);
  bool is_there = lua_upvalueid(L, 1, i) && lua_upvalueid(L, 3, j);
  luaL_argcheck(L, is_there && !lua_iscfunction(L, 1) && !lua_iscfunction(L, 3), 2,
                "no such upvalue");
  lua_upvaluejoin(L, 1, i, 3, j);
  return 0;
}

/* ---- files --------------------------------------------------------------- */

static int file_close(lua_State *L) {
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  return luaL_fileresult(L, fclose(stream->f) == 0, NULL);
}

static int mode_of(const char *mode, enum open_mode *out) {
  bool plus = mode[0] != '\0' && mode[1] == '+';
  const char *behind = mode + 1 + plus;
  if (mode[0] == '\0' || !strchr("rwa", mode[0]) || behind[*behind == 'b']) return -1;
  *out = mode[0] == 'w'   ? OPEN_WRITE
         : mode[0] == 'a' ? OPEN_APPEND
         : plus           ? OPEN_READ_WRITE
                          : OPEN_READ;
  return 0;
}

/* (path, mode) → a file of Lua's io library; nil, message, code on failure. */
static int open_file(lua_State *L) {
  struct error err;
  enum open_mode how;
  int fd;
  size_t len;
  const char *path = luaL_checklstring(L, 1, &len), *mode = luaL_checkstring(L, 2);
  if (mode_of(mode, &how))
    raise_error(L, "io.open: the mode '%s' is none of r, w, a, with + or b behind it", mode);
  luaL_Stream *stream = file_new(L, 0);
  int rc = strlen(path) == len
               ? host_open(L, path, how, &fd, &err)
               : error_set(&err, ERROR_USAGE, "%s: the file name holds a NUL", path);
  if (rc) return raise_push_failure(L, &err);
  int failed = file_open(L, stream, fd, mode, path, file_close);
  return failed ? failed : 1;
}

/* ---- time, end ----------------------------------------------------------- */

static int now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)clock_wall_ms(&clock_real) / 1000.0);
  return 1;
}

static int sleep_for(lua_State *L) {
  lua_settop(L, 1);
  lua_Number seconds = lua_isnumber(L, 1) ? lua_tonumber(L, 1) : -1;
  if (!(seconds >= 0 && seconds <= SLEEP_MAX_S))
    raise_error(L, "hoko.sleep: expected a number of seconds from 0 to %d, got %s", SLEEP_MAX_S,
                luaL_tolstring(L, 1, NULL));
  struct timespec left = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};
  (void)fflush(stdout);
  while (nanosleep(&left, &left) && errno == EINTR && !watch_is_interrupted()) continue;
  return 0;
}

static int end_process(lua_State *L) {
  struct message m = {.kind = MESSAGE_DONE, .number = {DONE_EXIT, luaL_checkinteger(L, 1)}};
  (void)fflush(stdout);
  pump_flush(L);
  host_send(L, &m);
  _exit(0);
}

void bind_native(lua_State *L) {
  static const luaL_Reg functions[] = {{"upsert", pump_upsert},
                                       {"raise", raise_lua},
                                       {"encode", NULL},
                                       {"is_source", is_source},
                                       {"demand", source_csv_demand},
                                       {"is_uuid", is_uuid},
                                       {"size", size},
                                       {"nearest", nearest},
                                       {"call", call},
                                       {"open", open_file},
                                       {"execute", command_execute},
                                       {"popen", command_open},
                                       {"http_ask", http_ask},
                                       {"http_pull", http_pull},
                                       {"http_drop", http_drop},
                                       {"now", now},
                                       {"sleep", sleep_for},
                                       {"exit", end_process},
                                       {"upvalue_name", upvalue_name},
                                       {"upvalue", upvalue},
                                       {"keys", keys},
                                       {"upvalue_join", upvalue_join},
                                       {"width", width},
                                       {"cut", cut},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  lua_pushcfunction(L, json_encode_lua);
  lua_setfield(L, -2, "encode");
}

void bind_all(lua_State *L, int task_at) {
  (void)task_at;
  bind_json(L);
  bind_sources(L);
  text_bind(L);
}
