#include "state/lock.h"

#include "base/file.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

enum { TEXT_LIMIT = 4096 };

static struct flock whole_file(short type) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

/* The line's text behind NAME and a blank, or the empty slice. */
static struct slice line_of(struct slice text, const char *name) {
  size_t len = strlen(name);
  while (text.len > 0) {
    const char *end = memchr(text.ptr, '\n', text.len);
    size_t line_len = end ? (size_t)(end - text.ptr) : text.len;
    if (line_len > len && memcmp(text.ptr, name, len) == 0 && text.ptr[len] == ' ')
      return (struct slice){text.ptr + len + 1, line_len - len - 1};
    size_t step = end ? line_len + 1 : line_len;
    text = (struct slice){text.ptr + step, text.len - step};
  }
  return (struct slice){0};
}

static void copy_text(char *to, size_t size, struct slice s) {
  size_t len = s.len < size ? s.len : size - 1;
  if (len > 0) memcpy(to, s.ptr, len);
  to[len] = '\0';
}

/* What the file of a lock says; nothing of it is trusted further than to be shown. */
static void read_holder(int fd, struct holder *who) {
  char bytes[TEXT_LIMIT];
  ssize_t got = pread(fd, bytes, sizeof bytes, 0);
  struct slice text = {bytes, got > 0 ? (size_t)got : 0};
  *who = (struct holder){0};
  /* A holder that has just begun has not signed yet. */
  if (number_int64(line_of(text, "pid"), 1, INT64_MAX, &who->pid) != 0) who->pid = 0;
  if (number_int64(line_of(text, "since"), 0, INT64_MAX, &who->since_ms) != 0) who->since_ms = 0;
  copy_text(who->script, sizeof who->script, line_of(text, "script"));
  copy_text(who->run, sizeof who->run, line_of(text, "run"));
}

int lock_try(const char *path, int *fd, struct holder *who, struct error *err) {
  *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (*fd < 0) return error_errno(err, ERROR_STATE, errno, "opening the lock %s", path);
  struct flock lock = whole_file(F_WRLCK);
  if (fcntl(*fd, F_OFD_SETLK, &lock) == 0) return 1;
  int errnum = errno;
  if (errnum == EAGAIN || errnum == EACCES) read_holder(*fd, who);
  close(*fd);
  *fd = -1;
  if (errnum == EAGAIN || errnum == EACCES) return 0;
  return error_errno(err, ERROR_STATE, errnum, "locking %s", path);
}

int lock_sign(int fd, const struct holder *who, struct error *err) {
  struct buf text = BUF_WITH_LIMIT(TEXT_LIMIT);
  buf_printf(&text, "pid %" PRId64 "\nsince %" PRId64 "\nrun %s\nscript %s\n", who->pid,
             who->since_ms, who->run, who->script);
  int result = 0;
  errno = ENOSPC; /* what a short write means */
  if (!buf_ok(&text)) {
    result = error_set(err, ERROR_MEMORY, "no memory to lock the stream");
  } else if (ftruncate(fd, 0) != 0 || pwrite(fd, text.ptr, text.len, 0) != (ssize_t)text.len) {
    (void)error_errno(err, ERROR_STATE, errno, "writing the stream's lock");
    result = error_hint(err, "the folder of the state must be on a disk with space, and writable");
  }
  buf_free(&text);
  return result;
}

int lock_wait(int fd, const char *path, struct error *err) {
  struct flock lock = whole_file(F_WRLCK);
  int result;
  do result = fcntl(fd, F_OFD_SETLKW, &lock);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : error_errno(err, ERROR_STATE, errno, "locking %s", path);
}

void lock_give(int fd) {
  struct flock lock = whole_file(F_UNLCK);
  (void)fcntl(fd, F_OFD_SETLK, &lock); /* giving up what one holds does not fail */
}
