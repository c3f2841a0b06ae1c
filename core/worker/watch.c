#include "worker/watch.h"

#include "worker/raise.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>

/* A signal handler has no argument of ours. */
static struct {
  struct spot *spot;
  lua_State *volatile L;
  volatile sig_atomic_t is_asked, is_entry, interrupts;
} watched;

void watch_note(lua_State *L) {
  lua_Debug ar;
  if (watched.spot && raise_level(L, &ar)) spot_set(watched.spot, ar.short_src, ar.currentline);
}

/* What was printed goes out first: who tells where it is may be ended at once. */
static void at_line(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  (void)fflush(stdout);
  (void)fflush(stderr);
  watch_note(L);
}

static void asked(int number) {
  (void)number;
  if (!watched.L) return;
  if (watched.is_asked)
    watch_note(watched.L);
  else
    lua_sethook(watched.L, at_line, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
  watched.is_asked = 1;
}

/* The first time what was left open can be closed on the way out; told again, pcall() and
 * the like get nowhere.  A coroutine may be left with the hook for a later entry. */
static void raise_interrupted(lua_State *L, lua_Debug *ar) {
  (void)ar;
  if (watched.interrupts < 2) lua_sethook(L, NULL, 0, 0);
  if (watched.interrupts) (void)luaL_error(L, "interrupted");
}

/* The coroutine that L is in the middle of resuming, or NULL: L's stack stands still at
 * coroutine.resume(co) or at the function of coroutine.wrap(), whose upvalue it is. */
static lua_State *resumed_by(lua_State *L) {
  lua_Debug ar;
  if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "S", &ar) || ar.what[0] != 'C') return NULL;
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  if (!co) co = lua_tothread(L, 1);
  return co && co != L && lua_status(co) == LUA_OK ? co : NULL;
}

static void interrupted(int number) {
  enum { DEPTH_MAX = 200 }; /* LUAI_MAXCCALLS allows no more coroutines within each other */
  const int at_once = LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT;
  (void)number;
  if (!watched.L || !watched.is_entry) return;
  watched.interrupts++;
  lua_State *L = watched.L;
  for (int depth = 0; L && depth < DEPTH_MAX; depth++) {
    lua_sethook(L, raise_interrupted, at_once, 1);
    L = watched.interrupts > 1 ? resumed_by(L) : NULL;
  }
}

bool watch_is_interrupted(void) { return watched.interrupts > 0; }

void watch_entry(bool begins) {
  watched.is_entry = begins;
  watched.interrupts = 0;
  if (!begins && watched.L) lua_sethook(watched.L, NULL, 0, 0);
}

void watch_open(struct spot *s) {
  const struct sigaction action = {.sa_handler = asked, .sa_flags = SA_RESTART};
  const struct sigaction interrupt = {.sa_handler = interrupted}; /* a read that waits ends, too */
  watched.spot = s;
  (void)sigaction(SIGUSR1, &action, NULL); /* fails only for a signal that is none */
  (void)sigaction(SIGUSR2, &interrupt, NULL);
}

void watch_state(lua_State *L) { watched.L = L; }
