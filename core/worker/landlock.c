#include "worker/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's struct as of ABI 6; the header of an older system is shorter. */
struct rules {
  uint64_t handled_fs, handled_net, scoped;
};

/* What each ABI added (man landlock.7): a kernel refuses bits that it does not know. */
static const struct {
  uint64_t fs, net, scoped;
  size_t size;
} known[] = {
    [1] = {(1 << 13) - 1, 0, 0, 8},  /* all up to MAKE_SYM */
    [2] = {(1 << 14) - 1, 0, 0, 8},  /* REFER */
    [3] = {(1 << 15) - 1, 0, 0, 8},  /* TRUNCATE */
    [4] = {(1 << 15) - 1, 3, 0, 16}, /* BIND_TCP, CONNECT_TCP */
    [5] = {(1 << 16) - 1, 3, 0, 16}, /* IOCTL_DEV */
    [6] = {(1 << 16) - 1, 3, 3, 24}, /* abstract sockets, signals */
};

enum { ABI_MAX = sizeof known / sizeof *known - 1 };

int landlock_shut(struct error *err) {
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return 0;
  if (abi > ABI_MAX) abi = ABI_MAX;
  const struct rules rules = {known[abi].fs, known[abi].net, known[abi].scoped};
  int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, known[abi].size, 0);
  if (fd < 0) return error_errno(err, ERROR_INTERNAL, errno, "making the worker's Landlock rules");
  int rc = 0;
  if (syscall(SYS_landlock_restrict_self, fd, 0))
    rc = error_errno(err, ERROR_INTERNAL, errno, "taking all paths from the worker");
  (void)close(fd);
  return rc;
}
