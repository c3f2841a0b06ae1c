#include "cli/result_file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { STEP = 64 * 1024, LIMIT = 8 << 20 };

int result_file_begin(struct result_file *f, const char *path, struct term *term,
                      struct error *err) {
  *f = (struct result_file){.term = term, .fd = -1, .lines = BUF_WITH_LIMIT(LIMIT)};
  if (!path || strcmp(path, "-") == 0) return 0;
  int len = snprintf(f->path, sizeof f->path, "%s", path);
  int beside_len = snprintf(f->beside, sizeof f->beside, "%s.part", path);
  if (len < 0 || beside_len < 0 || beside_len >= PATH_SIZE)
    return error_set(err, ERROR_USAGE, "path too long: %s", path);
  f->fd = open(f->beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  return f->fd >= 0 ? 0 : error_errno(err, ERROR_STATE, errno, "making %s", f->beside);
}

static int write_lines(struct result_file *f, struct error *err) {
  int result = 0;
  if (f->fd < 0)
    term_out(f->term, buf_slice(&f->lines));
  else
    result = file_write_all(f->fd, buf_slice(&f->lines), f->beside, err);
  buf_clear(&f->lines);
  return result;
}

int result_file_put(struct result_file *f, struct slice line, struct error *err) {
  buf_add_slice(&f->lines, line);
  if (!buf_ok(&f->lines)) return error_set(err, ERROR_MEMORY, "no memory for a line of results");
  return f->lines.len >= STEP ? write_lines(f, err) : 0;
}

static int name_file(struct result_file *f, struct error *err) {
  if (fsync(f->fd) != 0) return error_errno(err, ERROR_STATE, errno, "syncing %s", f->beside);
  if (rename(f->beside, f->path) == 0) return 0;
  return error_errno(err, ERROR_STATE, errno, "making %s", f->path);
}

int result_file_end(struct result_file *f, struct error *err) {
  int result = write_lines(f, err);
  if (result == 0 && f->fd >= 0) result = name_file(f, err);
  if (result != 0) {
    result_file_drop(f);
    return -1;
  }
  if (f->fd >= 0) close(f->fd);
  buf_free(&f->lines);
  return 0;
}

void result_file_drop(struct result_file *f) {
  if (f->fd >= 0) {
    close(f->fd);
    unlink(f->beside);
  }
  buf_free(&f->lines);
}
