/* commands.h - programs that a script starts: os.execute and io.popen (contract 4.5).
 *
 * The worker cannot start any; the host starts them for it, as the user allowed: all, by
 * a shell, or those of a list, without one.  Each gets a clean environment, the project's
 * folder and a process group of its own, whose rest is killed when the run ends.  The
 * worker waits for one at a time. */
#ifndef HOKO_HOST_COMMANDS_H
#define HOKO_HOST_COMMANDS_H

#include "host/host.h"

#include <sys/types.h>

enum { COMMANDS_MAX = 16 };

enum command_pipe { COMMAND_NO_PIPE, COMMAND_READ, COMMAND_WRITE };

struct commands {
  const struct allowed *allowed;
  const char *folder;
  struct command {
    pid_t pid; /* 0: free */
    int pidfd;
  } at[COMMANDS_MAX];
  struct command *awaited; /* whose end the worker waits for, or NULL */
};

struct command_end {
  bool is_signal;
  int code; /* exit code, or the signal's number */
};

/* Starts LINE.  PIPE: *fd is the worker's end of its output or input.  Its number, which
 * is not 0, or -1: ERROR_DENIED names the option to add, ERROR_USAGE why it did not start. */
MUST_USE int commands_start(struct commands *c, struct slice line, enum command_pipe pipe, int *fd,
                            struct error *err);
/* From now on the end of the command NUMBER is awaited.  -1: there is none. */
MUST_USE int commands_await(struct commands *c, int64_t number, struct error *err);
/* True, once: the one that is awaited has ended, as *END tells. */
bool commands_take_end(struct commands *c, struct command_end *end);
/* Readable when commands_take_end() has something; -1: nothing is awaited. */
int commands_fd(const struct commands *c);
/* Kills what still runs. */
void commands_end(struct commands *c);

#endif
