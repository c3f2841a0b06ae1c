/* watch.h - the host's question "where are you?", SIGUSR1, answered into the spot.
 *
 * No hook stands while nobody asks.  The first question sets one, as lua.c does, which
 * answers at the script's next line.  A script that is deep in one C function, or in a
 * coroutine or finalizer, gets there too late; the second question reads the stack where
 * it stands, which is still but for a finalizer's.  The host ends the worker after that. */
#ifndef HOKO_WORKER_WATCH_H
#define HOKO_WORKER_WATCH_H

#include "bridge/spot.h"

#include <lua.h>

/* Once a process; S lives as long as it does. */
void watch_open(struct spot *s);
/* L, a state's main thread, or NULL: nobody is asked. */
void watch_state(lua_State *L);
/* Notes where L is now. */
void watch_note(lua_State *L);

#endif
