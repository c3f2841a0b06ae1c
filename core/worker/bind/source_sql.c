/* source_sql.c - hoko.sql: rows of a query that the host makes and streams.
 *
 * The host sends frames of cells (base/cell.h); a frame's memory is taken over from the
 * bridge, so a cell is copied once, into its Lua value. */
#include "base/cell.h"
#include "base/utf8.h"
#include "worker/bind/args.h"
#include "worker/bind/columns.h"
#include "worker/bind/json.h"
#include "worker/bind/source.h"
#include "worker/host.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char function[] = "hoko.sql";

struct source_sql {
  struct source source;
  /* Of the registry: the call as JSON; once it is open, {name…, the rows' metatable}. */
  int kept_ref;
  int columns_len;
  int64_t number; /* the host's; 0: not open, or no frame comes behind REST */
  uint64_t row;
  char *frame;
  struct slice rest; /* of FRAME */
};

/* ---- the query, as the host has it --------------------------------------- */

/* The array of names is on the top: rows get their metatable. */
static int use_names(lua_State *L, struct source_sql *t, struct error *err) {
  int names = lua_gettop(L);
  t->columns_len = (int)lua_rawlen(L, names);
  if (columns_push_set(L, names, (size_t)t->columns_len, err)) return -1;
  columns_push_metatable(L, names, names + 1, t->source.name);
  lua_rawseti(L, names, t->columns_len + 1);
  lua_pushvalue(L, names);
  lua_rawseti(L, LUA_REGISTRYINDEX, t->kept_ref);
  return 0;
}

static int open_sql(lua_State *L, struct source *s, struct error *err) {
  struct source_sql *t = (struct source_sql *)s;
  struct slice json, reply;
  int top = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->kept_ref);
  json.ptr = lua_tolstring(L, -1, &json.len);
  if (host_call(L, "sql", json, &reply, err)) return -1;
  json_push(L, reply);
  lua_getfield(L, -1, "number");
  t->number = lua_tointeger(L, -1);
  lua_getfield(L, -2, "columns");
  if (use_names(L, t, err)) return -1;
  lua_settop(L, top);
  return 0;
}

/* Behind the rows of a frame stands a byte: whether they are the last. */
static int next_frame(lua_State *L, struct source_sql *t, struct error *err) {
  char json[48];
  int len = snprintf(json, sizeof json, "{\"number\":\"%" PRId64 "\"}", t->number);
  free(t->frame);
  t->frame = NULL;
  if (host_call(L, "sql_rows", (struct slice){json, (size_t)len}, &t->rest, err)) {
    t->number = 0;
    return -1;
  }
  t->frame = channel_keep(worker_shared(L)->channel);
  if (!t->rest.len) return error_set(err, ERROR_INTERNAL, "the host sent a damaged frame of rows");
  if (t->rest.ptr[--t->rest.len]) t->number = 0;
  return 0;
}

/* Pushes the value; false: it is nil, and nothing is pushed. */
static inline bool push_cell(lua_State *L, const struct cell *c) {
  switch (c->kind) {
  case CELL_NULL: return false;
  case CELL_FALSE:
  case CELL_TRUE: lua_pushboolean(L, c->kind == CELL_TRUE); return true;
  case CELL_INTEGER: lua_pushinteger(L, c->integer); return true;
  case CELL_FLOAT: lua_pushnumber(L, c->real); return true;
  case CELL_TEXT: lua_pushlstring(L, c->text.ptr, c->text.len); return true;
  }
  return false;
}

static int push_row(lua_State *L, struct source_sql *t, struct error *err) {
  struct cell cell;
  lua_rawgeti(L, LUA_REGISTRYINDEX, t->kept_ref);
  lua_createtable(L, 0, t->columns_len);
  for (int i = 1; i <= t->columns_len; i++) {
    if (!cell_take(&t->rest, &cell))
      return error_set(err, ERROR_INTERNAL, "the host sent a damaged row");
    lua_rawgeti(L, -2, i);
    if (push_cell(L, &cell))
      lua_rawset(L, -3);
    else
      lua_pop(L, 1);
  }
  lua_rawgeti(L, -2, t->columns_len + 1);
  lua_setmetatable(L, -2);
  lua_replace(L, -2);
  return 1;
}

static int pull_sql(lua_State *L, struct source *s, struct error *err) {
  struct source_sql *t = (struct source_sql *)s;
  while (__builtin_expect(!t->rest.len, 0)) {
    if (!t->number) return 0;
    if (next_frame(L, t, err)) return -1;
  }
  source_place(L, s, ++t->row);
  return push_row(L, t, err);
}

static void close_sql(lua_State *L, struct source *s) {
  struct source_sql *t = (struct source_sql *)s;
  if (t->number) host_send(L, &(struct message){.kind = MESSAGE_DROP, .number = {t->number}});
  t->number = 0;
  free(t->frame);
  t->frame = NULL;
  luaL_unref(L, LUA_REGISTRYINDEX, t->kept_ref);
  t->kept_ref = LUA_NOREF;
}

/* ---- hoko.sql ------------------------------------------------------------ */

/* Pushes what messages call DSN: without user, password and parameters. */
static void push_name(lua_State *L, const char *dsn) {
  const char *host = strstr(dsn, "://"), *end = dsn + strcspn(dsn, "?#");
  if (strncmp(dsn, "sqlite:", 7) == 0)
    lua_pushstring(L, dsn);
  else if (!host || host > end)
    lua_pushliteral(L, "the database");
  else {
    const char *from = host + 3;
    for (const char *p = from; p < end; p++)
      if (*p == '@') from = p + 1;
    lua_pushlstring(L, dsn, (size_t)(host + 3 - dsn));
    lua_pushlstring(L, from, (size_t)(end - from));
    lua_concat(L, 2);
  }
}

static void check_utf8(lua_State *L, int index, const char *what) {
  struct slice text;
  text.ptr = lua_tolstring(L, index, &text.len);
  if (utf8_check(text) < text.len) raise_error(L, "%s: %s is not valid UTF-8", function, what);
}

/* The value on the top becomes element N of the array below it. */
static void add_param(lua_State *L, int n) {
  char what[32];
  (void)snprintf(what, sizeof what, "parameter %d", n);
  switch (lua_type(L, -1)) {
  case LUA_TSTRING: check_utf8(L, -1, what); break;
  case LUA_TNUMBER:
    if (!isfinite(lua_tonumber(L, -1))) raise_error(L, "%s: %s is not finite", function, what);
    break;
  case LUA_TBOOLEAN: break;
  case LUA_TNIL:
    lua_pop(L, 1);
    lua_pushlightuserdata(L, NULL); /* null in JSON */
    break;
  default:
    if (lua_touserdata(L, -1) || !lua_islightuserdata(L, -1))
      raise_error(L, "%s: %s must be a string, a number, a boolean or nil, not a %s", function,
                  what, luaL_typename(L, -1));
  }
  lua_rawseti(L, -2, n);
}

static void set_copy(lua_State *L, int call, const char *name, int value_at) {
  lua_pushvalue(L, value_at);
  lua_setfield(L, call, name);
}

/* hoko.sql(dsn, query, …): pushes the call's table, and DSN. */
static void take_places(lua_State *L) {
  int given = lua_gettop(L), call = given + 1;
  (void)args_name(L, function, 1, "name of the database");
  (void)args_name(L, function, 2, "query");
  check_utf8(L, 1, "the name of the database");
  check_utf8(L, 2, "the query");
  lua_createtable(L, 0, 3);
  set_copy(L, call, "dsn", 1);
  set_copy(L, call, "query", 2);
  lua_createtable(L, given - 2, 0);
  for (int i = 3; i <= given; i++) {
    lua_pushvalue(L, i);
    add_param(L, i - 2);
  }
  if (given > 2)
    lua_setfield(L, call, "params");
  else
    lua_pop(L, 1);
  lua_pushvalue(L, 1);
}

/* Sets the option in the table at 2, if it is given. */
static void take_text(const struct args *a, const char *name) {
  char what[32];
  if (!args_text(a, name, NULL)) return;
  (void)snprintf(what, sizeof what, "option '%s'", name);
  lua_getfield(a->L, 1, name);
  check_utf8(a->L, -1, what);
  lua_setfield(a->L, 2, name);
}

static void take_params(const struct args *a) {
  lua_State *L = a->L;
  int n = args_push(a, "params", LUA_TTABLE) == LUA_TNIL ? 0 : (int)lua_rawlen(L, -1);
  if (n == 0) return;
  lua_createtable(L, n, 0);
  for (int i = 1; i <= n; i++) {
    lua_rawgeti(L, -2, i);
    add_param(L, i);
  }
  lua_setfield(L, 2, "params");
}

/* hoko.sql{dsn=, query=, params=, auth=, write=}: the same. */
static void take_names(lua_State *L) {
  static const char *const names[] = {"dsn", "query", "params", "auth", "write", NULL};
  struct args a = args_open(L, function, 1, names);
  if (lua_gettop(L) > 1) raise_error(L, "%s: after a table of options comes no argument", function);
  lua_createtable(L, 0, 4);
  take_text(&a, "dsn");
  take_text(&a, "query");
  take_text(&a, "auth");
  take_params(&a);
  if (args_flag(&a, "write", false)) {
    lua_pushboolean(L, true);
    lua_setfield(L, 2, "write");
  }
  lua_settop(L, 2);
  if (lua_getfield(L, 2, "query") == LUA_TNIL)
    raise_error(L, "%s: option 'query' is missing", function);
  lua_pop(L, 1);
  if (lua_getfield(L, 2, "dsn") == LUA_TNIL)
    raise_error(L, "%s: option 'dsn' is missing", function);
}

int source_sql(lua_State *L) {
  static const struct source_kind kind = {.size_bytes = sizeof(struct source_sql),
                                          .open = open_sql,
                                          .pull = pull_sql,
                                          .close = close_sql};
  luaL_checkstack(L, 8, NULL);
  if (lua_istable(L, 1))
    take_names(L);
  else
    take_places(L);
  int call = lua_gettop(L) - 1;
  push_name(L, lua_tostring(L, -1));
  struct source_sql *t = (struct source_sql *)source_new(L, &kind, lua_gettop(L), NULL);
  t->kept_ref = LUA_NOREF;
  json_encode(L, call);
  t->kept_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return source_return(L);
}
