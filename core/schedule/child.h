/* child.h - a run's process: started, heard, stopped, and known again after a restart.
 *
 * A run outlives the daemon that started it; the next one adopts it by its number,
 * and waits for its end like for that of a child of its own.  Main thread only. */
#ifndef HOKO_SCHEDULE_CHILD_H
#define HOKO_SCHEDULE_CHILD_H

#include "base/buf.h"

#include <sys/types.h>

struct child {
  pid_t pid;      /* 0: none is there */
  int process_fd; /* readable once it has ended */
  int output_fd;  /* its stdout and stderr; -1: closed, or of an adopted one */
  struct buf line;
  bool is_adopted;
};

enum { CHILD_HANDED_FD = 3, CHILD_LINE_MAX = 8192 };

struct child_start {
  char *const *argv; /* of this very program */
  char *const *environment;
  const char *folder; /* where it starts */
  int handed_fd;      /* is its CHILD_HANDED_FD; -1: none */
};

MUST_USE int child_start(struct child *c, const struct child_start *how, struct error *err);
/* A process that runs already; -1: it has just ended. */
MUST_USE int child_adopt(struct child *c, pid_t pid);
void child_signal(const struct child *c, int number);
/* Hands over the lines that came, without line end; a longer one comes in pieces. */
void child_read(struct child *c, void (*on_line)(void *user, struct slice line), void *user);
/* Whether it has ended; then *exit_code is its own, or -1 where it was killed or that is
 * not known, and C is none. */
bool child_ended(struct child *c, int *exit_code);
/* Ends a child of our own at once, and waits for that. */
void child_kill(struct child *c);
/* Forgets it; it runs on. */
void child_leave(struct child *c);

#endif
