#include "worker/bind/command.h"

#include "worker/bind/file.h"
#include "worker/bind/json.h"
#include "worker/host.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

/* Has the host start the line at stack index 1; 0: its number is pushed.  Pushes the
 * arguments first, since pushing may raise. */
static int start(lua_State *L, const char *pipe, struct error *err) {
  struct slice reply, arguments;
  lua_createtable(L, 0, 2);
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "line");
  lua_pushstring(L, pipe);
  lua_setfield(L, -2, "pipe");
  json_encode(L, lua_gettop(L));
  arguments.ptr = lua_tolstring(L, -1, &arguments.len);
  if (host_call(L, "command", arguments, &reply, err)) return -1;
  json_push(L, reply);
  return 0;
}

/* Waits for the end of the command NUMBER and pushes what os.execute returns. */
static int push_end(lua_State *L, lua_Integer number) {
  char arguments[64];
  struct slice reply;
  struct error err;
  (void)snprintf(arguments, sizeof arguments, "{\"number\":\"%" PRId64 "\"}", (int64_t)number);
  if (host_call(L, "command_end", slice_of(arguments), &reply, &err))
    return raise_push_failure(L, &err);
  json_push(L, reply);
  int at = lua_gettop(L);
  lua_getfield(L, at, "how");
  lua_getfield(L, at, "code");
  bool is_good = lua_tointeger(L, -1) == 0 && strcmp(lua_tostring(L, -2), "exit") == 0;
  if (is_good)
    lua_pushboolean(L, 1);
  else
    lua_pushnil(L);
  lua_insert(L, -3);
  return 3;
}

int command_execute(lua_State *L) {
  struct error err;
  luaL_checktype(L, 1, LUA_TSTRING);
  lua_settop(L, 1);
  if (start(L, "no", &err)) return raise_push_failure(L, &err);
  return push_end(L, lua_tointeger(L, -1));
}

/* Whether the function that runs was called by the collector: it must not talk to the
 * host then, which may be in the middle of another answer. */
static bool is_collecting(lua_State *L) {
  lua_Debug call;
  return lua_getstack(L, 0, &call) && lua_getinfo(L, "n", &call) && call.name &&
         strcmp(call.name, "__gc") == 0;
}

static int command_close(lua_State *L) {
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  bool is_closed = fclose(stream->f) == 0;
  if (is_collecting(L)) return 0;
  if (!is_closed) return luaL_fileresult(L, 0, NULL);
  lua_getiuservalue(L, 1, 1);
  return push_end(L, lua_tointeger(L, -1));
}

int command_open(lua_State *L) {
  struct error err;
  luaL_checktype(L, 1, LUA_TSTRING);
  bool is_read = luaL_checkstring(L, 2)[0] == 'r';
  lua_settop(L, 2);
  luaL_Stream *stream = file_new(L, 1);
  if (start(L, is_read ? "read" : "write", &err)) return raise_push_failure(L, &err);
  lua_setiuservalue(L, 3, 1);
  int fd = channel_take_fd(worker_shared(L)->channel);
  int failed = file_open(L, stream, fd, is_read ? "r" : "w", "io.popen", command_close);
  if (failed) return failed;
  lua_settop(L, 3);
  return 1;
}
