#include "worker/files.h"

#include "worker/host.h"

int worker_open(lua_State *L, const char *path, int *fd, struct error *err) {
  return host_open(L, path, OPEN_READ, fd, err);
}
