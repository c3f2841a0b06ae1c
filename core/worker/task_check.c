/* A script looked at without running it: does it compile, and what lua/hoko/check.lua
 * says.  The state has all that a script sees, so that names are compared with the
 * API itself. */
#include "worker/task.h"

#include "base/file.h"
#include "worker/bind/json.h"
#include "worker/host.h"
#include "worker/libs.h"
#include "worker/loader.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <unistd.h>

enum { SOURCE_BYTES = 16 << 20, CHECK_MEMORY = 512 << 20 };

/* In the arguments of the protected call. */
struct job {
  const struct message *m;
  struct buf source;
  struct error err;
};

static int read_source(lua_State *L, struct job *job, const char *name) {
  int fd;
  if (host_open(L, name, OPEN_MODULE, &fd, &job->err)) return -1;
  int rc = file_read_fd(&job->source, fd, name, &job->err);
  (void)close(fd);
  return rc;
}

/* Pushes the one finding that a script which does not compile has. */
static void push_syntax(lua_State *L, const struct error *err) {
  lua_createtable(L, 1, 0);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, err->line);
  lua_setfield(L, -2, "line");
  lua_pushliteral(L, "error");
  lua_setfield(L, -2, "severity");
  lua_pushstring(L, err->message);
  lua_setfield(L, -2, "message");
  lua_rawseti(L, -2, 1);
}

/* The job → the findings as JSON; nothing when the script could not be read. */
static int check_script(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  json_push(L, job->m->text[1]);
  libs_open(L, 2);
  lua_getfield(L, 2, "script");
  const char *name = lua_tostring(L, -1);
  if (read_source(L, job, name)) return 0;
  const char *text = job->source.ptr ? job->source.ptr : "";
  if (loader_load_text(L, text, job->source.len, name, &job->err)) {
    push_syntax(L, &job->err);
  } else {
    lua_getfield(L, 2, "check");
    lua_pushlstring(L, text, job->source.len);
    lua_pushstring(L, name);
    lua_call(L, 2, 1);
  }
  json_encode(L, lua_gettop(L));
  return 1;
}

static void fail(struct message *done, struct buf *text, const char *message) {
  done->number[0] = DONE_SYNTAX;
  buf_add_text(text, message);
  done->text[1] = buf_slice(text);
}

void task_check(struct channel *channel, const struct message *m, struct message *done,
                struct buf *done_text) {
  struct worker_shared shared = {.channel = channel, .exit_code = -1};
  struct alloc alloc = {.limit = CHECK_MEMORY};
  struct job job = {.m = m, .source = BUF_WITH_LIMIT(SOURCE_BYTES)};
  lua_State *L = task_state(&alloc, &shared);
  if (!L) {
    fail(done, done_text, "not enough memory");
    return;
  }
  lua_pushcfunction(L, raise_handler);
  lua_pushcfunction(L, check_script);
  lua_pushlightuserdata(L, &job);
  if (lua_pcall(L, 1, 1, 1)) {
    struct slice message;
    message.ptr = raise_text(L, -1, &message.len);
    fail(done, done_text, message.ptr);
  } else if (!lua_isstring(L, -1)) {
    fail(done, done_text, job.err.message);
  } else {
    struct slice json;
    json.ptr = lua_tolstring(L, -1, &json.len);
    buf_add_slice(done_text, json);
    done->number[0] = DONE_OK;
    done->text[3] = buf_slice(done_text);
  }
  buf_free(&job.source);
  lua_close(L);
  alloc_free(&alloc);
}
