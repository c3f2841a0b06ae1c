#include "schedule/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_SIZE = 4096, READS_MAX = 16 };

/* Nothing but standard descriptors and what is handed over is open in it. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct child_start *how,
                       int output) {
  int rc = posix_spawn_file_actions_addchdir_np(actions, how->folder);
  if (rc == 0)
    rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (rc == 0) rc = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (rc == 0) rc = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
  if (rc == 0 && how->handed_fd >= 0)
    rc = posix_spawn_file_actions_adddup2(actions, how->handed_fd, CHILD_HANDED_FD);
  if (rc == 0)
    rc = posix_spawn_file_actions_addclosefrom_np(actions, how->handed_fd >= 0 ? CHILD_HANDED_FD + 1
                                                                               : CHILD_HANDED_FD);
  return rc;
}

/* A session of its own: Ctrl-C at the daemon's terminal reaches the daemon alone, and no
 * run asks for a passphrase there. */
static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none;
  (void)sigemptyset(&none); /* the daemon's blocked signals are its own affair */
  int rc = posix_spawnattr_setsigmask(attributes, &none);
  if (rc == 0)
    rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  return rc;
}

static int spawn(pid_t *pid, const struct child_start *how, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int rc = posix_spawn_file_actions_init(&actions);
  if (rc) return rc;
  rc = posix_spawnattr_init(&attributes);
  if (rc == 0) {
    rc = add_actions(&actions, how, output);
    if (rc == 0) rc = set_attributes(&attributes);
    if (rc == 0)
      rc = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, how->argv, how->environment);
    (void)posix_spawnattr_destroy(&attributes);
  }
  (void)posix_spawn_file_actions_destroy(&actions);
  return rc;
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
