#include "worker/watch.h"

#include "worker/raise.h"

#include <lauxlib.h>
#include <signal.h>

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

static void at_line(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, NULL, 0, 0);
  watch_note(L);
}

static void asked(int number) {
  (void)number;
  if (!watched.L) return;
  if (watched.is_asked) watch_note(watched.L);
  else lua_sethook(watched.L, at_line, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
  watched.is_asked = 1;
}

/* The first time what was left open can be closed on the way out; told again, pcall() and
 * the like get nowhere. */
static void raise_interrupted(lua_State *L, lua_Debug *ar) {
  (void)ar;
  if (watched.interrupts == 1) lua_sethook(L, NULL, 0, 0);
  (void)luaL_error(L, "interrupted");
}

static void interrupted(int number) {
  (void)number;
  if (!watched.L || !watched.is_entry) return;
  watched.interrupts++;
  lua_sethook(watched.L, raise_interrupted, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
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
