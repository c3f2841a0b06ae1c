#include "repl/edit.h"

#include "repl/edit_inside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct editor {
  struct edit_options options;
  const struct edit_terminal *terminal; /* NULL: plain lines */
};

int edit_wait(const struct edit_options *o) {
  struct pollfd fds[] = {{.fd = o->signal_fd, .events = POLLIN},
                         {.fd = o->in_fd, .events = POLLIN}};
  struct signalfd_siginfo info;
  for (;;) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return 0; /* reading tells why */
    if (fds[0].revents && read(o->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
      return (int)info.ssi_signo;
    if (fds[1].revents) return 0;
  }
}

enum edit_got edit_got_signal(int number) {
  return number == SIGINT ? EDIT_INTERRUPTED : EDIT_SIGNAL;
}

struct editor *editor_new(const struct edit_options *options, struct error *err) {
  struct editor *e = calloc(1, sizeof *e);
  if (!e) {
    (void)error_set(err, ERROR_MEMORY, "out of memory for the line editor");
    return NULL;
  }
  *e = (struct editor){.options = *options,
                       .terminal = options->is_terminal ? edit_terminal() : NULL};
  if (e->terminal) e->terminal->open(&e->options);
  return e;
}

void editor_free(struct editor *e) {
  if (e && e->terminal) e->terminal->close();
  free(e);
}

static void show(const char *text) {
  size_t len = strlen(text);
  while (len > 0) {
    ssize_t n = write(STDERR_FILENO, text, len);
    if (n < 0 && errno != EINTR) return; /* a terminal that went away is told by reading */
    if (n > 0) text += n, len -= (size_t)n;
  }
}

static enum edit_got read_plain(const struct edit_options *o, const char *prompt, struct buf *line,
                                int *number) {
  if (o->is_terminal) show(prompt);
  for (size_t begin = line->len;;) {
    char c;
    *number = edit_wait(o);
    if (*number) {
      if (o->is_terminal) show("\n");
      return edit_got_signal(*number);
    }
    ssize_t n = read(o->in_fd, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return line->len > begin ? EDIT_LINE : EDIT_END;
    if (c == '\n') return EDIT_LINE;
    buf_add_char(line, c);
  }
}

enum edit_got editor_read(struct editor *e, const char *prompt, struct buf *line, int *number) {
  if (e->terminal) return e->terminal->read(prompt, line, number);
  return read_plain(&e->options, prompt, line, number);
}

void editor_remember(struct editor *e, const char *entry) {
  if (e->terminal) e->terminal->remember(entry);
}
