/* json.h - hoko.json.encode and decode: exact where lua-cjson is not.
 *
 * Integers of 64 bits stay integers, [] stays an array, keys are written in
 * sorted order; bad UTF-8, NaN, cycles, sparse arrays and a depth over 100 are
 * errors.  null is hoko.null, a light userdata of NULL, which is cjson's too. */
#ifndef HOKO_WORKER_BIND_JSON_H
#define HOKO_WORKER_BIND_JSON_H

#include "base/json_scan.h"
#include "base/slice.h"

#include <lua.h>

enum { JSON_LUA_DEPTH = 100, JSON_TEXT_MAX = 64 << 20 };

/* Pushes the value of TEXT, or raises "hoko.json.decode: …" with line and column. */
void json_push(lua_State *L, struct slice text);
/* Pushes the value that begins with TOKEN of SCAN, all of whose bytes are at hand;
 * 0, or -1 with *reason, a constant sentence (or of the scanner), and nothing pushed. */
int json_push_token(lua_State *L, struct json_scan *scan, enum json_token token, const char **reason);
/* Pushes the JSON text of the value at INDEX, or raises "hoko.json.encode: …". */
void json_encode(lua_State *L, int index);
/* hoko.json.encode itself. */
int json_encode_lua(lua_State *L);

/* Adds json = { encode, decode, array } to the table at the top of the stack. */
void bind_json(lua_State *L);

#endif
