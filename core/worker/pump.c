#include "worker/pump.h"

#include "base/row.h"
#include "worker/host.h"
#include "worker/pump_inside.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- frames -------------------------------------------------------------- */

static void frame_begin(struct pump *p) {
  p->frame.len = 0;
  message_put(&p->frame, &(struct message){.kind = MESSAGE_ROWS});
}

void pump_frame_send(lua_State *L, struct pump *p) {
  uint32_t size = (uint32_t)(p->frame.len - FRAME_HEAD_SIZE);
  if (!size) return;
  memcpy(p->frame.ptr, &size, sizeof size);
  while (p->credits <= 0 && !p->has_result) (void)host_poll(L, true);
  if (!p->has_result) {
    p->credits--;
    host_send_raw(L, buf_slice(&p->frame));
  }
  frame_begin(p);
  while (host_poll(L, false)) continue;
}

void pump_flush(lua_State *L) {
  if (worker_shared(L)->pump) pump_frame_send(L, worker_shared(L)->pump);
}

/* ---- called protected: the stack is as AT_… says ------------------------- */

/* Pulls all rows. */
static int pull_all(lua_State *L) {
  struct pump *p = lua_touserdata(L, AT_PUMP);
  luaL_checkstack(L, 24, NULL);
  while (p->credits == 0 && !p->has_result) (void)host_poll(L, true);
  do pump_told_call(L, p);
  while (!p->has_result && !(p->is_pulled = !pump_row_next(L, p)));
  if (!p->has_result) pump_frame_send(L, p);
  return 0;
}

/* Calls back until the result is there. */
static int wait_for_result(lua_State *L) {
  struct pump *p = lua_touserdata(L, AT_PUMP);
  luaL_checkstack(L, 24, NULL);
  for (;;) {
    pump_told_call(L, p);
    if (p->has_result) return 0;
    (void)host_poll(L, true);
  }
}

/* ---- the whole ----------------------------------------------------------- */

static int pump_gc(lua_State *L) {
  struct pump *p = lua_touserdata(L, 1);
  buf_free(&p->frame);
  buf_free(&p->shown);
  free(p->index_of);
  p->index_of = NULL;
  return 0;
}

static void new_slot(lua_State *L, int pump_at, enum slot slot) {
  lua_newtable(L);
  lua_setiuservalue(L, pump_at, (int)slot);
}

/* Pushes the pump's userdata. */
static struct pump *pump_new(lua_State *L) {
  struct pump *p = lua_newuserdatauv(L, sizeof *p, SLOTS);
  memset(p, 0, sizeof *p);
  p->frame = BUF_WITH_LIMIT(FRAME_FULL + ENCODE_ROW_MAX + 64);
  p->shown = BUF_WITH_LIMIT(ROW_SHOWN_MAX);
  if (luaL_newmetatable(L, "hoko.pump")) {
    lua_pushcfunction(L, pump_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  int at = lua_gettop(L);
  for (enum slot slot = SLOT_KEPT; slot <= SLOTS; slot++) new_slot(L, at, slot);
  if (!buf_room(&p->frame, FRAME_FULL + ENCODE_ROW_MAX)) luaL_error(L, "not enough memory");
  frame_begin(p);
  return p;
}

static bool is_callable(lua_State *L, int index) {
  if (lua_isfunction(L, index)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

static bool has_function(lua_State *L, const char *name) {
  bool is_there = lua_getfield(L, AT_ARGS, name) != LUA_TNIL;
  lua_pop(L, 1);
  return is_there;
}

static bool is_true(lua_State *L, const char *name) {
  lua_getfield(L, AT_ARGS, name);
  bool b = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return b;
}

/* Pushes rows, transform, key, names (AT_ROWS …) and fills P from the arguments. */
static void pump_prepare(lua_State *L, struct pump *p) {
  lua_getfield(L, AT_ARGS, "rows");
  p->pull = source_native(L, AT_ROWS, &p->source);
  p->kind = p->pull ? ROWS_NATIVE : is_callable(L, AT_ROWS) ? ROWS_CALL : ROWS_ARRAY;
  p->has_transform = lua_getfield(L, AT_ARGS, "transform") != LUA_TNIL;
  bool has_key = lua_getfield(L, AT_ARGS, "key") != LUA_TNIL;
  p->key_is_function = lua_isfunction(L, AT_KEY);
  p->key_of_source = has_key && is_true(L, "key_of_source");
  bool is_field = has_key && !p->key_is_function && !p->key_of_source;
  encode_begin(L, &p->encoder, is_field ? lua_tostring(L, AT_KEY) : NULL);
  p->encoder.has_key = has_key;
  lua_getfield(L, AT_ARGS, "row_max");
  p->encoder.row_max = (size_t)lua_tointeger(L, -1);
  lua_pop(L, 1);
  p->has_on_ack = has_function(L, "on_ack");
  p->has_on_reject = has_function(L, "on_reject");
  p->stops_on_error = is_true(L, "stops_on_error");
  p->encoder.refuses_id = is_true(L, "refuses_id");
  p->tells_seen = is_true(L, "tells_seen");
  if (is_true(L, "wants_partners")) {
    p->index_of = calloc(PARTNERS_MAX + 1, sizeof *p->index_of);
    if (!p->index_of) luaL_error(L, "not enough memory");
  }
}

/* Calls F protected with the stack as it is; true: it raised, and the error is on
 * the stack above AT_TOP, in place of one that was there. */
static bool call_protected(lua_State *L, lua_CFunction f) {
  lua_pushcfunction(L, raise_handler);
  lua_pushcfunction(L, f);
  for (int i = AT_PUMP; i <= AT_TOP; i++) lua_pushvalue(L, i);
  int handler = lua_gettop(L) - AT_TOP - 1;
  bool raised = lua_pcall(L, AT_TOP, 0, handler) != LUA_OK;
  lua_remove(L, handler);
  return raised;
}

static void tell_counts(lua_State *L, struct pump *p) {
  pump_push_slot(L, SLOT_FAILURES);
  lua_pushnil(L);
  while (p->failed && lua_next(L, -2)) {
    if (lua_tointeger(L, -1) > 1)
      (void)fprintf(stderr, "hoko: the transform failed for %d rows with: %s\n",
                    (int)lua_tointeger(L, -1), lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  lua_settop(L, AT_TOP);
}

/* Pushes the result, with partners and reasons in it. */
static void push_result(lua_State *L, struct pump *p) {
  pump_push_slot(L, SLOT_RESULT);
  pump_push_slot(L, SLOT_REASONS);
  lua_setfield(L, -2, "rejects");
  if (!p->index_of) return;
  /* The last pull gave nil, unless a stop came before it. */
  lua_Integer n = p->is_pulled ? p->index - 1 : (lua_Integer)lua_rawlen(L, AT_ROWS);
  pump_push_slot(L, SLOT_PARTNERS);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_rawgeti(L, -1, i) == LUA_TNIL) {
      lua_pushboolean(L, false);
      lua_rawseti(L, -3, i);
    }
    lua_pop(L, 1);
  }
  lua_pushinteger(L, n);
  lua_setfield(L, -2, "n");
  lua_setfield(L, -2, "partners");
}

/* Runs the prepared pump; returns whether an error is on the stack above AT_TOP.  Once
 * something has raised the pump is muted, and then nothing here can raise. */
static bool run(lua_State *L, struct pump *p) {
  bool raised = call_protected(L, pull_all);
  p->is_muted = raised;
  if (raised) pump_frame_send(L, p);
  host_send(L, &(struct message){.kind = MESSAGE_END, .number = {p->skipped, raised}});
  if (!raised) raised = p->is_muted = call_protected(L, wait_for_result);
  while (!p->has_result) (void)host_poll(L, true);
  return raised;
}

static void begin(lua_State *L) {
  struct message m = {.kind = MESSAGE_UPSERT};
  lua_getfield(L, AT_ARGS, "options");
  m.text[0].ptr = lua_tolstring(L, -1, &m.text[0].len);
  host_send(L, &m);
  lua_pop(L, 1);
}

int pump_upsert(lua_State *L) {
  struct worker_shared *shared = worker_shared(L);
  if (shared->pump)
    raise_error(L, "hoko.partners.upsert: another upsert is running; a write inside a callback, "
                   "a source or a transform is not possible");
  lua_settop(L, 1);
  struct pump *p = pump_new(L);
  lua_insert(L, AT_PUMP);
  pump_prepare(L, p);
  lua_pushvalue(L, AT_PUMP);
  lua_rawsetp(L, LUA_REGISTRYINDEX, p);
  shared->pump = p;
  shared->source = (struct source_shared){.reject = pump_told_record};
  begin(L);
  bool raised = run(L, p);
  shared->pump = NULL;
  shared->source.reject = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, p);
  if (raised) return lua_error(L);
  tell_counts(L, p);
  push_result(L, p);
  return 1;
}
