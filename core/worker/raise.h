/* raise.h - errors of a script: raised at the caller's line, told with the user's
 * frames only.
 *
 * Chunks of ours are named "=[hoko]…", so that a level of the stack is the user's
 * exactly when it is a Lua function of another chunk. */
#ifndef HOKO_WORKER_RAISE_H
#define HOKO_WORKER_RAISE_H

#include "base/error.h"

#include <lua.h>
#include <stdbool.h>

/* Raises FORMAT (as lua_pushfstring) with the place of the innermost line of the
 * user's before it. */
_Noreturn void raise_error(lua_State *L, const char *format, ...);
/* Raises err's message and hint likewise. */
_Noreturn void raise_from(lua_State *L, const struct error *err);
/* The other way: pushes nil, err's message with the hint behind it, and the code's name;
 * returns 3. */
int raise_push_failure(lua_State *L, const struct error *err);
/* The innermost line of the user's on L's stack; allocates nothing. */
bool raise_level(lua_State *L, lua_Debug *ar);
/* Raises the text on the top, which begins with "file:line: " of the user's: that is the
 * error's place, wherever it is raised from. */
int raise_placed(lua_State *L);
/* A Lua function: raises its first argument likewise; for our Lua half. */
int raise_lua(lua_State *L);

/* A message handler for lua_pcall: keeps place and traceback of the error in the
 * state, for trace_of(), and returns the error value as it is. */
int raise_handler(lua_State *L);

/* What was raised before is no error that is raised on. */
void raise_forget(lua_State *L);

struct trace {
  char file[512]; /* "" where no line of the user's was involved */
  int line;
  const char *user, *whole; /* tracebacks; valid until the next error in the state */
};

/* What raise_handler() kept of the last error. */
void raise_trace(lua_State *L, struct trace *t);

/* The error value at INDEX as text: strings and numbers as they are, others by tostring. */
const char *raise_text(lua_State *L, int index, size_t *len);

#endif
