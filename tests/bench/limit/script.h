/* script.h - the user's transform: cells in, fields out. */
#ifndef HOKO_BENCH_LIMIT_SCRIPT_H
#define HOKO_BENCH_LIMIT_SCRIPT_H

#include "limit/batch.h"
#include "limit/csv.h"

struct lua_State;

/* PATH is a script for hoko run: what its hoko.sync{} has as transform is run here too. */
struct lua_State *script_new(const char *path);
/* Gives the fields of the partner that CELL's row becomes, which stand until the next
 * call; false: the row is skipped. */
bool script_transform(struct lua_State *L, const struct slice cell[COLUMNS],
                      struct slice value[FIELDS]);

#endif
