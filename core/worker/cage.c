#include "worker/cage.h"

#include "worker/landlock.h"
#include "worker/source/encoding.h"
#include "worker/syscalls.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

/* A script has few files open at once, and none that fills a disk unnoticed. */
#define FILES_MAX 256
#define FILE_BYTES_MAX (INT64_C(64) << 30)
#define STACK_BYTES (8 << 20)

static int limit(struct error *err) {
  static const struct {
    __rlimit_resource_t what;
    rlim_t most;
  } limits[] = {{RLIMIT_CORE, 0},
                {RLIMIT_NPROC, 0},
                {RLIMIT_NOFILE, FILES_MAX},
                {RLIMIT_FSIZE, FILE_BYTES_MAX},
                {RLIMIT_STACK, STACK_BYTES}};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    struct rlimit l;
    if (getrlimit(limits[i].what, &l))
      return error_errno(err, ERROR_INTERNAL, errno, "reading the worker's limits");
    if (l.rlim_max > limits[i].most) l.rlim_max = limits[i].most;
    if (l.rlim_cur > l.rlim_max) l.rlim_cur = l.rlim_max;
    if (setrlimit(limits[i].what, &l))
      return error_errno(err, ERROR_INTERNAL, errno, "limiting the worker");
  }
  return 0;
}

/* mktime() reads the zone again unless TZ is set and unchanged (glibc, tzset.c). */
static int load_from_disk(struct error *err) {
  if (setenv("TZ", ":/etc/localtime", 0))
    return error_set(err, ERROR_MEMORY, "out of memory for the time zone");
  tzset();
  encoding_preload();
  return 0;
}

int cage_enter(bool *is_held, struct error *err) {
  static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
  if (load_from_disk(err) || limit(err)) return -1;
  if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
      prctl(PR_SET_PDEATHSIG, SIGKILL))
    return error_errno(err, ERROR_INTERNAL, errno, "caging the worker");
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) (void)signal(ignored[i], SIG_IGN);
  if (landlock_shut(err)) return -1;
  return syscalls_limit(is_held, err);
}
