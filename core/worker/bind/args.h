/* args.h - arguments by place and options by name: hoko.csv(path, { delimiter = ";" }).
 *
 * Every function here raises at the line of the user's script, in the words that
 * the user wrote ("hoko.csv: unknown option …"), and owns nothing: call them
 * before anything is taken. */
#ifndef HOKO_WORKER_BIND_ARGS_H
#define HOKO_WORKER_BIND_ARGS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* A table of options: the argument at INDEX of FUNCTION ("hoko.csv"). */
struct args {
  lua_State *L;
  const char *function;
  int index;
};

/* The argument is none, nil, or a table with no key but NAMES (the last is NULL). */
struct args args_open(lua_State *L, const char *function, int index, const char *const *names);

/* Pushes option NAME and returns its type (nil when it is absent); a value that is
 * neither nil nor of TYPE raises.  TYPE LUA_TNONE: any will do. */
int args_push(const struct args *a, const char *name, int type);

/* Like args_push(), but push nothing; what is absent gives OTHERWISE. */
bool args_flag(const struct args *a, const char *name, bool otherwise);
/* Without a NUL; valid as long as the table is on the stack and unchanged. */
const char *args_text(const struct args *a, const char *name, const char *otherwise);
/* The place of the option's text in CHOICES (the last is NULL), -1 when absent. */
int args_choice(const struct args *a, const char *name, const char *const *choices);

/* The argument at INDEX as a text without a NUL that is not empty; WHAT names it. */
const char *args_name(lua_State *L, const char *function, int index, const char *what);

#endif
