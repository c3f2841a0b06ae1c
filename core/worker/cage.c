#include "worker/cage.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* What Lua's own limit does not see: libraries, buffers, the C stack. */
enum { BESIDE_LUA_BYTES = 96 << 20 };

static int limit_memory(int64_t memory_bytes, struct error *err) {
  if (memory_bytes == 0) return 0;
  struct rlimit limit = {.rlim_cur = (rlim_t)memory_bytes + BESIDE_LUA_BYTES};
  limit.rlim_max = limit.rlim_cur;
  if (setrlimit(RLIMIT_DATA, &limit)) return error_errno(err, ERROR_INTERNAL, errno, "limiting the worker's memory");
  return 0;
}

int cage_enter(int64_t memory_bytes, struct error *err) {
  const struct rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_PDEATHSIG, SIGKILL))
    return error_errno(err, ERROR_INTERNAL, errno, "caging the worker");
  (void)signal(SIGINT, SIG_IGN);
  (void)signal(SIGTERM, SIG_IGN);
  (void)signal(SIGHUP, SIG_IGN);
  (void)signal(SIGPIPE, SIG_IGN);
  return limit_memory(memory_bytes, err);
}
