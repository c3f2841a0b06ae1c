/* host.h - asking the host, from a Lua state: the worker's end of the bridge.
 *
 * While the worker waits for an answer, what the host tells about the upsert that
 * runs (credit, acknowledged and refused rows) is handed to that upsert's pump. */
#ifndef HOKO_WORKER_HOST_H
#define HOKO_WORKER_HOST_H

#include "bridge/bridge.h"

#include <lua.h>

enum { HOST_PATH_SIZE = 512 };

/* Sends M.  If the host is gone there is nothing left to do: the process ends. */
void host_send(lua_State *L, const struct message *m);
/* The same with the bytes of ready-made frames. */
void host_send_raw(lua_State *L, struct slice frames);
/* Waits for a message of kind WANTED (REPLY or RESULT) into *m, valid until the
 * next call; others go to the pump. */
void host_wait(lua_State *L, enum message_kind wanted, struct message *m);
/* Takes one message if WAIT or if one is there, for the pump; false: none. */
bool host_poll(lua_State *L, bool wait);

/* A named call with JSON arguments.  0: *reply is the JSON, valid until the next
 * call.  -1: *err as the host told it. */
MUST_USE int host_call(lua_State *L, const char *name, struct slice json, struct slice *reply,
                       struct error *err);
/* Opens PATH (enum open_mode); *fd is the caller's. */
MUST_USE int host_open(lua_State *L, const char *path, enum open_mode mode, int *fd,
                       struct error *err);
/* Finds and opens the module NAME, with slashes and without ".lua"; FOUND: its path as
 * messages call it. */
MUST_USE int host_open_module(lua_State *L, const char *name, char found[HOST_PATH_SIZE], int *fd,
                              struct error *err);

#endif
