/* A script, once: libraries, load, call, and what came of it. */
#include "worker/task.h"

#include "worker/bind/json.h"
#include "worker/host.h"
#include "worker/libs.h"
#include "worker/loader.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

/* In the arguments of the protected call. */
struct job {
  const struct message *m;
  struct message *done;
  struct buf *text;
  size_t text_at[MESSAGE_TEXTS_MAX];
  bool is_loading; /* an error now is the script's syntax or that it is not there */
  struct error err;
};

/* Task table at 1 → the script's chunk is called. */
static int run_script(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  const char *path;
  int fd;
  json_push(L, job->m->text[1]);
  libs_open(L, 2);
  lua_getfield(L, 2, "script");
  path = lua_tostring(L, -1);
  worker_shared(L)->script = path;
  job->is_loading = true;
  if (host_open(L, path, OPEN_MODULE, &fd, &job->err) || loader_load_fd(L, fd, path, &job->err)) return 0;
  job->is_loading = false;
  lua_getglobal(L, "arg");
  int n = (int)lua_rawlen(L, -1);
  luaL_checkstack(L, n + 4, "too many arguments");
  for (int i = 1; i <= n; i++) lua_rawgeti(L, -i, i);
  lua_remove(L, -n - 1);
  lua_call(L, n, 0);
  return 0;
}

/* Copies TEXT into the answer as its text I. */
static void put_text(struct job *job, int i, struct slice text) {
  job->text_at[i] = job->text->len;
  buf_add_slice(job->text, text);
  job->done->text[i].len = job->text->len - job->text_at[i];
}

/* The buffer moves while it grows. */
static void point_texts(struct job *job) {
  for (int i = 0; i < MESSAGE_TEXTS_MAX; i++) job->done->text[i].ptr = job->text->ptr + job->text_at[i];
}

static void tell_failure(lua_State *L, struct job *job, const struct alloc *alloc) {
  struct trace trace;
  struct slice message;
  raise_trace(L, &trace);
  message.ptr = raise_text(L, -1, &message.len);
  const char *frames = job->m->number[1] & 1 ? trace.whole : trace.user;
  job->done->number[0] = alloc->refusals ? DONE_MEMORY : DONE_ERROR;
  job->done->number[2] = trace.line;
  put_text(job, 0, slice_of(trace.file));
  put_text(job, 1, message);
  put_text(job, 2, slice_of(frames));
}

static void tell_not_loaded(struct job *job) {
  job->done->number[0] = DONE_SYNTAX;
  job->done->number[2] = job->err.line;
  put_text(job, 0, slice_of(job->err.file));
  put_text(job, 1, slice_of(job->err.message));
  put_text(job, 3, slice_of(job->err.hint));
}

void task_run(struct channel *channel, const struct message *m, struct message *done, struct buf *done_text) {
  struct worker_shared shared = {.channel = channel, .exit_code = -1};
  struct alloc alloc = {.limit = (size_t)m->number[2]};
  struct job job = {.m = m, .done = done, .text = done_text};
  lua_State *L = task_state(&alloc, &shared);
  done->number[0] = DONE_MEMORY;
  if (!L) return;
  lua_pushcfunction(L, raise_handler);
  lua_pushcfunction(L, run_script);
  lua_pushlightuserdata(L, &job);
  if (lua_pcall(L, 1, 0, 1)) tell_failure(L, &job, &alloc);
  else if (job.is_loading) tell_not_loaded(&job);
  else done->number[0] = DONE_OK;
  if (done_text->ptr) point_texts(&job);
  lua_close(L);
  alloc_free(&alloc);
  (void)fflush(stdout);
  (void)fflush(stderr);
}
