/* watch.h - the host's question "where are you?", SIGUSR1, answered into the spot.
 *
 * No hook stands while nobody asks.  The first question sets one, as lua.c does, which
 * answers at the script's next line.  A script that is deep in one C function, or in a
 * coroutine or finalizer, gets there too late; the second question reads the stack where
 * it stands, which is still but for a finalizer's.  The host ends the worker after that.
 *
 * SIGUSR2 has the entry of a session that runs raise "interrupted", likewise by a hook. */
#ifndef HOKO_WORKER_WATCH_H
#define HOKO_WORKER_WATCH_H

#include "bridge/spot.h"

#include <lua.h>
#include <stdbool.h>

/* Once a process; S lives as long as it does. */
void watch_open(struct spot *s);
/* L, a state's main thread, or NULL: nobody is asked. */
void watch_state(lua_State *L);
/* An entry of a session begins, or has ended: from then on it is not interrupted. */
void watch_entry(bool begins);
bool watch_is_interrupted(void);
/* Notes where L is now. */
void watch_note(lua_State *L);

#endif
