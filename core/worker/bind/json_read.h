/* json_read.h - JSON becomes Lua values: exactly, or not at all.
 *
 * Integers of 64 bits stay integers (larger ones are an error), null is hoko.null,
 * an empty array carries the mark that makes it [] again (json_mark.h), a key
 * that stands twice in an object is an error. */
#ifndef HOKO_WORKER_BIND_JSON_READ_H
#define HOKO_WORKER_BIND_JSON_READ_H

#include "base/error.h"
#include "base/json_scan.h"

#include <lua.h>

enum { JSON_READ_DEPTH = 100, JSON_KEYS_MAX = 64 };

struct json_stream;

/* The names of the last row's fields, in their order.  Rows are mostly alike, and a
 * name where it was last time needs no new string and no look whether it stands
 * twice: a quarter of the cost of a row. */
struct json_keys {
  int ref; /* of the registry: the array that keeps the names; LUA_NOREF before json_keys_open() */
  int len;
  struct slice name[JSON_KEYS_MAX];
};

void json_keys_open(lua_State *L, struct json_keys *k);
void json_keys_close(lua_State *L, struct json_keys *k);

/* Where the tokens come from, and what was learnt of the values before. */
struct json_read {
  struct json_scan *scan;
  struct json_stream *stream; /* that SCAN is part of; NULL: all bytes are at hand */
  struct json_keys *keys;     /* of the outermost value, when it is a row; or NULL */
  bool is_one_line;           /* of a file: messages tell the column only */
  int fields[JSON_READ_DEPTH +
             1]; /* of the last object at each depth: how large the next will be */
};

/* Pushes the value that begins with TOKEN.  -1: *err tells (with line and column in
 * its message, but for what the stream itself reports) and nothing is pushed. */
MUST_USE int json_read_push(lua_State *L, struct json_read *r, enum json_token token,
                            struct error *err);

/* Pushes the value that TEXT is, alone but for white space, by way of a reader that
 * has no stream and whose scanner was set up once; errors as above. */
MUST_USE int json_read_whole(lua_State *L, struct json_read *r, struct slice text,
                             struct error *err);

#endif
