/* job.h - one task that runs the user's Lua: a state, a body called in it, an answer.
 *
 * A body is a Lua function whose only argument is the struct job as light userdata.
 * What it raises, or leaves in err, becomes the answer. */
#ifndef HOKO_WORKER_JOB_H
#define HOKO_WORKER_JOB_H

#include "bridge/bridge.h"

#include <lua.h>

struct alloc;

struct job {
  const struct message *m;
  bool is_loading; /* true where the body ends: the code is not there or has no syntax, err tells */
  struct error err;
  struct message *done;
  struct buf *text;
  size_t text_at[MESSAGE_TEXTS_MAX];
  struct alloc *alloc;
};

/* Puts the task's table at index 2 and opens all that a script sees; index 1 is the job. */
void job_open(lua_State *L, struct job *job);

/* Calls the function that is below its N arguments, protected.  0: its RESULTS are pushed.
 * -1: the answer tells what was raised. */
MUST_USE int job_call(lua_State *L, struct job *job, int n, int results);
/* Copies TEXT into the answer as its text I; the texts are in place after
 * job_point_texts(), once all are there. */
void job_put_text(struct job *job, int i, struct slice text);
void job_point_texts(struct job *job);

/* Calls BODY in a state of its own and fills in *done, whose texts point into DONE_TEXT. */
void job_do(struct channel *channel, const struct message *m, lua_CFunction body,
            struct message *done, struct buf *done_text);

#endif
