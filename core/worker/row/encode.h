/* encode.h - a row from the Lua stack straight into a frame.
 *
 * Raw reads only: no metamethod of the script runs in here, and nothing raises
 * but for memory.  The names that rows are read by are interned once, so that a
 * field is recognised by its pointer. */
#ifndef HOKO_WORKER_ROW_ENCODE_H
#define HOKO_WORKER_ROW_ENCODE_H

#include "base/buf.h"
#include "worker/row/rule.h"

#include <lua.h>

/* A whole record never takes more than this. */
enum { ENCODE_ROW_MAX = 192 << 10, ENCODE_KEY_NUMBER_SIZE = 24 };

struct encoder {
  const char *id, *field[3]; /* the interned names' text in this state */
  const char *key;           /* the name of the key's field, or NULL */
  bool has_key;              /* rows must have one: by KEY's field, or by a function */
  bool refuses_id;           /* hoko.partners.create */
  size_t row_max;            /* bytes of a row in a request */
};

struct refusal_of_row {
  enum rule rule;
  char field[64]; /* "" where it is the whole row's */
  char got[32];   /* of RULE_…_TYPE: what came */
};

/* Interns the names and leaves them, in a table, on the stack: keep it there as
 * long as E is used.  KEY: as in struct encoder, NULL or NUL-terminated. */
void encode_begin(lua_State *L, struct encoder *e, const char *key);

/* Appends the record of the row at INDEX to FRAME, which has ENCODE_ROW_MAX bytes
 * of room.  FUNCTION_KEY: the value of a key function at the top of the stack is
 * used (and stays).  RULE_OK, or *why tells and FRAME is as it was. */
enum rule encode_row(lua_State *L, int index, const struct encoder *e, bool function_key,
                     uint32_t line, struct buf *frame, struct refusal_of_row *why);

/* The text of the key at the top of the stack, empty where that is none; in NUMBER, or
 * valid as long as the value is on the stack. */
struct slice encode_key(lua_State *L, char number[ENCODE_KEY_NUMBER_SIZE]);

/* Appends the row as JSON for a person and for `hoko rejects`: what JSON cannot
 * say (functions, invalid UTF-8, cycles) is shown as text.  At most about 64 KiB. */
void encode_show(lua_State *L, int index, struct buf *out);

#endif
