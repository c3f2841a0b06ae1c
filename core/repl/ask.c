/* A question in the middle of an entry. */
#include "repl/repl.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static void show(const char *question, const char *keys) {
  struct buf text = BUF_WITH_LIMIT(1024);
  buf_printf(&text, "%s [%c", question, keys[0]);
  for (const char *key = keys + 1; *key; key++) buf_printf(&text, "/%c", *key);
  buf_add_text(&text, "] ");
  (void)!write(STDERR_FILENO, text.ptr,
               buf_ok(&text) ? text.len : 0); /* reading tells of a lost terminal */
  buf_free(&text);
}

/* The first byte of a line; 0 for an empty one, the end and a signal. */
static char first_of_line(int in_fd, int signal_fd) {
  char first = '\0';
  for (size_t at = 0;; at++) {
    struct pollfd fds[] = {{.fd = signal_fd, .events = POLLIN}, {.fd = in_fd, .events = POLLIN}};
    char c;
    while (poll(fds, 2, -1) < 0 && errno == EINTR) continue;
    if (fds[0].revents) {
      (void)!write(STDERR_FILENO, "\n", 1);
      return '\0';
    }
    if (read(in_fd, &c, 1) != 1 || c == '\n') return first;
    if (at == 0) first = c;
  }
}

static char default_of(const char *keys) {
  while (*keys && !isupper((unsigned char)*keys)) keys++;
  return (char)tolower((unsigned char)*keys);
}

char repl_ask(const struct repl_options *options, int signal_fd, const char *question,
              const char *keys) {
  if (!options->is_terminal) return '\0';
  (void)tcflush(options->in_fd, TCIFLUSH); /* what was typed ahead was no answer */
  show(question, keys);
  int first = tolower((unsigned char)first_of_line(options->in_fd, signal_fd));
  bool is_known = first && (strchr(keys, first) || strchr(keys, toupper(first)));
  return is_known ? (char)first : default_of(keys);
}
