/* files.h - files that the host opens for the script. */
#ifndef HOKO_WORKER_FILES_H
#define HOKO_WORKER_FILES_H

#include "base/error.h"

#include <lua.h>

/* Asks the host to open PATH (beneath the folders that the script may read) for
 * reading; "-" is standard input.  0: *fd is the caller's.  -1: *err tells, also
 * which permission is missing. */
int worker_open(lua_State *L, const char *path, int *fd, struct error *err);

#endif
