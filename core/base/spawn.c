#include "base/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>

static int add_descriptor(posix_spawn_file_actions_t *actions, int number, int from) {
  switch (from) {
  case SPAWN_SAME: return 0;
  case SPAWN_NULL:
    return posix_spawn_file_actions_addopen(actions, number, "/dev/null",
                                            number == 0 ? O_RDONLY : O_WRONLY, 0);
  default: return posix_spawn_file_actions_adddup2(actions, from, number);
  }
}

static int add_actions(posix_spawn_file_actions_t *actions, const struct spawn *how) {
  int rc = how->folder ? posix_spawn_file_actions_addchdir_np(actions, how->folder) : 0;
  for (size_t i = 0; rc == 0 && i < how->fd_len; i++)
    rc = add_descriptor(actions, (int)i, how->fd[i]);
  return rc ? rc : posix_spawn_file_actions_addclosefrom_np(actions, (int)how->fd_len);
}

static int set_attributes(posix_spawnattr_t *attributes, const struct spawn *how) {
  sigset_t blocked, all;
  int flags = POSIX_SPAWN_SETSIGMASK;
  (void)sigemptyset(&blocked);
  (void)sigfillset(&all);
  if (how->blocked_signal) (void)sigaddset(&blocked, how->blocked_signal);
  if (how->is_session) flags |= POSIX_SPAWN_SETSID;
  if (how->is_group) flags |= POSIX_SPAWN_SETPGROUP; /* 0, its own, is what it is set to */
  if (how->is_default) flags |= POSIX_SPAWN_SETSIGDEF;
  int rc = posix_spawnattr_setsigmask(attributes, &blocked);
  if (rc == 0) rc = posix_spawnattr_setsigdefault(attributes, &all);
  return rc ? rc : posix_spawnattr_setflags(attributes, (short)flags);
}

int spawn_start(pid_t *pid, const struct spawn *how) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int rc = posix_spawn_file_actions_init(&actions);
  if (rc) return rc;
  rc = posix_spawnattr_init(&attributes);
  if (rc == 0) {
    rc = add_actions(&actions, how);
    if (rc == 0) rc = set_attributes(&attributes, how);
    if (rc == 0)
      rc = posix_spawnp(pid, how->program, &actions, &attributes, how->argv, how->environment);
    (void)posix_spawnattr_destroy(&attributes);
  }
  (void)posix_spawn_file_actions_destroy(&actions);
  return rc;
}

bool spawn_put_variable(const char *name, char *to, size_t size) {
  const char *value = getenv(name);
  return value && snprintf(to, size, "%s=%s", name, value) < (int)size;
}
