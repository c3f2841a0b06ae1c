/* What the host tells of rows, and the script is told of it.
 *
 * The host's messages come wherever the worker waits, so pump_told() only notes;
 * the pump's userdata is found in the registry under its own address. */
#include "worker/pump.h"

#include "worker/bind/json.h"
#include "worker/host.h"
#include "worker/pump_inside.h"
#include "worker/shared.h"

#include <lauxlib.h>

static void push_slot_of(lua_State *L, const struct pump *p, enum slot slot) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, p);
  lua_getiuservalue(L, -1, (int)slot);
  lua_remove(L, -2);
}

/* ---- reasons ------------------------------------------------------------- */

static void set_text(lua_State *L, const char *name, struct slice s) {
  if (!s.len) return;
  pump_push_text(L, s);
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

/* Keeps the reason at the top, which stays, in the order of the rows. */
static void keep_reason(lua_State *L, struct pump *p, lua_Integer index) {
  if (p->reasons_len == REASONS_MAX) return;
  lua_Integer at = p->reasons_len++;
  push_slot_of(L, p, SLOT_REASONS);
  for (; at > 0 && p->reason_at[at - 1] > index; at--) {
    p->reason_at[at] = p->reason_at[at - 1];
    lua_rawgeti(L, -1, at);
    lua_rawseti(L, -2, at + 1);
  }
  p->reason_at[at] = index;
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, at + 1);
  lua_pop(L, 1);
}

/* ---- events -------------------------------------------------------------- */

/* Appends {row, what, is_ack}; the row is at the top, WHAT below it; takes both. */
static void add_event(lua_State *L, struct pump *p, bool is_ack) {
  push_slot_of(L, p, SLOT_EVENTS);
  lua_createtable(L, 3, 0);
  lua_rotate(L, -4, 2); /* events, event, what, row */
  lua_rawseti(L, -3, 1);
  lua_rawseti(L, -2, 2);
  lua_pushboolean(L, is_ack);
  lua_rawseti(L, -2, 3);
  lua_rawseti(L, -2, ++p->events_len);
  lua_pop(L, 1);
}

void pump_told_call(lua_State *L, struct pump *p) {
  while (p->events_done < p->events_len) {
    pump_push_slot(L, SLOT_EVENTS);
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

/* ---- told by the host ---------------------------------------------------- */

/* Pushes the kept row of ORDINAL and forgets it. */
static void take_kept(lua_State *L, struct pump *p, int64_t ordinal) {
  push_slot_of(L, p, SLOT_KEPT);
  lua_rawgeti(L, -1, ordinal);
  lua_pushnil(L);
  lua_rawseti(L, -3, ordinal);
  lua_remove(L, -2);
}

static void told_acked(lua_State *L, struct pump *p, const struct message *m) {
  int64_t ordinal = m->number[0];
  bool has_object = m->number[1] == ACKED_WITH_OBJECT;
  if (has_object && p->index_of) {
    push_slot_of(L, p, SLOT_PARTNERS);
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
  int64_t ordinal = m->number[0];
  push_reason(L, m);
  keep_reason(L, p, p->index_of ? p->index_of[ordinal] : p->index);
  if (p->has_on_ack || p->has_on_reject)
    take_kept(L, p, ordinal);
  else
    lua_pushnil(L);
  if (p->has_on_reject)
    add_event(L, p, false);
  else
    lua_pop(L, 2);
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
  if (p->is_muted && m->kind == MESSAGE_RESULT) p->has_result = true;
  if (m->kind == MESSAGE_CREDIT) p->credits += m->number[0];
  if (p->is_muted) return;
  luaL_checkstack(L, 12, NULL);
  if (m->kind == MESSAGE_ACKED)
    told_acked(L, p, m);
  else if (m->kind == MESSAGE_REFUSED)
    told_refused(L, p, m);
  else if (m->kind == MESSAGE_RESULT)
    told_result(L, p, m);
}

/* ---- told to the host ---------------------------------------------------- */

void pump_told_reject(lua_State *L, struct pump *p, struct place place, const struct message *m,
                      struct slice row) {
  struct message told = *m;
  told.kind = MESSAGE_REJECT;
  told.number[0] = place.line;
  told.number[1] = 0;
  told.text[4] = slice_of(place.file);
  told.text[5] = row;
  host_send(L, &told);
  push_reason(L, &told);
  keep_reason(L, p, p->index);
}

/* The source may be pulled by a function of the script, so the stack is not the
 * pump's: on_reject follows as an event, with the record's text as the row. */
void pump_told_record(lua_State *L, struct place place, const char *code, struct slice message,
                      struct slice row) {
  struct pump *p = worker_shared(L)->pump;
  const struct message m = {.text = {slice_of(code), message}};
  luaL_checkstack(L, 12, NULL);
  pump_told_reject(L, p, place, &m, row);
  json_push(L, row);
  if (p->has_on_reject && !p->is_muted)
    add_event(L, p, false);
  else
    lua_pop(L, 2);
}
