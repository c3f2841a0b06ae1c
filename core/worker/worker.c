#include "worker/worker.h"

#include "bridge/bridge.h"
#include "worker/cage.h"
#include "worker/output.h"
#include "worker/shared.h"
#include "worker/task.h"
#include "worker/watch.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A script may catch what string.rep() of too much raises, and go on; one that goes on
 * asking is ended. */
enum { DONE_TEXT_MAX = 4 << 20, REFUSALS_MAX = 8 };

_Noreturn static void end_without_memory(lua_State *L) {
  const struct message done = {.kind = MESSAGE_DONE, .number = {DONE_MEMORY}};
  (void)fflush(stdout);
  (void)!channel_send(worker_shared(L)->channel, &done); /* the process ends either way */
  _exit(0);
}

static void refused(struct alloc *a) {
  watch_note(a->user);
  if (a->refusals > REFUSALS_MAX) end_without_memory(a->user);
}

/* An error outside all protection: there is no memory even to tell of it. */
static int panic(lua_State *L) { end_without_memory(L); }

lua_State *task_state(struct alloc *alloc, struct worker_shared *shared) {
  lua_State *L = lua_newstate(alloc_lua, alloc);
  if (!L) return NULL;
  *(struct worker_shared **)lua_getextraspace(L) = shared;
  (void)lua_atpanic(L, panic);
  alloc->user = L;
  alloc->on_refusal = refused;
  watch_state(L);
  /* Rows are garbage soon after they are made, which is what generations are for. */
  (void)lua_gc(L, LUA_GCGEN, 0, 0);
  return L;
}

static void do_task(struct channel *channel, const struct message *m) {
  static const struct {
    void (*run)(struct channel *, const struct message *, struct message *, struct buf *);
  } tasks[] = {
      [TASK_RUN] = {task_run},   [TASK_CONFIG] = {task_config}, [TASK_CHECK] = {task_check},
      [TASK_EVAL] = {task_eval}, [TASK_TEST] = {task_test},     [TASK_SESSION] = {task_session}};
  struct message done = {.kind = MESSAGE_DONE};
  struct buf text = BUF_WITH_LIMIT(DONE_TEXT_MAX);
  size_t task = (size_t)m->number[0];
  if (task >= sizeof tasks / sizeof *tasks || !tasks[task].run) _exit(70);
  tasks[task].run(channel, m, &done, &text);
  watch_state(NULL);
  if (channel_send(channel, &done)) _exit(0);
  buf_free(&text);
}

/* The message's texts are valid until the next message, and a task takes many. */
static char *copy_texts(const struct message *m, struct message *copy) {
  *copy = *m;
  char *bytes = malloc(m->text[0].len + m->text[1].len + 1);
  if (!bytes) return NULL;
  memcpy(bytes, m->text[0].ptr, m->text[0].len);
  memcpy(bytes + m->text[0].len, m->text[1].ptr, m->text[1].len);
  copy->text[0].ptr = bytes;
  copy->text[1].ptr = bytes + m->text[0].len;
  return bytes;
}

/* hoko.lua and scripts that are only looked at see no library that reaches anything. */
static bool needs_cage(const struct message *task) {
  return task->number[0] != TASK_CONFIG && task->number[0] != TASK_CHECK &&
         !(task->number[1] & TASK_UNCAGED);
}

static void refuse(struct channel *channel) {
  const struct message done = {
      .kind = MESSAGE_DONE,
      .number = {DONE_SYNTAX},
      .text = {{NULL, 0},
               SLICE("this kernel has no seccomp, so no cage holds the script"),
               {NULL, 0},
               SLICE("add --allow-uncaged if you trust the script")}};
  if (channel_send(channel, &done)) _exit(0);
}

int worker_main(void) {
  struct error err;
  struct message m, task;
  struct channel *channel = channel_new(WORKER_BRIDGE_FD, true, &err);
  if (!channel || output_redirect(channel, &err)) return 70;
  struct spot *spot = spot_open(WORKER_SPOT_FD);
  bool is_held;
  if (!spot) return 70;
  watch_open(spot);
  if (cage_enter(&is_held, &err)) return 70;
  while (channel_next(channel, &m, &err) == CHANNEL_MESSAGE) {
    if (m.kind != MESSAGE_TASK) continue; /* a credit or a row told too late */
    char *bytes = copy_texts(&m, &task);
    if (!bytes) return 70;
    if (needs_cage(&task) && !is_held)
      refuse(channel);
    else
      do_task(channel, &task);
    free(bytes);
  }
  return 0;
}
