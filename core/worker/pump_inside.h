/* pump_inside.h - what the files of the pump share. */
#ifndef HOKO_WORKER_PUMP_INSIDE_H
#define HOKO_WORKER_PUMP_INSIDE_H

#include "base/buf.h"
#include "worker/bind/sources.h"
#include "worker/place.h"
#include "worker/row/encode.h"

#include <lua.h>

enum {
  FRAME_FULL = 256 << 10,
  ROW_SHOWN_MAX = 1 << 20,
  FILE_TOLD_SIZE = 1024,
  REASONS_MAX = 100,
  PARTNERS_MAX = 10000
};

enum rows_kind { ROWS_ARRAY, ROWS_NATIVE, ROWS_CALL };

/* What hangs on the pump's userdata, as user values. */
enum slot {
  SLOT_ARGS = 1,
  SLOT_KEPT,     /* rows by ordinal, until they are told */
  SLOT_EVENTS,   /* {row, what, is_ack}, until they are called */
  SLOT_PARTNERS, /* by index */
  SLOT_REASONS,
  SLOT_NAMES,
  SLOT_RESULT,
  SLOT_FAILURES, /* of the transform: how often, by text */
  SLOTS = SLOT_FAILURES
};

struct pump {
  enum rows_kind kind;
  source_pull pull;
  void *source;
  struct encoder encoder;
  struct buf frame;
  struct buf shown; /* the row of a reject; here, since telling it may raise */
  int64_t credits;
  int64_t ordinal;   /* of the next row sent */
  lua_Integer index; /* of the last row pulled */
  int64_t skipped, failed, transformed;
  uint32_t *index_of; /* by ordinal, where partners are wanted */
  lua_Integer events_len, events_done;
  lua_Integer reasons_len, reason_at[REASONS_MAX]; /* the index of its row */
  lua_Integer failures_len;
  bool is_pulled;            /* there is no further row */
  bool has_result, is_muted; /* muted: a callback raised, none is called any more */
  bool has_transform, key_is_function, key_of_source, has_on_ack, has_on_reject, stops_on_error;
  char file[FILE_TOLD_SIZE]; /* told to the host last; "" where none was */
  bool tells_seen;           /* keys of skipped rows, too: the stream's others are missing */
};

/* Absolute places on the stack of what is called protected. */
enum { AT_PUMP = 1, AT_ARGS, AT_ROWS, AT_TRANSFORM, AT_KEY, AT_NAMES, AT_TOP = AT_NAMES };

static inline void pump_push_slot(lua_State *L, enum slot slot) {
  lua_getiuservalue(L, AT_PUMP, (int)slot);
}

static inline void pump_push_text(lua_State *L, struct slice s) {
  lua_pushlstring(L, s.ptr ? s.ptr : "", s.len);
}

/* pump.c: sends the rows encoded so far, once there is credit */
void pump_frame_send(lua_State *L, struct pump *p);

/* pump_told.c: what became of rows, and the script told of it */
struct message;
/* Tells the host of a reject, M's texts code, message, field and key, and notes the
 * reason, which is pushed. */
void pump_told_reject(lua_State *L, struct pump *p, struct place place, const struct message *m,
                      struct slice row);
/* Calls the script back for what was told since the last time. */
void pump_told_call(lua_State *L, struct pump *p);
/* A source's record that no row could be made of. */
void pump_told_record(lua_State *L, struct place place, const char *code, struct slice message,
                      struct slice row);

/* pump_row.c: one row.  Pulls, transforms, checks and encodes it; false: there is none. */
bool pump_row_next(lua_State *L, struct pump *p);

#endif
