/* file.h - files of Lua's io library over descriptors that the host opened. */
#ifndef HOKO_WORKER_BIND_FILE_H
#define HOKO_WORKER_BIND_FILE_H

#include <lauxlib.h>

/* Pushes a file that is closed so far, with VALUES user values.  Made before its descriptor
 * is asked for, since this may raise. */
luaL_Stream *file_new(lua_State *L, int values);
/* Makes it FD's, which is taken; CLOSE_IT is called when it is closed.  0, or as
 * luaL_fileresult() with NAME. */
int file_open(lua_State *L, luaL_Stream *file, int fd, const char *mode, const char *name,
              lua_CFunction close_it);

#endif
