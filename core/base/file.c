#include "base/file.h"

#include "base/path.h"
#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 64 * 1024 };

/* read(2) through interruptions. */
static ssize_t read_some(int fd, void *to, size_t len) {
  ssize_t got;
  do got = read(fd, to, len);
  while (got < 0 && errno == EINTR);
  return got;
}

int file_read_fd(struct buf *b, int fd, const char *name, struct error *err) {
  for (;;) {
    char beyond; /* at the limit, one more byte tells a file that fits from a larger one */
    size_t space = b->limit - b->len, step = space < READ_STEP ? space : READ_STEP;
    char *to = step > 0 ? buf_room(b, step) : &beyond;
    if (!to) return error_set(err, ERROR_MEMORY, "no memory for the content of %s", name);
    ssize_t got = read_some(fd, to, step > 0 ? step : 1);
    if (got < 0) return error_errno(err, ERROR_STATE, errno, "reading %s", name);
    if (got == 0) return 0;
    if (step == 0) {
      return error_set(err, ERROR_DATA, "%s is larger than the %zu bytes that are allowed", name,
                       b->limit);
    }
    b->len += (size_t)got;
  }
}

int file_read(struct buf *b, const char *path, struct error *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "opening %s", path);
  int result = file_read_fd(b, fd, path, err);
  close(fd);
  return result;
}

int file_write_all(int fd, struct slice s, const char *name, struct error *err) {
  while (s.len > 0) {
    ssize_t put = write(fd, s.ptr, s.len);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return error_errno(err, ERROR_STATE, errno, "writing %s", name);
    s = (struct slice){s.ptr + put, s.len - (size_t)put};
  }
  return 0;
}

/* Writes CONTENT to the new file PATH so that it outlasts a power cut. */
static int write_new(const char *path, struct slice content, unsigned mode, struct error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "creating %s", path);
  int result = file_write_all(fd, content, path, err);
  if (result == 0 && fsync(fd) != 0)
    result = error_errno(err, ERROR_STATE, errno, "syncing %s", path);
  if (close(fd) != 0 && result == 0)
    result = error_errno(err, ERROR_STATE, errno, "closing %s", path);
  if (result != 0) unlink(path);
  return result;
}

static int sync_dir(const char *path, struct error *err) {
  char dir[PATH_SIZE];
  if (path_dir(dir, path) != 0) return error_set(err, ERROR_STATE, "path too long: %s", path);
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "opening %s", dir);
  int result = 0;
  /* EINVAL: a file system that syncs no folders, such as some of FUSE */
  if (fsync(fd) != 0 && errno != EINVAL)
    result = error_errno(err, ERROR_STATE, errno, "syncing %s", dir);
  close(fd);
  return result;
}

int file_replace(const char *path, struct slice content, unsigned mode, struct error *err) {
  char beside[PATH_SIZE];
  uint64_t unique;
  random_bytes(&unique, sizeof unique);
  int len = snprintf(beside, sizeof beside, "%s.%016llx.tmp", path, (unsigned long long)unique);
  if (len < 0 || len >= PATH_SIZE) return error_set(err, ERROR_STATE, "path too long: %s", path);
  if (write_new(beside, content, mode, err) != 0) return -1;
  if (rename(beside, path) != 0) {
    error_errno(err, ERROR_STATE, errno, "replacing %s", path);
    unlink(beside);
    return -1;
  }
  return sync_dir(path, err);
}

static int make_dir(const char *path, unsigned mode, struct error *err) {
  struct stat st;
  if (mkdir(path, mode) == 0) return 0;
  int errnum = errno;
  if (errnum == EEXIST && stat(path, &st) == 0) {
    if (S_ISDIR(st.st_mode)) return 0;
    errnum = ENOTDIR;
  }
  return error_errno(err, ERROR_STATE, errnum, "making folder %s", path);
}

int file_make_dirs(const char *path, unsigned mode, struct error *err) {
  char part[PATH_SIZE];
  size_t len = strlen(path);
  if (len >= sizeof part) return error_set(err, ERROR_STATE, "path too long: %s", path);
  for (size_t i = 1; i < len; i++) {
    if (path[i] != '/' || path[i - 1] == '/') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (make_dir(part, mode, err) != 0) return -1;
  }
  return make_dir(path, mode, err);
}
