/* http.h - hoko.http's way to the host, for lua/hoko/http.lua. */
#ifndef HOKO_WORKER_BIND_HTTP_H
#define HOKO_WORKER_BIND_HTTP_H

#include <lua.h>

/* A Lua function: (method, url, header lines, body, key name, timeout ms, delay ms,
 * is_stream) → status, head lines, piece, stream (nil: it was the last), Retry-After in
 * ms (nil: none); nil, message, code on failure. */
int http_ask(lua_State *L);
/* (stream) → piece, stream; nil, message, code on failure. */
int http_pull(lua_State *L);
/* (stream): it is not read any further. */
int http_drop(lua_State *L);

#endif
