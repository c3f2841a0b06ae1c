/* One row: pulled from the source, transformed, checked and encoded. */
#include "worker/pump_inside.h"

#include "base/utf8.h"
#include "bridge/bridge.h"
#include "worker/host.h"
#include "worker/raise.h"
#include "worker/shared.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>

/* hoko.sync stops as systemic when the first 20 rows all fail, or more than a
 * fifth of at least 100 do (contract 4.3). */
enum { SYSTEMIC_FIRST = 20, SYSTEMIC_LEAST = 100, SYSTEMIC_SHARE = 5 };

/* Kinds of failures that are printed and counted apart; and how much of one is kept. */
enum { FAILURES_MAX = 100, FAILURE_TEXT_MAX = 4 << 10 };

/* ---- rejects ------------------------------------------------------------- */

/* Calls on_reject with the row at ROW_AT and the reason at the top, which it takes. */
static void call_on_reject(lua_State *L, const struct pump *p, int row_at) {
  if (p->has_on_reject && !p->is_muted) {
    lua_getfield(L, AT_ARGS, "on_reject");
    lua_pushvalue(L, row_at);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 0);
  }
  lua_pop(L, 1);
}

static void reject(lua_State *L, struct pump *p, int row_at, const struct message *m) {
  buf_clear(&p->shown);
  encode_show(L, row_at, &p->shown);
  struct slice shown = buf_ok(&p->shown) ? buf_slice(&p->shown) : SLICE("null");
  pump_told_reject(L, p, worker_shared(L)->source.place, m, shown);
  call_on_reject(L, p, row_at);
}

/* ---- the key ------------------------------------------------------------- */

/* Pushes the key of the row at ROW_AT; the script's function or a column that is not
 * there may raise. */
static void push_key(lua_State *L, const struct pump *p, int row_at) {
  lua_pushvalue(L, AT_KEY);
  if (p->key_is_function) {
    lua_pushvalue(L, row_at);
    lua_call(L, 1, 1);
  } else {
    lua_gettable(L, row_at);
  }
}

/* (row, key's name or function) → the row's key.  As push_key(), to be called protected. */
static int key_of(lua_State *L) {
  if (!lua_isfunction(L, 2)) {
    lua_gettable(L, 1);
    return 1;
  }
  lua_insert(L, 1);
  lua_call(L, 1, 1);
  return 1;
}

/* Pushes the key of a row that its transform made nothing of, or whatever it raises. */
static void push_key_of_source(lua_State *L, const struct pump *p, int row_at) {
  if (!p->key_of_source) {
    lua_pushnil(L);
    return;
  }
  lua_pushcfunction(L, key_of);
  lua_pushvalue(L, row_at);
  lua_pushvalue(L, AT_KEY);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK) return;
  lua_pop(L, 1);
  lua_pushnil(L);
}

/* ---- the transform ------------------------------------------------------- */

/* How often this failure has been seen before; counts it. */
static lua_Integer count_failure(lua_State *L, struct pump *p, struct slice text) {
  pump_push_slot(L, SLOT_FAILURES);
  pump_push_text(L, text);
  lua_rawget(L, -2);
  lua_Integer seen = lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (!seen && p->failures_len == FAILURES_MAX) seen = -1;
  if (seen >= 0) {
    pump_push_text(L, text);
    lua_pushinteger(L, seen + 1);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
  if (!seen) p->failures_len++;
  return seen;
}

/* Each distinct failure is printed once, with its traceback; its count follows at the end. */
static void note_failure(lua_State *L, struct pump *p, struct slice text) {
  struct trace trace;
  p->failed++;
  if (count_failure(L, p, text)) return;
  raise_trace(L, &trace);
  (void)fprintf(stderr, "hoko: the transform failed: %.*s%s\n", SLICE_ARG(text), trace.user);
  if (p->failures_len == FAILURES_MAX) (void)fputs("hoko: other failures are not shown\n", stderr);
}

static bool is_systemic(const struct pump *p) {
  if (p->transformed == SYSTEMIC_FIRST && p->failed == SYSTEMIC_FIRST) return true;
  return p->transformed >= SYSTEMIC_LEAST && p->failed * SYSTEMIC_SHARE > p->transformed;
}

/* The transform raised; the error is at the top, the source's row at ROW_AT. */
static void transform_failed(lua_State *L, struct pump *p, int row_at) {
  char number[ENCODE_KEY_NUMBER_SIZE];
  struct slice text;
  if (p->stops_on_error) (void)lua_error(L);
  text.ptr = raise_text(L, -1, &text.len);
  if (text.len > FAILURE_TEXT_MAX) text.len = FAILURE_TEXT_MAX;
  note_failure(L, p, text);
  push_key_of_source(L, p, row_at);
  struct message m = {.text = {slice_of(rule_code(RULE_TRANSFORM)), text}};
  m.text[3] = encode_key(L, number);
  reject(L, p, row_at, &m);
  if (is_systemic(p))
    raise_error(
        L,
        "hoko.sync: the transform failed for %d of %d rows, so the run stops; the last error: %s",
        (int)p->failed, (int)p->transformed, text.ptr);
}

/* A skipped row is in the source all the same. */
static void tell_seen(lua_State *L, const struct pump *p, int row_at) {
  char number[ENCODE_KEY_NUMBER_SIZE];
  push_key_of_source(L, p, row_at);
  struct slice key = encode_key(L, number);
  if (key.len) host_send(L, &(struct message){.kind = MESSAGE_SEEN, .text = {key}});
  lua_pop(L, 1);
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
  if (p->tells_seen) tell_seen(L, p, row_at);
  return false;
}

/* ---- encoding ------------------------------------------------------------ */

/* The key is at the top where the encoder took it from there. */
static void reject_rule(lua_State *L, struct pump *p, int partner_at, bool has_value,
                        const struct refusal_of_row *why) {
  char message[512], number[ENCODE_KEY_NUMBER_SIZE];
  (void)snprintf(message, sizeof message, why->got[0] ? "%s, got %s" : "%s",
                 rule_message(why->rule), why->got);
  if (!has_value && p->encoder.key) {
    lua_pushvalue(L, AT_KEY);
    lua_rawget(L, partner_at);
  } else if (!has_value) {
    lua_pushnil(L);
  }
  struct message m = {
      .text = {slice_of(rule_code(why->rule)), slice_of(message), slice_of(why->field)}};
  m.text[3] = encode_key(L, number);
  reject(L, p, partner_at, &m);
}

static void keep_row(lua_State *L, struct pump *p, int partner_at) {
  if (p->has_on_ack || p->has_on_reject) {
    pump_push_slot(L, SLOT_KEPT);
    lua_pushvalue(L, partner_at);
    lua_rawseti(L, -2, p->ordinal);
    lua_pop(L, 1);
  }
  if (p->index_of && p->ordinal == PARTNERS_MAX) { /* the array has grown meanwhile */
    free(p->index_of);
    p->index_of = NULL;
  }
  if (p->index_of) p->index_of[p->ordinal] = (uint32_t)p->index;
  p->ordinal++;
}

/* Rows that are no table: a script's mistake, not a matter of data. */
static void demand_table(lua_State *L, const struct pump *p, int at) {
  if (lua_istable(L, at)) return;
  if (p->has_transform)
    raise_error(L, "hoko.sync: the transform must return a table or nil, got %s (row %d)",
                luaL_typename(L, at), (int)p->index);
  raise_error(L, "hoko.partners.upsert: a row must be a table, got %s (row %d)",
              luaL_typename(L, at), (int)p->index);
}

/* Hoko may refuse the row long after it was read: the host knows its file then. */
static void tell_file(lua_State *L, struct pump *p) {
  const char *file = worker_shared(L)->source.place.file;
  if (!file || strncmp(file, p->file, sizeof p->file - 1) == 0) return;
  (void)snprintf(p->file, sizeof p->file, "%s", file);
  host_send(L, &(struct message){.kind = MESSAGE_FILE, .text = {slice_of(p->file)}});
}

/* The partner is at PARTNER_AT, the source's row at ROW_AT. */
static void send_row(lua_State *L, struct pump *p, int row_at, int partner_at) {
  struct refusal_of_row why;
  bool has_value = p->key_is_function || p->key_of_source;
  demand_table(L, p, partner_at);
  tell_file(L, p);
  if (has_value) push_key(L, p, p->key_of_source ? row_at : partner_at);
  uint32_t line = worker_shared(L)->source.place.line;
  if (encode_row(L, partner_at, &p->encoder, has_value, line, &p->frame, &why) != RULE_OK) {
    reject_rule(L, p, partner_at, has_value, &why);
    return;
  }
  keep_row(L, p, partner_at);
  if (p->frame.len >= FRAME_FULL) pump_frame_send(L, p);
}

/* ---- the whole ----------------------------------------------------------- */

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

bool pump_row_next(lua_State *L, struct pump *p) {
  int row_at = AT_TOP + 1;
  pull_row(L, p);
  if (lua_isnil(L, row_at)) return false;
  if (!p->has_transform)
    send_row(L, p, row_at, row_at);
  else if (transform_row(L, p, row_at))
    send_row(L, p, row_at, lua_gettop(L));
  lua_settop(L, AT_TOP);
  return true;
}
