/* task.h - what a worker can be asked to do; each makes a Lua state of its own. */
#ifndef HOKO_WORKER_TASK_H
#define HOKO_WORKER_TASK_H

#include "bridge/bridge.h"
#include "worker/alloc.h"

#include <lua.h>

struct worker_shared;

/* A state that counts and limits its memory, wired to SHARED; NULL: no memory. */
lua_State *task_state(struct alloc *alloc, struct worker_shared *shared);

/* Do the task that M asks for and fill in *done, whose texts point into DONE_TEXT. */
void task_run(struct channel *channel, const struct message *m, struct message *done,
              struct buf *done_text);
void task_check(struct channel *channel, const struct message *m, struct message *done,
                struct buf *done_text);
void task_config(struct channel *channel, const struct message *m, struct message *done,
                 struct buf *done_text);
void task_test(struct channel *channel, const struct message *m, struct message *done,
               struct buf *done_text);
void task_session(struct channel *channel, const struct message *m, struct message *done,
                  struct buf *done_text);
void task_eval(struct channel *channel, const struct message *m, struct message *done,
               struct buf *done_text);

#endif
