/* A piece of code whose values are printed. */
#include "worker/task.h"

#include "worker/job.h"
#include "worker/loader.h"

#include <lauxlib.h>

static const char chunk_name[] = "eval";

/* Pushes TEXT compiled, as an expression where it is one; what it takes is left below. */
static int load(lua_State *L, struct slice text, struct error *err) {
  struct slice expression;
  lua_pushliteral(L, "return ");
  lua_pushlstring(L, text.ptr, text.len);
  lua_concat(L, 2);
  expression.ptr = lua_tolstring(L, -1, &expression.len);
  if (loader_load_text(L, expression.ptr, expression.len, chunk_name, err) == 0) return 0;
  return loader_load_text(L, text.ptr, text.len, chunk_name, err);
}

static int eval_code(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  struct slice code;
  job_open(L, job);
  lua_getfield(L, 2, "code");
  code.ptr = luaL_checklstring(L, -1, &code.len);
  job->is_loading = true;
  if (load(L, code, &job->err)) return 0;
  job->is_loading = false;
  lua_getfield(L, 2, "print_values");
  lua_insert(L, -2);
  int printer = lua_gettop(L) - 1;
  lua_call(L, 0, LUA_MULTRET);
  lua_call(L, lua_gettop(L) - printer, 0);
  return 0;
}

void task_eval(struct channel *channel, const struct message *m, struct message *done,
               struct buf *done_text) {
  job_do(channel, m, eval_code, done, done_text);
}
