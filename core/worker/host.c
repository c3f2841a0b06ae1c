#include "worker/host.h"

#include "base/json_text.h"
#include "worker/pump.h"
#include "worker/shared.h"

#include <stdio.h>
#include <unistd.h>

_Noreturn static void end_of_host(void) { _exit(0); }

void host_send(lua_State *L, const struct message *m) {
  if (channel_send(worker_shared(L)->channel, m)) end_of_host();
}

void host_send_raw(lua_State *L, struct slice frames) {
  if (channel_send_raw(worker_shared(L)->channel, frames)) end_of_host();
}

static void take(lua_State *L, struct message *m) {
  struct error err;
  switch (channel_next(worker_shared(L)->channel, m, &err)) {
  case CHANNEL_MESSAGE: return;
  case CHANNEL_NOTHING:
  case CHANNEL_CLOSED:
  case CHANNEL_BROKEN: end_of_host();
  }
}

void host_wait(lua_State *L, enum message_kind wanted, struct message *m) {
  for (take(L, m); m->kind != wanted; take(L, m)) pump_told(L, m);
}

bool host_poll(lua_State *L, bool wait) {
  struct message m;
  if (!wait && !channel_is_ready(worker_shared(L)->channel)) return false;
  take(L, &m);
  pump_told(L, &m);
  return true;
}

static int told_error(const struct message *m, struct error *err) {
  if (m->number[0] == 0) return 0;
  (void)error_set(err, (enum error_code)m->number[0], "%.*s", (int)m->text[1].len, m->text[1].ptr);
  err->line = (int)m->number[1];
  return error_hint(err, "%.*s", (int)m->text[2].len, m->text[2].ptr);
}

int host_call(lua_State *L, const char *name, struct slice json, struct slice *reply,
              struct error *err) {
  struct message m = {.kind = MESSAGE_CALL, .text = {slice_of(name), json}};
  (void)fflush(stdout); /* what was printed before comes before */
  host_send(L, &m);
  host_wait(L, MESSAGE_REPLY, &m);
  *reply = m.text[0];
  return told_error(&m, err);
}

int host_open(lua_State *L, const char *path, enum open_mode mode, int *fd, struct error *err) {
  struct message m = {.kind = MESSAGE_OPEN, .number = {mode}, .text = {slice_of(path)}};
  (void)fflush(stdout);
  host_send(L, &m);
  host_wait(L, MESSAGE_REPLY, &m);
  if (told_error(&m, err)) return -1;
  *fd = channel_take_fd(worker_shared(L)->channel);
  if (*fd < 0) return error_set(err, ERROR_INTERNAL, "%s: the host sent no file", path);
  return 0;
}

int host_open_module(lua_State *L, const char *name, char found[HOST_PATH_SIZE], int *fd,
                     struct error *err) {
  struct message m = {.kind = MESSAGE_OPEN, .number = {OPEN_MODULE}, .text = {slice_of(name)}};
  struct buf path = {.ptr = found, .cap = HOST_PATH_SIZE - 1, .limit = HOST_PATH_SIZE - 1};
  host_send(L, &m);
  host_wait(L, MESSAGE_REPLY, &m);
  if (told_error(&m, err)) return -1;
  *fd = channel_take_fd(worker_shared(L)->channel);
  if (*fd < 0) return error_set(err, ERROR_INTERNAL, "%s: the host sent no file", name);
  struct slice json = m.text[0];
  bool is_text =
      json.len > 2 && json_unescape(&path, (struct slice){json.ptr + 1, json.len - 2}) == 0;
  found[is_text && buf_ok(&path) ? path.len : 0] = '\0';
  return 0;
}
