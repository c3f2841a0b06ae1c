/* json.h - hoko.json.encode and decode: exact where lua-cjson is not. */
#ifndef HOKO_WORKER_BIND_JSON_H
#define HOKO_WORKER_BIND_JSON_H

#include "base/slice.h"

#include <lua.h>

enum { JSON_TEXT_MAX = 64 << 20 };

/* Pushes the value of TEXT, or raises "hoko.json.decode: …" with line and column. */
void json_push(lua_State *L, struct slice text);
/* Pushes the JSON text of the value at INDEX, or raises "hoko.json.encode: …". */
void json_encode(lua_State *L, int index);
/* hoko.json.encode itself. */
int json_encode_lua(lua_State *L);

/* Adds json = { encode, decode, array } to the table at the top of the stack. */
void bind_json(lua_State *L);

#endif
