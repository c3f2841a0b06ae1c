#include "pty.h"

#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

enum { DEADLINE_MS = 20 * 1000 };

/* Appends what the terminal shows next; false: the child's side is closed. */
static bool see_more(struct pty_end *end, int fd) {
  size_t len = strlen(end->seen);
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  if (poll(&wait, 1, DEADLINE_MS) != 1) fail_msg("nothing appears; so far: %s", end->seen);
  ssize_t got = read(fd, end->seen + len, sizeof end->seen - len - 1);
  if (got <= 0) return false;
  end->seen[len + (size_t)got] = '\0';
  return true;
}

void pty_run(struct pty_end *end, int (*child)(void), const struct pty_step *steps,
             size_t steps_len) {
  struct termios after;
  size_t from = 0;
  int fd;
  memset(end, 0, sizeof *end);
  pid_t pid = forkpty(&fd, NULL, NULL, NULL);
  assert_true(pid >= 0);
  if (pid == 0) _exit(child());
  for (size_t i = 0; i < steps_len; i++) {
    const char *at;
    while (!(at = strstr(end->seen + from, steps[i].wait_for)))
      if (!see_more(end, fd)) fail_msg("\"%s\" never came: %s", steps[i].wait_for, end->seen);
    from = (size_t)(at - end->seen) + strlen(steps[i].wait_for);
    if (!steps[i].type) {
      assert_int_equal(kill(pid, steps[i].signal), 0);
      continue;
    }
    size_t len = strlen(steps[i].type);
    assert_int_equal(write(fd, steps[i].type, len), len);
  }
  while (see_more(end, fd)) continue;
  end->is_echoing =
      tcgetattr(fd, &after) == 0 && (after.c_lflag & ECHO) && (after.c_lflag & ICANON);
  assert_int_equal(waitpid(pid, &end->status, 0), pid);
  assert_int_equal(close(fd), 0);
}
