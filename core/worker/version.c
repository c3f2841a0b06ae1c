#include "worker/worker.h"

#include <lua.h>

const char *worker_version(void) {
  return LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE;
}
