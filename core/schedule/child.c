#include "schedule/child.h"

#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_SIZE = 4096, READS_MAX = 16 };

/* A session of its own: Ctrl-C at the daemon's terminal reaches the daemon alone, and no
 * run asks for a passphrase there. */
static int spawn(pid_t *pid, const struct child_start *how, int output) {
  const struct spawn run = {.program = "/proc/self/exe",
                            .argv = how->argv,
                            .environment = how->environment,
                            .folder = how->folder,
                            .fd = {SPAWN_NULL, output, output, [CHILD_HANDED_FD] = how->handed_fd},
                            .fd_len = how->handed_fd >= 0 ? CHILD_HANDED_FD + 1 : CHILD_HANDED_FD,
                            .is_session = true};
  return spawn_start(pid, &run);
}

static void close_fd(int *fd) {
  if (*fd >= 0) (void)close(*fd);
  *fd = -1;
}

int child_start(struct child *c, const struct child_start *how, struct error *err) {
  int fds[2];
  *c = (struct child){.process_fd = -1, .output_fd = -1, .line = BUF_WITH_LIMIT(CHILD_LINE_MAX)};
  if (pipe2(fds, O_CLOEXEC) != 0)
    return error_errno(err, ERROR_INTERNAL, errno, "making a pipe for a run's output");
  int rc = spawn(&c->pid, how, fds[1]);
  (void)close(fds[1]);
  c->output_fd = fds[0];
  if (rc == 0) {
    (void)fcntl(c->output_fd, F_SETFL, O_NONBLOCK); /* of a pipe of our own: cannot fail */
    c->process_fd = pidfd_open(c->pid, 0);
  }
  if (rc == 0 && c->process_fd >= 0) return 0;
  rc = rc ? rc : errno;
  if (c->pid > 0) {
    (void)kill(c->pid, SIGKILL); /* without a descriptor its end would go unnoticed */
    (void)waitpid(c->pid, NULL, 0);
  }
  child_leave(c);
  return error_errno(err, ERROR_INTERNAL, rc, "starting a run");
}

int child_adopt(struct child *c, pid_t pid) {
  *c = (struct child){.pid = pid, .output_fd = -1, .is_adopted = true};
  c->process_fd = pidfd_open(pid, 0);
  if (c->process_fd >= 0) return 0;
  c->pid = 0;
  return -1;
}

void child_signal(const struct child *c, int number) {
  if (c->pid > 0)
    (void)pidfd_send_signal(c->process_fd, number, NULL, 0); /* it may just have ended */
}

/* All whole lines of C's; with IS_ALL what stands behind the last one too. */
static void hand_over(struct child *c, bool is_all, void (*on_line)(void *user, struct slice line),
                      void *user) {
  const char *end;
  while (c->line.len > 0 && (end = memchr(c->line.ptr, '\n', c->line.len))) {
    size_t len = (size_t)(end - c->line.ptr);
    on_line(user, (struct slice){c->line.ptr, len});
    buf_drop(&c->line, len + 1);
  }
  if (c->line.len == 0 || (!is_all && c->line.len + READ_SIZE <= c->line.limit)) return;
  on_line(user, buf_slice(&c->line));
  buf_clear(&c->line);
}

void child_read(struct child *c, void (*on_line)(void *user, struct slice line), void *user) {
  for (int i = 0; c->output_fd >= 0 && i < READS_MAX; i++) {
    char bytes[READ_SIZE];
    ssize_t got = read(c->output_fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0)
      close_fd(&c->output_fd);
    else
      buf_add(&c->line, bytes, (size_t)got);
    hand_over(c, got <= 0, on_line, user);
  }
}

bool child_ended(struct child *c, int *exit_code) {
  struct pollfd p = {.fd = c->process_fd, .events = POLLIN};
  siginfo_t info = {.si_pid = 0};
  *exit_code = -1;
  if (c->pid == 0 || poll(&p, 1, 0) != 1) return false;
  if (!c->is_adopted && waitid(P_PIDFD, (id_t)c->process_fd, &info, WEXITED) == 0 &&
      info.si_code == CLD_EXITED)
    *exit_code = info.si_status;
  child_leave(c);
  return true;
}

void child_kill(struct child *c) {
  siginfo_t info;
  child_signal(c, SIGKILL);
  while (c->pid > 0 && waitid(P_PIDFD, (id_t)c->process_fd, &info, WEXITED) != 0 && errno == EINTR)
    continue;
  child_leave(c);
}

void child_leave(struct child *c) {
  close_fd(&c->process_fd);
  close_fd(&c->output_fd);
  buf_free(&c->line);
  c->pid = 0;
}
