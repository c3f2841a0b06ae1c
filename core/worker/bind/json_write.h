/* json_write.h - Lua values become JSON text: exactly, or not at all.
 *
 * Integers are written whole and floats so that they read back equal (1.0 stays
 * 1.0); keys in the order of their bytes; a table with the items 1 to n is an
 * array, one with texts as keys an object, an empty one {} unless it is marked
 * (json_mark.h).  Metamethods do not run. */
#ifndef HOKO_WORKER_BIND_JSON_WRITE_H
#define HOKO_WORKER_BIND_JSON_WRITE_H

#include "base/buf.h"

#include <lua.h>

enum { JSON_WRITE_DEPTH = 100, JSON_WRITE_INDENT_MAX = 16 };

/* Appends the value at INDEX to OUT.  INDENT: blanks a level, 0 for all in one line.
 * -1: *err tells, with the path to what cannot be written. */
MUST_USE int json_write(lua_State *L, int index, int indent, struct buf *out, struct error *err);

#endif
