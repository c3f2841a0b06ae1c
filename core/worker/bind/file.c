#include "worker/bind/file.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

luaL_Stream *file_new(lua_State *L, int values) {
  luaL_Stream *file = lua_newuserdatauv(L, sizeof *file, values);
  file->closef = NULL;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  return file;
}

int file_open(lua_State *L, luaL_Stream *file, int fd, const char *mode, const char *name,
              lua_CFunction close_it) {
  file->f = fdopen(fd, mode);
  if (!file->f) {
    int failed = errno;
    if (fd >= 0) (void)close(fd);
    errno = failed;
    return luaL_fileresult(L, 0, name);
  }
  file->closef = close_it;
  return 0;
}
