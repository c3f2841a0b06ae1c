#include "worker/job.h"

#include "worker/bind/json.h"
#include "worker/libs.h"
#include "worker/raise.h"
#include "worker/shared.h"
#include "worker/task.h"

#include <stdio.h>

void job_open(lua_State *L, struct job *job) {
  json_push(L, job->m->text[1]);
  libs_open(L, 2);
}

void job_put_text(struct job *job, int i, struct slice text) {
  job->text_at[i] = job->text->len;
  buf_add_slice(job->text, text);
  job->done->text[i].len = job->text->len - job->text_at[i];
}

/* The buffer moves while it grows. */
void job_point_texts(struct job *job) {
  for (int i = 0; i < MESSAGE_TEXTS_MAX; i++)
    job->done->text[i].ptr = job->text->ptr + job->text_at[i];
}

static void tell_failure(lua_State *L, struct job *job) {
  struct trace trace;
  struct slice message;
  raise_trace(L, &trace);
  message.ptr = raise_text(L, -1, &message.len);
  const char *frames = job->m->number[1] & 1 ? trace.whole : trace.user;
  job->done->number[0] = job->alloc->refusals ? DONE_MEMORY : DONE_ERROR;
  job->done->number[2] = trace.line;
  job_put_text(job, 0, slice_of(trace.file));
  job_put_text(job, 1, message);
  job_put_text(job, 2, slice_of(frames));
}

static void tell_not_loaded(struct job *job) {
  job->done->number[0] = DONE_SYNTAX;
  job->done->number[2] = job->err.line;
  job_put_text(job, 0, slice_of(job->err.file));
  job_put_text(job, 1, slice_of(job->err.message));
  job_put_text(job, 3, slice_of(job->err.hint));
}

static void tell_end(struct job *job) {
  if (job->is_loading)
    tell_not_loaded(job);
  else
    job->done->number[0] = DONE_OK;
}

int job_call(lua_State *L, struct job *job, int n, int results) {
  int handler = lua_gettop(L) - n;
  lua_pushcfunction(L, raise_handler);
  lua_insert(L, handler);
  int rc = lua_pcall(L, n, results, handler) ? -1 : 0;
  if (rc) tell_failure(L, job);
  if (rc)
    lua_settop(L, handler - 1);
  else
    lua_remove(L, handler);
  return rc;
}

void job_do(struct channel *channel, const struct message *m, lua_CFunction body,
            struct message *done, struct buf *done_text) {
  struct worker_shared shared = {.channel = channel, .exit_code = -1};
  struct alloc alloc = {.limit = (size_t)m->number[2]};
  struct job job = {.m = m, .done = done, .text = done_text, .alloc = &alloc};
  lua_State *L = task_state(&alloc, &shared);
  done->number[0] = DONE_MEMORY;
  if (!L) return;
  lua_pushcfunction(L, body);
  lua_pushlightuserdata(L, &job);
  if (job_call(L, &job, 1, 0) == 0) tell_end(&job);
  if (done_text->ptr) job_point_texts(&job);
  lua_close(L);
  alloc_free(&alloc);
  (void)fflush(stdout);
  (void)fflush(stderr);
}
