/* pump.h - one upsert as the worker sees it: pulls rows, encodes them into frames,
 * waits for the network by credits, and calls the script back between two pulls.
 *
 * One upsert runs at a time; a nested one raises.  The host knows rows by their
 * ordinal among the rows sent; rows refused here never get one. */
#ifndef HOKO_WORKER_PUMP_H
#define HOKO_WORKER_PUMP_H

#include "bridge/bridge.h"

#include <lua.h>

/* Runs an upsert.  On the stack at 1: a table
 *   rows       an array, a native source, or a function or callable
 *   transform  nil, or a function(row) that gives a partner, or nil and a reason
 *   key        nil, a field's name, or a function(row)
 *   key_of_source  true: the key is taken of the source's row, not the partner
 *   on_ack, on_reject, on_error  callbacks, and "stop" or nil
 *   options    JSON text for the host
 * All are checked by the Lua half.  Pushes the result table. */
int pump_upsert(lua_State *L);

/* A CREDIT, ACKED or REFUSED of the host, for the upsert that runs. */
void pump_told(lua_State *L, const struct message *m);

/* Sends the rows encoded so far: the process is about to end. */
void pump_flush(lua_State *L);

#endif
