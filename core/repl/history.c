#include "repl/history.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 256 << 20 };

struct history {
  int fd;
  bool is_torn;    /* the file does not end with a line's end */
  struct buf last; /* as its line */
};

/* ---- lines --------------------------------------------------------------- */

static void put_line(struct buf *b, struct slice entry) {
  for (size_t i = 0; i < entry.len; i++) {
    char c = entry.ptr[i];
    if (c == '\\')
      buf_add_text(b, "\\\\");
    else if (c == '\n')
      buf_add_text(b, "\\n");
    else if (c == '\r')
      buf_add_text(b, "\\r");
    else
      buf_add_char(b, c);
  }
}

static void put_entry(struct buf *b, struct slice line) {
  for (size_t i = 0; i < line.len; i++) {
    char c = line.ptr[i];
    if (c == '\\' && i + 1 < line.len) {
      c = line.ptr[++i];
      c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
    }
    buf_add_char(b, c);
  }
}

/* Where the lines begin that are kept. */
static size_t kept_from(struct slice text) {
  size_t from = text.len, lines = 0;
  for (size_t i = text.len; i > 0; i--) {
    bool is_begin = i == 1 || text.ptr[i - 2] == '\n';
    if (!is_begin) continue;
    if (++lines > HISTORY_ENTRIES || text.len - (i - 1) > HISTORY_BYTES) break;
    from = i - 1;
  }
  return from;
}

static int hand_out(struct history *h, struct slice text,
                    void (*seen)(void *user, const char *entry), void *user, struct error *err) {
  struct buf entry = BUF_WITH_LIMIT(FILE_MAX);
  struct slice line = {NULL, 0};
  for (const char *at = text.ptr, *end = text.ptr + text.len; at < end;) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    line = (struct slice){at, (size_t)((stop ? stop : end) - at)};
    buf_clear(&entry);
    put_entry(&entry, line);
    const char *whole = buf_text(&entry);
    if (whole && line.len) seen(user, whole);
    at = stop ? stop + 1 : end;
  }
  buf_add_slice(&h->last, line);
  int rc = buf_ok(&entry) ? 0 : error_set(err, ERROR_MEMORY, "out of memory for the history");
  buf_free(&entry);
  return rc;
}

/* ---- the file ------------------------------------------------------------ */

static int open_file(struct history *h, const char *path, struct error *err) {
  h->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (h->fd >= 0 && fchmod(h->fd, 0600) == 0) return 0;
  return error_errno(err, ERROR_STATE, errno, "cannot open the history %s", path);
}

/* The oldest entries make room. */
static int trim(struct history *h, const char *path, struct slice kept, struct error *err) {
  if (file_replace(path, kept, 0600, err)) return -1;
  (void)close(h->fd);
  return open_file(h, path, err);
}

static int take_file(struct history *h, const char *path,
                     void (*seen)(void *user, const char *entry), void *user, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(FILE_MAX);
  int rc = file_read_fd(&text, h->fd, path, err);
  size_t from = rc ? 0 : kept_from(buf_slice(&text));
  struct slice kept = {text.ptr + from, text.len - from};
  h->is_torn = kept.len > 0 && kept.ptr[kept.len - 1] != '\n';
  if (rc == 0 && from > 0) rc = trim(h, path, kept, err);
  if (rc == 0 && kept.len > 0) rc = hand_out(h, kept, seen, user, err);
  buf_free(&text);
  return rc;
}

int history_open(struct history **out, const char *path,
                 void (*seen)(void *user, const char *entry), void *user, struct error *err) {
  char folder[PATH_SIZE];
  struct history *h = calloc(1, sizeof *h);
  if (!h) return error_set(err, ERROR_MEMORY, "out of memory for the history");
  h->fd = -1;
  h->last = BUF_WITH_LIMIT(FILE_MAX);
  if (path_dir(folder, path))
    (void)error_set(err, ERROR_USAGE, "%s: the path is too long", path);
  else if (file_make_dirs(folder, 0700, err) == 0 && open_file(h, path, err) == 0 &&
           take_file(h, path, seen, user, err) == 0) {
    *out = h;
    return 0;
  }
  history_close(h);
  return error_context(err, "no history is kept");
}

/* One write, so that lines of sessions that run at once do not mix. */
int history_add(struct history *h, struct slice entry, struct error *err) {
  struct buf line = BUF_WITH_LIMIT(FILE_MAX);
  if (h->is_torn) buf_add_char(&line, '\n');
  put_line(&line, entry);
  struct slice text = {line.ptr + h->is_torn, line.len - h->is_torn};
  bool is_same = buf_ok(&line) && slice_equal(text, buf_slice(&h->last));
  buf_clear(&h->last);
  if (buf_ok(&line)) buf_add_slice(&h->last, text);
  buf_add_char(&line, '\n');
  int rc = 0;
  if (!buf_ok(&line))
    rc = error_set(err, ERROR_MEMORY, "out of memory for the history");
  else if (!is_same && write(h->fd, line.ptr, line.len) != (ssize_t)line.len)
    rc = error_errno(err, ERROR_STATE, errno, "the entry was not written to the history");
  if (!is_same) h->is_torn = rc != 0;
  buf_free(&line);
  return rc;
}

void history_close(struct history *h) {
  if (!h) return;
  if (h->fd >= 0) (void)close(h->fd);
  buf_free(&h->last);
  free(h);
}
