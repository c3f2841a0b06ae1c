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

void job_do(struct channel *channel, const struct message *m, lua_CFunction body, struct message *done,
            struct buf *done_text) {
  struct worker_shared shared = {.channel = channel, .exit_code = -1};
  struct alloc alloc = {.limit = (size_t)m->number[2]};
  struct job job = {.m = m, .done = done, .text = done_text};
  lua_State *L = task_state(&alloc, &shared);
  done->number[0] = DONE_MEMORY;
  if (!L) return;
  lua_pushcfunction(L, raise_handler);
  lua_pushcfunction(L, body);
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
