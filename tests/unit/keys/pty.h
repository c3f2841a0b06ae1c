/* pty.h - a person at a terminal, as a script: waits for words, then types.
 *
 * The child has the terminal as its controlling one; every wait has a deadline. */
#ifndef HOKO_TESTS_KEYS_PTY_H
#define HOKO_TESTS_KEYS_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pty_step {
  const char *wait_for; /* words that appear behind those of the step before */
  const char *type;     /* NULL: SIGNAL is sent instead */
  int signal;
};

struct pty_end {
  int status;       /* as of waitpid(2) */
  bool is_echoing;  /* the terminal as the child left it */
  char seen[16384]; /* all that appeared on it */
};

/* Runs CHILD, whose result is its exit code.  A deadline that passes fails the test. */
void pty_run(struct pty_end *end, int (*child)(void), const struct pty_step *steps,
             size_t steps_len);

#endif
