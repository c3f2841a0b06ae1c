#include "keys/keyfile.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  FOR_OTHERS = S_IRWXG | S_IRWXO,
  LOCK_TRIES = 100,
  LOCK_PAUSE_NS = 20 * 1000 * 1000, /* two seconds in all; a change takes milliseconds */
  QUOTED_SIZE = 400,
};

/* PATH as a shell takes it. */
static const char *quoted(char to[QUOTED_SIZE], const char *path) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+";
  if (path[strspn(path, plain)] == '\0') return path;
  struct buf b = BUF_WITH_LIMIT(QUOTED_SIZE - 1);
  buf_add_char(&b, '\'');
  for (const char *at = path; *at; at++) {
    if (*at == '\'') buf_add_text(&b, "'\\'");
    buf_add_char(&b, *at);
  }
  buf_add_char(&b, '\'');
  (void)snprintf(to, QUOTED_SIZE, "%s", buf_ok(&b) ? buf_text(&b) : path);
  buf_free(&b);
  return to;
}

/* Whether the user alone has a say in what ST tells of. */
static int check_owned(const struct stat *st, const char *path, const char *mode,
                       struct error *err) {
  char text[QUOTED_SIZE];
  if (st->st_uid != geteuid()) {
    error_set(err, ERROR_AUTH, "%s belongs to user %u, and this is user %u", path,
              (unsigned)st->st_uid, (unsigned)geteuid());
    return error_hint(err, "run hoko as its owner, or: chown %u %s", (unsigned)geteuid(),
                      quoted(text, path));
  }
  if ((st->st_mode & FOR_OTHERS) == 0) return 0;
  error_set(err, ERROR_AUTH, "%s is open to others (its mode is %04o)", path,
            (unsigned)st->st_mode & 07777);
  return error_hint(err, "chmod %s %s", mode, quoted(text, path));
}

static int no_keystore(const char *path, struct error *err) {
  error_set(err, ERROR_AUTH, "there is no keystore at %s", path);
  return error_hint(err, "hoko key add default makes one; HOKO_API_KEY stands in for a key");
}

/* Splits PATH into its folder and the name in it. */
static int split(const char *path, char dir[PATH_SIZE], const char **name, struct error *err) {
  const char *slash = strrchr(path, '/');
  *name = slash ? slash + 1 : path;
  if (path_dir(dir, path) != 0 || strlen(path) + sizeof ".lock" > PATH_SIZE)
    return error_set(err, ERROR_USAGE, "the keystore's path is too long");
  if (**name != '\0') return 0;
  return error_set(err, ERROR_USAGE, "the keystore's path %s ends with a slash", path);
}

/* The folder of PATH, open for openat(2), or -1. */
static int open_folder(const char *path, const char **name, struct error *err) {
  char dir[PATH_SIZE];
  struct stat st;
  if (split(path, dir, name, err) != 0) return -1;
  int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return no_keystore(path, err);
  if (fd < 0) return error_errno(err, ERROR_AUTH, errno, "opening the folder %s", dir);
  int rc = fstat(fd, &st) == 0 ? check_owned(&st, dir, "700", err)
                               : error_errno(err, ERROR_AUTH, errno, "looking at %s", dir);
  if (rc == 0) return fd;
  close(fd);
  return -1;
}

static int open_failed(const char *path, int errnum, struct error *err) {
  if (errnum == ENOENT) return no_keystore(path, err);
  if (errnum != ELOOP) return error_errno(err, ERROR_AUTH, errnum, "opening %s", path);
  error_set(err, ERROR_AUTH, "%s is a symbolic link, which another could point elsewhere", path);
  return error_hint(err, "set HOKO_KEYSTORE to the file itself");
}

static int check_file(const struct stat *st, const char *path, struct error *err) {
  if (S_ISDIR(st->st_mode)) {
    error_set(err, ERROR_AUTH, "%s is a folder, not a keystore", path);
    return error_hint(err, "set HOKO_KEYSTORE to a file in it");
  }
  if (!S_ISREG(st->st_mode)) return error_set(err, ERROR_AUTH, "%s is no regular file", path);
  return check_owned(st, path, "600", err);
}

static struct keyfile_stamp stamp_of(const struct stat *st) {
  return (struct keyfile_stamp){.device = (uint64_t)st->st_dev,
                                .inode = (uint64_t)st->st_ino,
                                .size = st->st_size,
                                .changed_ns =
                                    (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec};
}

int keyfile_read(struct buf *b, const char *path, struct keyfile_stamp *stamp, struct error *err) {
  const char *name;
  struct stat st;
  int folder = open_folder(path, &name, err);
  if (folder < 0) return -1;
  /* O_NONBLOCK: a pipe that stands there must not hold us up. */
  int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int errnum = errno;
  close(folder);
  if (fd < 0) return open_failed(path, errnum, err);

  int rc = fstat(fd, &st) == 0 ? check_file(&st, path, err)
                               : error_errno(err, ERROR_AUTH, errno, "looking at %s", path);
  if (rc == 0 && (uint64_t)st.st_size > b->limit - b->len)
    rc = error_set(err, ERROR_AUTH, "%s has %lld bytes, more than a keystore can have", path,
                   (long long)st.st_size);
  if (rc == 0 && file_read_fd(b, fd, path, err) != 0) {
    if (err->code != ERROR_MEMORY) err->code = ERROR_AUTH;
    rc = -1;
  }
  if (rc == 0) *stamp = stamp_of(&st);
  close(fd);
  return rc;
}

struct keyfile_stamp keyfile_stamp_of(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0 ? stamp_of(&st) : (struct keyfile_stamp){.inode = 0};
}

bool keyfile_is_same(const char *path, const struct keyfile_stamp *stamp) {
  struct keyfile_stamp now = keyfile_stamp_of(path);
  return now.inode != 0 && now.device == stamp->device && now.inode == stamp->inode &&
         now.size == stamp->size && now.changed_ns == stamp->changed_ns;
}

int keyfile_make_folder(const char *path, struct error *err) {
  char dir[PATH_SIZE];
  const char *name;
  if (split(path, dir, &name, err) != 0) return -1;
  return file_make_dirs(dir, 0700, err);
}

static int take_lock(int fd, const char *path, struct error *err) {
  const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
  for (int i = 0; i < LOCK_TRIES; i++) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno != EWOULDBLOCK && errno != EINTR)
      return error_errno(err, ERROR_STATE, errno, "locking %s", path);
    (void)nanosleep(&pause, NULL);
  }
  error_set(err, ERROR_STATE, "another hoko is changing the keystore %s", path);
  return error_hint(err, "wait until it is done, then try again");
}

int keyfile_lock(const char *path, struct error *err) {
  char lock[PATH_SIZE];
  const char *name;
  int folder = open_folder(path, &name, err);
  if (folder < 0) return -1;
  (void)snprintf(lock, sizeof lock, "%s.lock", name);
  int fd = openat(folder, lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  int errnum = errno;
  close(folder);
  if (fd < 0) return error_errno(err, ERROR_STATE, errnum, "opening %s.lock", path);
  if (take_lock(fd, path, err) == 0) return fd;
  close(fd);
  return -1;
}

void keyfile_unlock(int lock_fd) { close(lock_fd); }

int keyfile_write(const char *path, struct slice content, struct error *err) {
  if (file_replace(path, content, 0600, err) == 0) return 0;
  /* The last step that can fail, syncing the folder, comes after the renaming. */
  return error_hint(err, "the keystore is whole, without the change or with it: hoko key list");
}

int keyfile_open_private(const char *path, bool is_systems, struct error *err) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return error_errno(err, ERROR_AUTH, errno, "opening %s", path);
  int rc = 0;
  if (fstat(fd, &st) != 0) rc = error_errno(err, ERROR_AUTH, errno, "looking at %s", path);
  if (rc == 0 && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
    rc = error_set(err, ERROR_AUTH, "%s is neither a file nor a pipe", path);
  if (rc == 0 && !is_systems) rc = check_owned(&st, path, "600", err);
  if (rc == 0) return fd;
  close(fd);
  return -1;
}
