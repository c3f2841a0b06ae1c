#include "repl/edit.h"

#include "repl/edit_inside.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#ifdef HOKO_HAS_READLINE
enum { HAS_READLINE = 1 };
#else
enum { HAS_READLINE = 0 };
void edit_terminal_open(const struct edit_options *o) { (void)o; }
void edit_terminal_close(void) {}
void edit_terminal_remember(const char *entry) { (void)entry; }
enum edit_got edit_terminal_read(const char *prompt, struct buf *line, int *number) {
  (void)prompt, (void)line, (void)number;
  return EDIT_END;
}
#endif

struct editor {
  struct edit_options options;
  bool is_edited;
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
  *e = (struct editor){.options = *options, .is_edited = HAS_READLINE && options->is_terminal};
  if (e->is_edited) edit_terminal_open(&e->options);
  return e;
}

void editor_free(struct editor *e) {
  if (e && e->is_edited) edit_terminal_close();
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
  if (e->is_edited) return edit_terminal_read(prompt, line, number);
  return read_plain(&e->options, prompt, line, number);
}

void editor_remember(struct editor *e, const char *entry) {
  if (e->is_edited) edit_terminal_remember(entry);
}
