#include "host/excerpt.h"

#include "base/file.h"
#include "base/printable.h"

#include <stdio.h>
#include <sys/stat.h>

enum { FILE_MAX = 16 << 20, SHOWN_MAX = 160 };

/* Line N of TEXT, without its end; false: there is none. */
static bool find_line(struct slice text, int n, struct slice *line) {
  for (; n > 1; n--) {
    const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    if (!end) return false;
    text.len -= (size_t)(end + 1 - text.ptr);
    text.ptr = end + 1;
  }
  const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
  *line = (struct slice){text.ptr, end ? (size_t)(end - text.ptr) : text.len};
  if (line->len && line->ptr[line->len - 1] == '\r') line->len--;
  return text.len > 0;
}

static void put_line(struct buf *b, struct slice text, int n, bool is_it, int width) {
  struct slice line;
  char shown[SHOWN_MAX];
  if (n < 1 || !find_line(text, n, &line)) return;
  printable_copy(shown, sizeof shown, line);
  buf_printf(b, "%s %*d | %s\n", is_it ? ">" : " ", width, n, shown);
}

void excerpt_put_text(struct buf *b, struct slice text, int line) {
  struct slice found;
  if (line < 1 || !find_line(text, line, &found)) return;
  int width = snprintf(NULL, 0, "%d", line + 1);
  for (int n = line - 1; n <= line + 1; n++) put_line(b, text, n, n == line, width);
}

void excerpt_put(struct buf *b, int fd, int line) {
  struct buf text = BUF_WITH_LIMIT(FILE_MAX);
  struct error ignored; /* what cannot be read is not shown */
  struct stat st;
  if (line > 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX &&
      file_read_fd(&text, fd, "", &ignored) == 0)
    excerpt_put_text(b, buf_slice(&text), line);
  buf_free(&text);
}
