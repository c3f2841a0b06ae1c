/* lua_state.h - a Lua state with the functions under test, without a host: files
 * are opened from disk, rejects are kept in the Lua table `rejects`. */
#ifndef HOKO_TESTS_WORKER_LUA_STATE_H
#define HOKO_TESTS_WORKER_LUA_STATE_H

#include "worker/files.h"
#include "worker/shared.h"

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

int worker_open(lua_State *L, const char *path, int *fd, struct error *err) {
  (void)L;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  return *fd < 0 ? error_errno(err, ERROR_DATA, errno, "cannot open") : 0;
}

static inline void keep_reject(lua_State *L, struct place place, const char *code,
                               struct slice message, struct slice row) {
  luaL_checkstack(L, 8, NULL);
  lua_getglobal(L, "rejects");
  lua_pushfstring(L, "%s:%d: %s: %s: ", place.file, (int)place.line, code, message.ptr);
  lua_pushlstring(L, row.ptr, row.len);
  lua_concat(L, 2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

/* Leaves the table `hoko` on the stack, for the bindings under test. */
static inline lua_State *state_new(struct worker_shared *shared) {
  lua_State *L = luaL_newstate();
  assert_non_null(L);
  *shared = (struct worker_shared){.source.reject = keep_reject};
  *(struct worker_shared **)lua_getextraspace(L) = shared;
  luaL_openlibs(L);
  lua_newtable(L);
  lua_setglobal(L, "rejects");
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setglobal(L, "hoko");
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return L;
}

/* Runs CODE as "script.lua"; an error in it fails the test. */
static inline void state_run(lua_State *L, const char *code) {
  if (luaL_loadbuffer(L, code, strlen(code), "@script.lua") || lua_pcall(L, 0, 0, 0))
    fail_msg("%s\n%s", lua_tostring(L, -1), code);
}

#endif
