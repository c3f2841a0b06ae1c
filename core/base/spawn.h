/* spawn.h - another program: posix_spawn(3) with what we always want of it.
 *
 * Nothing is open in the program but what is named here; its signals are not blocked,
 * whatever its starter's are.  Any thread. */
#ifndef HOKO_BASE_SPAWN_H
#define HOKO_BASE_SPAWN_H

#include "base/error.h"

#include <sys/types.h>

enum {
  SPAWN_FDS_MAX = 5,
  SPAWN_SAME = -1, /* stays what it is here */
  SPAWN_NULL = -2, /* /dev/null: 0 to read, others to write */
};

struct spawn {
  const char *program; /* looked for in PATH where it has no slash */
  char *const *argv, *const *environment;
  const char *folder; /* where it starts; NULL: here */
  /* What its descriptor I is: one of ours, which may be no smaller than the number of any
   * that stands before it, or one of the above.  From FD_LEN on all are closed. */
  int fd[SPAWN_FDS_MAX];
  size_t fd_len;
  int blocked_signal; /* the one that is blocked in it; 0: none */
  bool is_session;    /* it leads one, without our terminal */
  bool is_group;      /* it leads a process group */
  bool is_default;    /* what we ignore it does not */
};

/* Starts it; 0, or what errno would be. */
MUST_USE int spawn_start(pid_t *pid, const struct spawn *how);
/* "NAME=VALUE" as our environment has it; false: it has none, or TO is too small. */
bool spawn_put_variable(const char *name, char *to, size_t size);

#endif
