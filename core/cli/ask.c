#include "cli/ask.h"

#include "base/buf.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

/* Reads one line byte by byte, so that nothing behind it is taken from whoever
 * reads next; returns its first byte, 0 for an empty line and the end. */
static char first_of_line(int fd) {
  char first = '\0';
  for (size_t at = 0;;) {
    char c;
    ssize_t got = read(fd, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') return first;
    if (at++ == 0) first = c;
  }
}

char ask_choice(struct term *t, const char *question, const char *keys) {
  int fd = term_in_fd(t);
  if (isatty(fd) != 1 || !term_err_is_terminal(t)) return '\0';
  struct buf text = BUF_WITH_LIMIT(1024);
  buf_printf(&text, "%s [%c", question, toupper(keys[0]));
  for (const char *key = keys + 1; *key; key++) buf_printf(&text, "/%c", *key);
  buf_add_text(&text, "] ");
  const char *shown = buf_text(&text);
  term_prompt(t, shown ? shown : question);
  buf_free(&text);
  char first = (char)tolower((unsigned char)first_of_line(fd));
  return first && strchr(keys, first) ? first : keys[0];
}
