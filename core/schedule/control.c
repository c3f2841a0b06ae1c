#include "schedule/control.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { WAITING_MAX = 16 };

static const char name[] = "control.sock";

static int folder_of(char to[PATH_SIZE], const char *folder, struct error *err) {
  if (path_join(to, folder, ".hoko") == 0) return 0;
  return error_set(err, ERROR_STATE, "path too long: %s/.hoko", folder);
}

/* A socket's address has room for 108 bytes only, so it is named through its folder's
 * descriptor; -1 where there is no folder. */
static int open_folder(const char *folder, struct sockaddr_un *to, struct error *err) {
  char path[PATH_SIZE];
  if (folder_of(path, folder, err) != 0) return -1;
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  *to = (struct sockaddr_un){.sun_family = AF_UNIX};
  (void)snprintf(to->sun_path, sizeof to->sun_path, "/proc/self/fd/%d/%s", fd, name);
  return fd >= 0 ? fd : error_errno(err, ERROR_STATE, errno, "opening %s", path);
}

static int new_socket(int flags, struct error *err) {
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
  return fd >= 0 ? fd : error_errno(err, ERROR_INTERNAL, errno, "making a control socket");
}

static int bind_and_listen(int fd, const struct sockaddr_un *at) {
  mode_t before = umask(0177);
  int result = bind(fd, (const struct sockaddr *)at, sizeof *at);
  (void)umask(before);
  return result == 0 ? listen(fd, WAITING_MAX) : -1;
}

int control_listen(const char *folder, int *fd, struct error *err) {
  char path[PATH_SIZE];
  struct sockaddr_un at;
  if (folder_of(path, folder, err) != 0 || file_make_dirs(path, 0700, err) != 0) return -1;
  int dir = open_folder(folder, &at, err);
  if (dir < 0) return -1;
  *fd = new_socket(SOCK_NONBLOCK, err);
  int result = *fd < 0 ? -1 : 0;
  if (result == 0) {
    (void)unlinkat(dir, name, 0); /* most times there is none */
    result = bind_and_listen(*fd, &at);
    if (result != 0) {
      (void)error_errno(err, ERROR_STATE, errno, "making %s/%s", path, name);
      (void)close(*fd);
    }
  }
  (void)close(dir);
  return result;
}

void control_remove(const char *folder) {
  struct sockaddr_un at;
  struct error ignored; /* what is left is taken away by the next daemon */
  int dir = open_folder(folder, &at, &ignored);
  if (dir < 0) return;
  (void)unlinkat(dir, name, 0);
  (void)close(dir);
}

static bool is_trusted(int fd) {
  struct ucred who;
  socklen_t len = sizeof who;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) return false;
  return who.uid == geteuid() || who.uid == 0;
}

int control_accept(int listening) {
  int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 || is_trusted(fd)) return fd;
  (void)close(fd);
  return -1;
}

int control_connect(const char *folder, int *fd, struct error *err) {
  struct sockaddr_un at;
  int dir = open_folder(folder, &at, err);
  if (dir < 0) return 0; /* no folder, no daemon */
  *fd = new_socket(0, err);
  int result = *fd < 0 ? -1 : 1;
  if (result > 0 && connect(*fd, (const struct sockaddr *)&at, sizeof at) != 0) {
    bool is_nobody = errno == ENOENT || errno == ECONNREFUSED;
    result =
        is_nobody ? 0 : error_errno(err, ERROR_STATE, errno, "talking to hoko serve in %s", folder);
    (void)close(*fd);
  }
  (void)close(dir);
  return result;
}

bool control_send(int fd, const char *format, ...) {
  char text[CONTROL_TEXT_SIZE];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0) return false;
  size_t size = (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
  return send(fd, text, size, MSG_NOSIGNAL) == (ssize_t)size;
}

int control_receive(int fd, char text[CONTROL_TEXT_SIZE]) {
  ssize_t got;
  do got = recv(fd, text, CONTROL_TEXT_SIZE - 1, 0);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return 0;
  if (got <= 0) return -1;
  text[got] = '\0';
  return 1;
}
