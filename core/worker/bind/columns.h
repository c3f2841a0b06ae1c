/* columns.h - rows as tables by column: NULL and empty cells are nil, a column that is
 * not there raises at the script's line, so that a renamed one does not sync nothing in
 * silence. */
#ifndef HOKO_WORKER_BIND_COLUMNS_H
#define HOKO_WORKER_BIND_COLUMNS_H

#include "base/error.h"
#include "base/slice.h"

#include <lua.h>

/* Pushes {name = its number…} of the array of N names at NAMES; -1: two are the same. */
MUST_USE int columns_push_set(lua_State *L, int names, size_t n, struct error *err);
/* Pushes the metatable of rows; SET is the one above, WHOSE has the columns. */
void columns_push_metatable(lua_State *L, int names, int set, const char *whose);
/* The name nearest to WORD, or NULL; leaves one value on the stack. */
const char *columns_nearest(lua_State *L, int names, size_t n, struct slice word);

#endif
