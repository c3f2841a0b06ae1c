#include "disk_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

static enum disk_fault fault;
static unsigned left; /* calls until the one that goes wrong, 0: none does */
static bool is_met, is_full;

int __real_open(const char *path, int flags, ...);
int __real_openat(int dir, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_flock(int fd, int operation);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_flock(int fd, int operation);

static bool is_next(void) {
  if (left == 0 || --left > 0) return false;
  is_met = true;
  return true;
}

/* Before a call other than a write: whether it must fail. */
static bool goes_wrong(bool is_this) {
  if (is_this && (fault == DISK_DIES || fault == DISK_DIES_TORN)) _exit(DISK_FAULT_DIED);
  if (is_this && fault == DISK_FULL_LATE) is_full = true;
  if (!is_full && !(is_this && fault == DISK_FULL)) return false;
  errno = ENOSPC;
  return true;
}

static int after(bool is_this, int result) {
  if (is_this && fault == DISK_DIES_LATE) _exit(DISK_FAULT_DIED);
  return result;
}

static mode_t mode_of(int flags, va_list args) {
  return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

int __wrap_open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = mode_of(flags, args);
  va_end(args);
  bool is_this = is_next();
  return goes_wrong(is_this) ? -1 : after(is_this, __real_open(path, flags, mode));
}

int __wrap_openat(int dir, const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = mode_of(flags, args);
  va_end(args);
  bool is_this = is_next();
  return goes_wrong(is_this) ? -1 : after(is_this, __real_openat(dir, path, flags, mode));
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len) {
  bool is_this = is_next(), is_torn = fault == DISK_DIES_TORN || fault == DISK_FULL_LATE;
  if (is_this && is_torn) {
    ssize_t put = __real_write(fd, bytes, len / 2);
    if (fault == DISK_DIES_TORN) _exit(DISK_FAULT_DIED);
    is_full = true;
    return put;
  }
  if (goes_wrong(is_this)) return -1;
  ssize_t put = __real_write(fd, bytes, len);
  (void)after(is_this, 0);
  return put;
}

int __wrap_fsync(int fd) {
  bool is_this = is_next();
  return goes_wrong(is_this) ? -1 : after(is_this, __real_fsync(fd));
}

int __wrap_rename(const char *from, const char *to) {
  bool is_this = is_next();
  return goes_wrong(is_this) ? -1 : after(is_this, __real_rename(from, to));
}

int __wrap_flock(int fd, int operation) {
  bool is_this = is_next();
  return goes_wrong(is_this) ? -1 : after(is_this, __real_flock(fd, operation));
}

void disk_fault_begin(enum disk_fault with, unsigned n) {
  fault = with;
  left = n;
  is_met = is_full = false;
}

bool disk_fault_end(void) {
  left = 0;
  is_full = false;
  return is_met;
}
