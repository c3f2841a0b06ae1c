#include "worker/bind/args.h"

#include "base/nearest.h"
#include "worker/raise.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static size_t count(const char *const *names) {
  size_t len = 0;
  while (names[len]) len++;
  return len;
}

static int find(const char *word, const char *const *names) {
  for (int i = 0; names[i]; i++)
    if (strcmp(word, names[i]) == 0) return i;
  return -1;
}

/* The key is below the value on the stack's top. */
static void check_key(const struct args *a, const char *const *names) {
  lua_State *L = a->L;
  if (lua_type(L, -2) != LUA_TSTRING)
    raise_error(L, "%s: options have names, here is a %s", a->function, luaL_typename(L, -2));
  const char *name = lua_tostring(L, -2);
  if (find(name, names) >= 0) return;
  const char *near = nearest_name(slice_of(name), names, count(names));
  if (near) raise_error(L, "%s: unknown option '%s', did you mean '%s'?", a->function, name, near);
  raise_error(L, "%s: unknown option '%s'", a->function, name);
}

struct args args_open(lua_State *L, const char *function, int index, const char *const *names) {
  struct args a = {L, function, index};
  if (lua_isnoneornil(L, index)) return a;
  if (lua_type(L, index) != LUA_TTABLE)
    raise_error(L, "%s: the options must be a table, not a %s", function, luaL_typename(L, index));
  luaL_checkstack(L, 4, NULL);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) check_key(&a, names);
  return a;
}

int args_push(const struct args *a, const char *name, int type) {
  lua_State *L = a->L;
  if (lua_isnoneornil(L, a->index)) {
    lua_pushnil(L);
    return LUA_TNIL;
  }
  int got = lua_getfield(L, a->index, name);
  if (got != LUA_TNIL && got != type && type != LUA_TNONE)
    raise_error(L, "%s: option '%s' must be a %s, not a %s", a->function, name,
                lua_typename(L, type), lua_typename(L, got));
  return got;
}

bool args_flag(const struct args *a, const char *name, bool otherwise) {
  bool flag = args_push(a, name, LUA_TBOOLEAN) == LUA_TNIL ? otherwise : lua_toboolean(a->L, -1);
  lua_pop(a->L, 1);
  return flag;
}

const char *args_text(const struct args *a, const char *name, const char *otherwise) {
  const char *text = otherwise;
  if (args_push(a, name, LUA_TSTRING) != LUA_TNIL) {
    text = lua_tostring(a->L, -1);
    if (strlen(text) != lua_rawlen(a->L, -1))
      raise_error(a->L, "%s: option '%s' holds a NUL", a->function, name);
  }
  lua_pop(a->L, 1);
  return text;
}

/* "'a', 'b' or 'c'" */
static void list_choices(char *to, size_t size, const char *const *choices) {
  size_t len = 0;
  for (size_t left = count(choices); left && len < size; choices++, left--) {
    const char *behind = left > 2 ? ", " : left == 2 ? " or " : "";
    int more = snprintf(to + len, size - len, "'%s'%s", *choices, behind);
    len += more > 0 ? (size_t)more : 0;
  }
}

int args_choice(const struct args *a, const char *name, const char *const *choices) {
  const char *text = args_text(a, name, NULL);
  if (!text) return -1;
  int choice = find(text, choices);
  if (choice >= 0) return choice;
  char list[200] = "";
  list_choices(list, sizeof list, choices);
  raise_error(a->L, "%s: option '%s' must be %s, not '%s'", a->function, name, list, text);
}

const char *args_name(lua_State *L, const char *function, int index, const char *what) {
  if (lua_type(L, index) != LUA_TSTRING)
    raise_error(L, "%s: the %s must be a string, not %s", function, what,
                lua_isnoneornil(L, index) ? "nil" : lua_typename(L, lua_type(L, index)));
  size_t len;
  const char *text = lua_tolstring(L, index, &len);
  if (len == 0) raise_error(L, "%s: the %s is empty", function, what);
  if (strlen(text) != len) raise_error(L, "%s: the %s holds a NUL", function, what);
  return text;
}
