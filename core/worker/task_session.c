/* Entries of a person at the prompt, in one state; lua/hoko/session.lua does what is asked. */
#include "worker/task.h"

#include "worker/job.h"
#include "worker/raise.h"
#include "worker/shared.h"
#include "worker/watch.h"

#include <lauxlib.h>
#include <stdio.h>
#include <unistd.h>

enum { AT_SESSION = 3, RESULTS = 4 };

static const char *const functions[ENTRIES] = {[ENTRY_RUN] = "run",
                                               [ENTRY_COMPLETE] = "complete",
                                               [ENTRY_HELP] = "help",
                                               [ENTRY_TOPICS] = "topics",
                                               [ENTRY_SHOW] = "show"};

static struct slice text_at(lua_State *L, int index) {
  size_t len = 0;
  const char *text = lua_tolstring(L, index, &len);
  return (struct slice){text ? text : "", len};
}

/* What the function returned: what the entry is and the answer's text, or nil, message, chunk
 * and line of a text that has no syntax. */
static void tell_results(lua_State *L, struct job *job) {
  int at = lua_gettop(L) - RESULTS + 1;
  if (lua_isnil(L, at)) {
    job->done->number[0] = DONE_SYNTAX;
    job->done->number[2] = lua_tointeger(L, at + 3);
    job_put_text(job, 0, text_at(L, at + 2));
    job_put_text(job, 1, text_at(L, at + 1));
  } else {
    job->done->number[0] = DONE_OK;
    job->done->number[1] = lua_tointeger(L, at);
    job_put_text(job, 3, text_at(L, at + 1));
  }
  lua_pop(L, RESULTS);
}

static void answer(lua_State *L, struct job *job, const struct message *m) {
  *job->done = (struct message){.kind = MESSAGE_DONE};
  buf_clear(job->text);
  job->alloc->refusals = 0;
  raise_forget(L);
  lua_getfield(L, AT_SESSION, functions[m->number[0]]);
  lua_pushlstring(L, m->text[0].ptr, m->text[0].len);
  lua_pushinteger(L, m->number[1]);
  watch_entry(true);
  int rc = job_call(L, job, 2, RESULTS);
  watch_entry(false);
  if (rc == 0) tell_results(L, job);
  (void)fflush(stdout); /* what was printed comes before the answer */
  (void)fflush(stderr);
  if (job->text->ptr) job_point_texts(job);
  if (channel_send(worker_shared(L)->channel, job->done)) _exit(0); /* the host is gone */
}

static int serve(lua_State *L) {
  struct job *job = lua_touserdata(L, 1);
  struct message m;
  job_open(L, job);
  (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a person watches; without it all comes at the end */
  lua_getfield(L, 2, "session");
  for (;;) {
    if (channel_next(worker_shared(L)->channel, &m, &job->err) != CHANNEL_MESSAGE) _exit(0);
    if (m.kind != MESSAGE_ENTRY) continue; /* told too late to matter */
    if (m.number[0] < 0 || m.number[0] >= ENTRIES) _exit(70);
    answer(L, job, &m);
  }
}

void task_session(struct channel *channel, const struct message *m, struct message *done,
                  struct buf *done_text) {
  job_do(channel, m, serve, done, done_text);
}
