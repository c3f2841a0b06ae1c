/* lua_place.h - the line of hoko.lua on which an entry of the returned table stands.
 *
 * The worker tells what the chunk returned, not where it was written; this reads
 * the text itself, as tokens.  It follows table constructors, so it finds what is
 * written as in the manual, and answers for anything computed with the nearest
 * thing that it can know. */
#ifndef HOKO_CLI_LUA_PLACE_H
#define HOKO_CLI_LUA_PLACE_H

#include "base/slice.h"

/* The 1-based line of PATH, such as {"jobs", "crm", "timeout"}: of the last entry
 * with these keys; else of the last place where its last key is given a value;
 * else of the innermost table around it that is found; else of the last `return`; else 1. */
int lua_place_line(struct slice source, const char *const *path, size_t path_len);

#endif
