#include "worker/loader.h"

#include "base/embed.h"
#include "base/file.h"
#include "worker/bind/bind.h"
#include "worker/host.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRIPT_MAX = 16 << 20 };

extern const struct embed worker_lua[];

/* Lua says "file:line: message"; the parts go where they belong. */
static int syntax_error(lua_State *L, const char *name, struct error *err) {
  const char *text = lua_tostring(L, -1);
  size_t name_len = strlen(name);
  int line = 0, used = 0;
  (void)error_set(err, ERROR_USAGE, "%s", text);
  if (strncmp(text, name, name_len) == 0 && sscanf(text + name_len, ":%d: %n", &line, &used) == 1 &&
      used)
    (void)error_set(err, ERROR_USAGE, "%s", text + name_len + used);
  lua_pop(L, 1);
  return error_place(err, name, line);
}

int loader_load_text(lua_State *L, const char *text, size_t len, const char *name,
                     struct error *err) {
  char chunk[512];
  (void)snprintf(chunk, sizeof chunk, "@%s", name);
  if (len >= 2 && text[0] == '#') { /* a first line for the shell */
    const char *end = memchr(text, '\n', len);
    size_t skip = end ? (size_t)(end - text) : len;
    text += skip;
    len -= skip;
  }
  if (len && text[0] == LUA_SIGNATURE[0])
    return error_set(err, ERROR_USAGE, "%s is a compiled Lua chunk; only text can be run", name);
  int status = luaL_loadbufferx(L, text, len, chunk, "t");
  return status == LUA_OK ? 0 : syntax_error(L, name, err);
}

int loader_load_fd(lua_State *L, int fd, const char *name, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(SCRIPT_MAX);
  int rc = file_read_fd(&text, fd, name, err);
  (void)close(fd);
  if (rc == 0) rc = loader_load_text(L, text.ptr ? text.ptr : "", text.len, name, err);
  buf_free(&text);
  return rc;
}

/* ---- require, dofile, loadfile ------------------------------------------- */

/* Loads the module file that the host finds for NAME; 1 with the chunk and its name pushed. */
static int search_project(lua_State *L) {
  struct error err;
  const char *name = luaL_checkstring(L, 1);
  int fd;
  char path[HOST_PATH_SIZE];
  luaL_gsub(L, name, ".", "/");
  if (host_open_module(L, lua_tostring(L, -1), path, &fd, &err)) {
    lua_pushstring(L, err.message); /* require puts it on a line of its own */
    return 1;
  }
  if (loader_load_fd(L, fd, path, &err))
    return luaL_error(L, "%s:%d: %s", err.file, err.line, err.message);
  lua_pushstring(L, path);
  return 2;
}

static int load_file(lua_State *L) {
  struct error err;
  const char *path = luaL_checkstring(L, 1);
  bool has_env = !lua_isnone(L, 3);
  int fd, rc = host_open(L, path, OPEN_READ, &fd, &err);
  if (rc == 0) rc = loader_load_fd(L, fd, path, &err);
  if (rc) {
    lua_pushnil(L);
    lua_pushfstring(L, err.line ? "%s:%d: %s" : "%s%d%s", err.file, err.line, err.message);
    if (!err.line) {
      lua_pop(L, 1);
      lua_pushstring(L, err.message);
    }
    return 2;
  }
  if (has_env) {
    lua_pushvalue(L, 3);
    if (!lua_setupvalue(L, -2, 1)) lua_pop(L, 1);
  }
  return 1;
}

static int do_file(lua_State *L) {
  lua_settop(L, 1);
  lua_pushcfunction(L, load_file);
  lua_pushvalue(L, 1);
  lua_call(L, 1, 2);
  if (lua_isnil(L, -2)) raise_error(L, "%s", lua_tostring(L, -1));
  lua_pop(L, 1);
  lua_call(L, 0, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

static void set_package(lua_State *L) {
  lua_getglobal(L, "package");
  lua_pushnil(L);
  lua_setfield(L, -2, "loadlib");
  lua_pushliteral(L, "");
  lua_setfield(L, -2, "cpath");
  lua_pushliteral(L, "lua/?.lua;scripts/?.lua");
  lua_setfield(L, -2, "path");
  lua_getfield(L, -1, "searchers");
  lua_pushcfunction(L, search_project);
  lua_rawseti(L, -2, 2);
  for (int i = 3; i <= 4; i++) {
    lua_pushnil(L);
    lua_rawseti(L, -2, i);
  }
  lua_pop(L, 2);
}

/* ---- our half ------------------------------------------------------------ */

static const char sealed_key; /* of the registry: the globals of our chunks, once they are sealed */

static void push_copy(lua_State *L, int from) {
  from = lua_absindex(L, from);
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, from)) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
}

/* Chunks of ours that are run from here on see globals and libraries as they are now: a
 * person at a prompt may give the name `table` to something else. */
static int seal(lua_State *L) {
  luaL_checkstack(L, 8, NULL);
  lua_pushglobaltable(L);
  push_copy(L, -1);
  lua_pushnil(L);
  while (lua_next(L, -3)) {
    bool is_library = lua_istable(L, -1) && !lua_rawequal(L, -1, -4);
    if (is_library) {
      push_copy(L, -1);
      lua_setfield(L, -4, lua_tostring(L, -3));
    }
    lua_pop(L, 1);
  }
  lua_rawsetp(L, LUA_REGISTRYINDEX, &sealed_key);
  return 0;
}

/* Runs the embedded FILE with (native, ARGS at the stack's top…): one value comes back. */
static void run_embedded(lua_State *L, const char *file, int args) {
  struct slice text = embed_find(worker_lua, file);
  char name[64];
  (void)snprintf(name, sizeof name, "=[hoko]/%s", file);
  if (luaL_loadbufferx(L, text.ptr, text.len, name, "t")) (void)lua_error(L);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &sealed_key) == LUA_TNIL || !lua_setupvalue(L, -2, 1))
    lua_pop(L, 1);
  lua_insert(L, -args - 1);
  lua_call(L, args, 1);
}

static int run_embedded_lua(lua_State *L) {
  run_embedded(L, luaL_checkstring(L, 1), lua_gettop(L) - 1);
  return 1;
}

/* hoko, native, task → the Lua half fills hoko. */
static void run_half(lua_State *L, int task_at) {
  bind_native(L);
  lua_pushcfunction(L, run_embedded_lua);
  lua_setfield(L, -2, "run");
  lua_pushcfunction(L, seal);
  lua_setfield(L, -2, "seal");
  lua_pushvalue(L, -2); /* hoko */
  lua_pushvalue(L, -2); /* native */
  lua_pushvalue(L, task_at);
  run_embedded(L, "init.lua", 3);
  lua_pop(L, 2);
}

void loader_open(lua_State *L, int task_at) {
  set_package(L);
  lua_pushcfunction(L, load_file);
  lua_setglobal(L, "loadfile");
  lua_pushcfunction(L, do_file);
  lua_setglobal(L, "dofile");
  run_half(L, task_at);
}
