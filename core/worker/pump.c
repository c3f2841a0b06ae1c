#include "worker/pump.h"

#include "base/json_text.h"
#include "base/row.h"
#include "worker/bind/json.h"
#include "worker/bind/sources.h"
#include "worker/host.h"
#include "worker/raise.h"
#include "worker/row/encode.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

enum { FRAME_FULL = 256 << 10, REASONS_MAX = 100, PARTNERS_MAX = 10000 };

/* hoko.sync stops as systemic when the first 20 rows all fail, or more than a
 * fifth of at least 100 do (contract 4.3). */
enum { SYSTEMIC_FIRST = 20, SYSTEMIC_LEAST = 100, SYSTEMIC_SHARE = 5 };

enum rows_kind { ROWS_ARRAY, ROWS_NATIVE, ROWS_CALL };

/* What hangs on the pump's userdata, as user values. */
enum slot { SLOT_ARGS = 1, SLOT_KEPT, SLOT_EVENTS, SLOT_PARTNERS, SLOT_REASONS, SLOT_NAMES, SLOT_RESULT, SLOT_FAILURES, SLOTS = SLOT_FAILURES };

struct pump {
  enum rows_kind kind;
  source_pull pull;
  void *source;
  struct encoder encoder;
  struct buf frame;
  int64_t credits;
  int64_t ordinal;      /* of the next row sent */
  lua_Integer index;    /* of the last row pulled */
  int64_t skipped, failed, transformed;
  uint32_t *index_of;   /* by ordinal, where partners are wanted */
  lua_Integer events_len, events_done;
  lua_Integer reasons_len;
  bool has_result, is_muted; /* muted: a callback raised, none is called any more */
  bool has_transform, key_is_function, key_of_source, has_on_ack, has_on_reject, stops_on_error;
};

/* Absolute places on the stack of pump_pull(). */
enum { AT_PUMP = 1, AT_ARGS, AT_ROWS, AT_TRANSFORM, AT_KEY, AT_NAMES, AT_TOP = AT_NAMES };

static void push_slot(lua_State *L, enum slot slot) { lua_getiuservalue(L, AT_PUMP, (int)slot); }

static bool is_callable(lua_State *L, int index) {
  if (lua_isfunction(L, index)) return true;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
  lua_pop(L, 1);
  return true;
}

/* ---- told by the host ---------------------------------------------------- */

/* Runs wherever the worker waits, so it only notes; the pump's userdata is found
 * in the registry under its own address. */
static void push_pump_slot(lua_State *L, struct pump *p, enum slot slot) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, p);
  lua_getiuservalue(L, -1, (int)slot);
  lua_remove(L, -2);
}

static void push_text(lua_State *L, struct slice s) { lua_pushlstring(L, s.ptr ? s.ptr : "", s.len); }

static void set_text(lua_State *L, const char *name, struct slice s) {
  if (!s.len) return;
  push_text(L, s);
  lua_setfield(L, -2, name);
}

static void push_reason(lua_State *L, const struct message *m) {
  lua_createtable(L, 0, 4);
  set_text(L, "code", m->text[0]);
  set_text(L, "message", m->text[1]);
  set_text(L, "field", m->text[2]);
  if (m->number[1]) {
    lua_pushinteger(L, m->number[1]);
    lua_setfield(L, -2, "status");
  }
}

/* Takes the reason at the top. */
static void keep_reason(lua_State *L, struct pump *p) {
  if (p->reasons_len < REASONS_MAX) {
    push_pump_slot(L, p, SLOT_REASONS);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, ++p->reasons_len);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Appends {row, what, is_ack} to the events; the row is at the top, WHAT below it; takes both. */
static void add_event(lua_State *L, struct pump *p, bool is_ack) {
  push_pump_slot(L, p, SLOT_EVENTS);
  lua_createtable(L, 3, 0);
  lua_rotate(L, -4, 2); /* events, event, what, row */
  lua_rawseti(L, -3, 1);
  lua_rawseti(L, -2, 2);
  lua_pushboolean(L, is_ack);
  lua_rawseti(L, -2, 3);
  lua_rawseti(L, -2, ++p->events_len);
  lua_pop(L, 1);
}

/* Pushes the kept row of ORDINAL and forgets it. */
static void take_kept(lua_State *L, struct pump *p, int64_t ordinal) {
  push_pump_slot(L, p, SLOT_KEPT);
  lua_rawgeti(L, -1, ordinal);
  lua_pushnil(L);
  lua_rawseti(L, -3, ordinal);
  lua_remove(L, -2);
}

static void told_acked(lua_State *L, struct pump *p, const struct message *m) {
  int64_t ordinal = m->number[0];
  bool has_object = m->number[1] == ACKED_WITH_OBJECT;
  if (has_object && p->index_of) {
    push_pump_slot(L, p, SLOT_PARTNERS);
    json_push(L, m->text[0]);
    lua_rawseti(L, -2, p->index_of[ordinal]);
    lua_pop(L, 1);
  }
  if (!p->has_on_ack && !p->has_on_reject) return;
  if (has_object && p->has_on_ack) {
    json_push(L, m->text[0]);
    take_kept(L, p, ordinal);
    add_event(L, p, true);
  } else {
    take_kept(L, p, ordinal);
    lua_pop(L, 1);
  }
}

static void told_refused(lua_State *L, struct pump *p, const struct message *m) {
  push_reason(L, m);
  lua_pushvalue(L, -1);
  keep_reason(L, p);
  if (p->has_on_ack || p->has_on_reject) take_kept(L, p, m->number[0]);
  else lua_pushnil(L);
  if (p->has_on_reject) add_event(L, p, false);
  else lua_pop(L, 2);
}

static void told_result(lua_State *L, struct pump *p, const struct message *m) {
  p->has_result = true;
  lua_rawgetp(L, LUA_REGISTRYINDEX, p);
  json_push(L, m->text[0]);
  lua_setiuservalue(L, -2, SLOT_RESULT);
  lua_pop(L, 1);
}

void pump_told(lua_State *L, const struct message *m) {
  struct pump *p = worker_shared(L)->pump;
  if (!p) return;
  luaL_checkstack(L, 12, NULL);
  if (m->kind == MESSAGE_CREDIT) p->credits += m->number[0];
  else if (m->kind == MESSAGE_ACKED) told_acked(L, p, m);
  else if (m->kind == MESSAGE_REFUSED) told_refused(L, p, m);
  else if (m->kind == MESSAGE_RESULT) told_result(L, p, m);
}

/* ---- frames -------------------------------------------------------------- */

static void frame_begin(struct pump *p) {
  p->frame.len = 0;
  message_put(&p->frame, &(struct message){.kind = MESSAGE_ROWS});
}

static void frame_send(lua_State *L, struct pump *p) {
  uint32_t size = (uint32_t)(p->frame.len - FRAME_HEAD_SIZE);
  if (!size) return;
  memcpy(p->frame.ptr, &size, sizeof size);
  while (p->credits <= 0 && !p->has_result) (void)host_poll(L, true);
  if (!p->has_result) {
    p->credits--;
    if (channel_send_raw(worker_shared(L)->channel, buf_slice(&p->frame))) exit(0); /* the host is gone */
  }
  frame_begin(p);
  while (host_poll(L, false)) continue;
}

void pump_flush(lua_State *L) {
  if (worker_shared(L)->pump) frame_send(L, worker_shared(L)->pump);
}

/* ---- rows ---------------------------------------------------------------- */

static void call_events(lua_State *L, struct pump *p) {
  while (p->events_done < p->events_len) {
    push_slot(L, SLOT_EVENTS);
    lua_rawgeti(L, -1, ++p->events_done);
    lua_pushnil(L);
    lua_rawseti(L, -3, p->events_done);
    lua_rawgeti(L, -1, 3);
    bool is_ack = lua_toboolean(L, -1);
    lua_getfield(L, AT_ARGS, is_ack ? "on_ack" : "on_reject");
    lua_rawgeti(L, -3, 1);
    lua_rawgeti(L, -4, 2);
    lua_call(L, 2, 0);
    lua_settop(L, AT_TOP);
  }
}

/* Pushes the next row as the source gives it, or nil. */
static void pull_row(lua_State *L, struct pump *p) {
  switch (p->kind) {
  case ROWS_ARRAY: lua_rawgeti(L, AT_ROWS, p->index + 1); break;
  case ROWS_NATIVE: (void)p->pull(L, p->source); break;
  case ROWS_CALL:
    lua_pushvalue(L, AT_ROWS);
    lua_call(L, 0, 1);
    break;
  }
  p->index++;
}

/* REASON is at the top and taken; the row is at ROW_AT. */
static void reject(lua_State *L, struct pump *p, int row_at, struct place place, const struct message *m) {
  struct buf row = BUF_WITH_LIMIT(1 << 20);
  struct message told = *m;
  encode_show(L, row_at, &row);
  told.kind = MESSAGE_REJECT;
  told.number[0] = place.line;
  told.text[4] = slice_of(place.file);
  told.text[5] = row.is_failed ? SLICE("null") : buf_slice(&row);
  host_send(L, &told);
  buf_free(&row);
  told.number[1] = 0;
  push_reason(L, &told);
  lua_pushvalue(L, -1);
  keep_reason(L, p);
  if (!p->has_on_reject || p->is_muted) {
    lua_pop(L, 1);
    return;
  }
  lua_getfield(L, AT_ARGS, "on_reject");
  lua_pushvalue(L, row_at);
  lua_pushvalue(L, -3);
  lua_call(L, 2, 0);
  lua_pop(L, 1);
}

static void reject_rule(lua_State *L, struct pump *p, int row_at, const struct refusal_of_row *why) {
  char message[512];
  (void)snprintf(message, sizeof message, why->got[0] ? "%s, got %s" : "%s", rule_message(why->rule), why->got);
  struct message m = {.text = {slice_of(rule_code(why->rule)), slice_of(message), slice_of(why->field)}};
  reject(L, p, row_at, worker_shared(L)->source.place, &m);
}

/* A source's record that no row could be made of.  The source may be pulled by a
 * function of the script, so the stack is not the pump's: on_reject follows as an
 * event, with the record's text as the row. */
static void reject_record(lua_State *L, struct place place, const char *code, struct slice message, struct slice row) {
  struct pump *p = worker_shared(L)->pump;
  struct message told = {.kind = MESSAGE_REJECT, .number = {place.line}};
  told.text[0] = slice_of(code);
  told.text[1] = message;
  told.text[4] = slice_of(place.file);
  told.text[5] = row;
  luaL_checkstack(L, 12, NULL);
  host_send(L, &told);
  told.number[0] = 0;
  push_reason(L, &told);
  lua_pushvalue(L, -1);
  keep_reason(L, p);
  json_push(L, row);
  if (p->has_on_reject && !p->is_muted) add_event(L, p, false);
  else lua_pop(L, 2);
}

/* Counts the failure whose text is at the top; each distinct one is printed once,
 * with its traceback, and its count follows at the end. */
static void note_failure(lua_State *L, struct pump *p, struct slice text) {
  struct trace trace;
  push_slot(L, SLOT_FAILURES);
  push_text(L, text);
  lua_rawget(L, -2);
  lua_Integer seen = lua_tointeger(L, -1);
  lua_pop(L, 1);
  push_text(L, text);
  lua_pushinteger(L, seen + 1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  p->failed++;
  if (seen) return;
  raise_trace(L, &trace);
  (void)fprintf(stderr, "hoko: the transform failed: %.*s%s\n", SLICE_ARG(text), trace.user);
}

static bool is_systemic(const struct pump *p) {
  if (p->transformed == SYSTEMIC_FIRST && p->failed == SYSTEMIC_FIRST) return true;
  return p->transformed >= SYSTEMIC_LEAST && p->failed * SYSTEMIC_SHARE > p->transformed;
}

/* The transform raised; the error is at the top, the source's row at ROW_AT. */
static void transform_failed(lua_State *L, struct pump *p, int row_at) {
  size_t len;
  if (p->stops_on_error) (void)lua_error(L);
  const char *text = raise_text(L, -1, &len);
  note_failure(L, p, (struct slice){text, len});
  struct message m = {.text = {slice_of(rule_code(RULE_TRANSFORM)), {text, len}}};
  reject(L, p, row_at, worker_shared(L)->source.place, &m);
  if (is_systemic(p))
    raise_error(L, "hoko.sync: the transform failed for %d of %d rows, so the run stops; the last error: %s",
                (int)p->failed, (int)p->transformed, text);
}

/* The source's row is at ROW_AT; pushes the partner and returns true, or false: there is none. */
static bool transform_row(lua_State *L, struct pump *p, int row_at) {
  lua_pushcfunction(L, raise_handler);
  lua_pushvalue(L, AT_TRANSFORM);
  lua_pushvalue(L, row_at);
  p->transformed++;
  if (lua_pcall(L, 1, 1, -3)) {
    transform_failed(L, p, row_at);
    return false;
  }
  if (!lua_isnil(L, -1)) return true;
  p->skipped++;
  return false;
}

static void push_key(lua_State *L, struct pump *p, int row_at) {
  lua_pushvalue(L, AT_KEY);
  if (p->key_is_function) {
    lua_pushvalue(L, row_at);
    lua_call(L, 1, 1);
  } else {
    lua_gettable(L, row_at);
  }
}

static void keep_row(lua_State *L, struct pump *p, int partner_at) {
  if (p->has_on_ack || p->has_on_reject) {
    push_slot(L, SLOT_KEPT);
    lua_pushvalue(L, partner_at);
    lua_rawseti(L, -2, p->ordinal);
    lua_pop(L, 1);
  }
  if (p->index_of) p->index_of[p->ordinal] = (uint32_t)p->index;
  p->ordinal++;
}

/* Rows that are no table: a script's mistake, not a matter of data. */
static void demand_table(lua_State *L, int at) {
  if (lua_istable(L, at)) return;
  raise_error(L, "hoko.partners.upsert: a row must be a table, got %s (row %d)", luaL_typename(L, at),
              (int)worker_shared(L)->pump->index);
}

/* The partner is at PARTNER_AT, the source's row at ROW_AT. */
static void send_row(lua_State *L, struct pump *p, int row_at, int partner_at) {
  struct refusal_of_row why;
  bool has_value = p->key_is_function || p->key_of_source;
  demand_table(L, partner_at);
  if (has_value) push_key(L, p, p->key_of_source ? row_at : partner_at);
  struct place place = worker_shared(L)->source.place;
  if (encode_row(L, partner_at, &p->encoder, has_value, place.line, &p->frame, &why) != RULE_OK) {
    reject_rule(L, p, partner_at, &why);
    return;
  }
  keep_row(L, p, partner_at);
  if (p->frame.len >= FRAME_FULL) frame_send(L, p);
}

/* Protected: pulls all rows.  Stack as AT_… says. */
static int pump_pull(lua_State *L) {
  struct pump *p = lua_touserdata(L, AT_PUMP);
  luaL_checkstack(L, 24, NULL);
  for (;;) {
    call_events(L, p);
    if (p->has_result) return 0;
    pull_row(L, p);
    if (lua_isnil(L, -1)) return 0;
    int row_at = AT_TOP + 1;
    if (!p->has_transform) send_row(L, p, row_at, row_at);
    else if (transform_row(L, p, row_at)) send_row(L, p, row_at, lua_gettop(L));
    lua_settop(L, AT_TOP);
  }
}

/* Protected: calls back until the result is there. */
static int pump_wait(lua_State *L) {
  struct pump *p = lua_touserdata(L, AT_PUMP);
  for (;;) {
    call_events(L, p);
    if (p->has_result) return 0;
    (void)host_poll(L, true);
  }
}

/* ---- the whole ----------------------------------------------------------- */

static int pump_gc(lua_State *L) {
  struct pump *p = lua_touserdata(L, 1);
  buf_free(&p->frame);
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
  if (is_true(L, "wants_partners")) {
    p->index_of = calloc(PARTNERS_MAX + 1, sizeof *p->index_of);
    if (!p->index_of) luaL_error(L, "not enough memory");
  }
}

static int pump_begin(lua_State *L, struct pump *p) {
  lua_getfield(L, AT_ARGS, "options");
  struct message m = {.kind = MESSAGE_UPSERT};
  m.text[0].ptr = lua_tolstring(L, -1, &m.text[0].len);
  host_send(L, &m);
  lua_pop(L, 1);
  while (p->credits == 0 && !p->has_result) (void)host_poll(L, true);
  return 0;
}

/* Calls F protected with the stack as it is; true: it raised, and the error is on
 * the stack above AT_TOP, in place of one that was there. */
static bool protected(lua_State *L, lua_CFunction f) {
  lua_pushcfunction(L, raise_handler);
  lua_pushcfunction(L, f);
  for (int i = AT_PUMP; i <= AT_TOP; i++) lua_pushvalue(L, i);
  int handler = lua_gettop(L) - AT_TOP - 1;
  bool raised = lua_pcall(L, AT_TOP, 0, handler) != LUA_OK;
  lua_remove(L, handler);
  return raised;
}

static void pump_end(lua_State *L, struct pump *p, struct slice error) {
  if (!p->has_result) frame_send(L, p);
  struct message m = {.kind = MESSAGE_END, .number = {p->skipped}, .text = {error}};
  host_send(L, &m);
}

static void tell_counts(lua_State *L, struct pump *p) {
  push_slot(L, SLOT_FAILURES);
  lua_pushnil(L);
  while (p->failed && lua_next(L, -2)) {
    if (lua_tointeger(L, -1) > 1)
      (void)fprintf(stderr, "hoko: the transform failed for %d rows with: %s\n", (int)lua_tointeger(L, -1),
                    lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  lua_settop(L, AT_TOP);
}

/* Pushes the result, with partners and reasons in it. */
static void push_result(lua_State *L, struct pump *p) {
  push_slot(L, SLOT_RESULT);
  push_slot(L, SLOT_REASONS);
  lua_setfield(L, -2, "rejects");
  if (!p->index_of) return;
  push_slot(L, SLOT_PARTNERS);
  for (lua_Integer i = 1; i < p->index; i++) {
    if (lua_rawgeti(L, -1, i) == LUA_TNIL) {
      lua_pushboolean(L, false);
      lua_rawseti(L, -3, i);
    }
    lua_pop(L, 1);
  }
  lua_pushinteger(L, p->index - 1); /* the last pull gave nil */
  lua_setfield(L, -2, "n");
  lua_setfield(L, -2, "partners");
}

/* Runs the prepared pump; returns whether an error is on the stack above AT_TOP. */
static bool pump_run(lua_State *L, struct pump *p) {
  bool raised = protected(L, pump_pull);
  size_t len = 0;
  const char *text = raised ? raise_text(L, -1, &len) : "";
  lua_settop(L, raised ? AT_TOP + 1 : AT_TOP);
  pump_end(L, p, (struct slice){text, len});
  p->is_muted = raised;
  if (raised) p->events_done = p->events_len;
  while (!p->has_result)
    if (p->is_muted) {
      (void)host_poll(L, true);
    } else if (protected(L, pump_wait)) {
      raised = p->is_muted = true;
    }
  return raised;
}

int pump_upsert(lua_State *L) {
  struct worker_shared *shared = worker_shared(L);
  if (shared->pump) raise_error(L, "hoko.partners.upsert: another upsert is running; a write inside a callback, "
                                   "a source or a transform is not possible");
  lua_settop(L, 1);
  struct pump *p = pump_new(L);
  lua_insert(L, AT_PUMP);
  pump_prepare(L, p);
  lua_pushvalue(L, AT_PUMP);
  lua_rawsetp(L, LUA_REGISTRYINDEX, p);
  shared->pump = p;
  shared->source.reject = reject_record;
  shared->source.place = (struct place){NULL, 0};
  (void)pump_begin(L, p);
  bool raised = pump_run(L, p);
  shared->pump = NULL;
  shared->source.reject = NULL;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, p);
  if (raised) return lua_error(L);
  tell_counts(L, p);
  push_result(L, p);
  return 1;
}
