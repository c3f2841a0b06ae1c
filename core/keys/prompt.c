#include "keys/prompt.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

enum { LINE_LEN_MAX = 4096, DESCRIPTOR_WAIT_MS = 60 * 1000, TRIES = 3 };

/* What a terminal's line discipline would do, were it asked to keep the line. */
enum { KEY_END = 0x04, KEY_BACKSPACE = 0x08, KEY_KILL = 0x15, KEY_WORD = 0x17, KEY_DELETE = 0x7f };

/* A terminal of which we are in the foreground: else asking would stop the job. */
static int open_terminal(void) {
  int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0 && tcgetpgrp(fd) == getpgrp()) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

bool prompt_is_possible(void) {
  int fd = open_terminal();
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static void tell(int fd, const char *text) {
  struct error err;
  int rc = file_write_all(fd, slice_of(text), "/dev/tty", &err);
  (void)rc; /* a terminal that takes no text has no one to be told of it */
}

void prompt_tell(const char *text) {
  int fd = open_terminal();
  if (fd < 0) return;
  tell(fd, text);
  tell(fd, "\n");
  close(fd);
}

/* The terminal while a person types: no echo, byte by byte, and signals held back so
 * that none ends us before the echo is on again. */
struct typing {
  int fd, signal_fd;
  struct termios before;
  sigset_t mask_before;
};

static int begin_typing(struct typing *t, struct error *err) {
  sigset_t held;
  (void)sigemptyset(&held);
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) (void)sigaddset(&held, signals[i]);
  t->signal_fd = signalfd(-1, &held, SFD_CLOEXEC);
  if (t->signal_fd < 0) return error_errno(err, ERROR_AUTH, errno, "waiting for signals");
  (void)pthread_sigmask(SIG_BLOCK, &held, &t->mask_before);
  struct termios quiet;
  if (tcgetattr(t->fd, &t->before) == 0) {
    quiet = t->before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    quiet.c_cc[VSUSP] = _POSIX_VDISABLE; /* stopping us here would leave the shell without echo */
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (tcsetattr(t->fd, TCSAFLUSH, &quiet) == 0) return 0;
  }
  error_errno(err, ERROR_AUTH, errno, "turning the terminal's echo off");
  (void)pthread_sigmask(SIG_SETMASK, &t->mask_before, NULL);
  close(t->signal_fd);
  return -1;
}

static void end_typing(struct typing *t) {
  (void)tcsetattr(t->fd, TCSAFLUSH, &t->before);
  tell(t->fd, "\n");
  close(t->signal_fd);
  (void)pthread_sigmask(SIG_SETMASK, &t->mask_before, NULL); /* what was held back comes now */
}

/* One byte from the person; 0: the terminal is gone; -1: a signal. */
static int read_key(const struct typing *t, char *c) {
  struct pollfd wait[] = {{.fd = t->signal_fd, .events = POLLIN}, {.fd = t->fd, .events = POLLIN}};
  int ready;
  do ready = poll(wait, 2, -1);
  while (ready < 0 && errno == EINTR);
  if (ready > 0 && wait[0].revents) return -1;
  return ready > 0 && read(t->fd, c, 1) == 1;
}

static size_t without_last(const char *line, size_t len) {
  if (len > 0) len--;
  while (len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80)
    len--; /* the rest of a UTF-8 character */
  return len;
}

/* Fills LINE up to the end of line.  -1: *err is set. */
static int read_line(const struct typing *t, struct secret *line, struct error *err) {
  char *to = secret_room(line), c = 0;
  size_t len = 0;
  for (;;) {
    int got = read_key(t, &c);
    if (got < 0)
      return error_set(err, ERROR_INTERRUPTED, "interrupted while waiting for an answer");
    if (got == 0 || (c == KEY_END && len == 0))
      return error_set(err, ERROR_AUTH, "nothing was entered");
    if (c == '\n' || c == '\r' || c == KEY_END) break;
    if (c == KEY_BACKSPACE || c == KEY_DELETE) {
      len = without_last(to, len);
    } else if (c == KEY_KILL || c == KEY_WORD) {
      len = 0;
    } else if (len == LINE_LEN_MAX) {
      return error_set(err, ERROR_AUTH, "more than %d bytes were entered", LINE_LEN_MAX);
    } else {
      to[len++] = c;
    }
  }
  secret_filled(line, len);
  return 0;
}

struct secret *prompt_secret(const char *text, struct error *err) {
  struct typing t = {.fd = open_terminal()};
  if (t.fd < 0) {
    error_set(err, ERROR_AUTH, "there is no terminal to ask on");
    return NULL;
  }
  struct secret *line = secret_new(LINE_LEN_MAX + 1, err);
  int rc = -1;
  if (line && begin_typing(&t, err) == 0) {
    tell(t.fd, text);
    rc = read_line(&t, line, err);
    end_typing(&t);
  }
  close(t.fd);
  if (rc == 0) return line;
  secret_free(line);
  return NULL;
}

struct secret *prompt_secret_twice(const char *text, const char *again, struct error *err) {
  for (int i = 0; i < TRIES; i++) {
    struct secret *first = prompt_secret(text, err);
    struct secret *second = first ? prompt_secret(again, err) : NULL;
    bool is_same = second && secret_equal(first, second);
    bool is_over = !second;
    secret_free(second);
    if (is_same) return first;
    secret_free(first);
    if (is_over) return NULL;
    prompt_tell("The two differ; once more.");
  }
  error_set(err, ERROR_AUTH, "the two entries differed %d times", TRIES);
  return NULL;
}

/* One byte before DEADLINE; 0: the end. */
static int read_byte(int fd, const char *name, int64_t deadline_ns, char *c, struct error *err) {
  for (;;) {
    int64_t left_ms = (deadline_ns - clock_mono_ns(&clock_real)) / 1000000;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = left_ms > 0 ? poll(&wait, 1, (int)left_ms) : 0;
    if (ready == 0)
      return error_set(err, ERROR_AUTH, "%s gave no line within %d s", name,
                       DESCRIPTOR_WAIT_MS / 1000);
    ssize_t got = ready > 0 ? read(fd, c, 1) : -1;
    if (got >= 0) return (int)got;
    if (errno != EINTR && errno != EAGAIN)
      return error_errno(err, ERROR_AUTH, errno, "reading %s", name);
  }
}

static int read_fd_line(int fd, const char *name, struct secret *line, struct error *err) {
  int64_t deadline_ns = clock_mono_ns(&clock_real) + (int64_t)DESCRIPTOR_WAIT_MS * 1000000;
  char *to = secret_room(line), c = 0;
  size_t len = 0;
  int got = 1;
  while (len <= LINE_LEN_MAX && (got = read_byte(fd, name, deadline_ns, &c, err)) == 1 && c != '\n')
    to[len++] = c;
  if (got < 0) return -1;
  if (len > 0 && to[len - 1] == '\r') len--;
  if (len > LINE_LEN_MAX)
    return error_set(err, ERROR_AUTH, "%s gave a line of more than %d bytes", name, LINE_LEN_MAX);
  if (len == 0) return error_set(err, ERROR_AUTH, "%s gave an empty line", name);
  secret_filled(line, len);
  return 0;
}

struct secret *prompt_read_fd(int fd, const char *name, struct error *err) {
  struct secret *line = secret_new(LINE_LEN_MAX + 1, err);
  if (!line) return NULL;
  if (read_fd_line(fd, name, line, err) == 0) return line;
  secret_free(line);
  return NULL;
}
