#include "web/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static struct addrinfo *numeric_address(const char *address, uint16_t port) {
  char service[8];
  struct addrinfo *found = NULL;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                           .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
  (void)snprintf(service, sizeof service, "%u", (unsigned)port);
  return getaddrinfo(address, service, &hints, &found) == 0 ? found : NULL;
}

static int open_socket(const struct addrinfo *at) {
  const int on = 1;
  int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  /* Without it a restart within a minute finds its own closed connections in the way. */
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
    return fd;
  int cause = errno;
  (void)close(fd); /* the first error is the one to tell */
  errno = cause;
  return -1;
}

static int port_of(int fd, uint16_t *port) {
  struct sockaddr_storage name;
  socklen_t len = sizeof name;
  if (getsockname(fd, (struct sockaddr *)&name, &len) < 0) return -1;
  *port = ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                           : ((struct sockaddr_in *)&name)->sin_port);
  return 0;
}

int listen_open(const char *address, uint16_t port, int *fd, uint16_t *taken, struct error *err) {
  struct addrinfo *at = numeric_address(address, port);
  if (!at) return error_set(err, ERROR_USAGE, "%s is no numeric address", address);
  *fd = open_socket(at);
  int cause = errno;
  freeaddrinfo(at);
  if (*fd < 0) {
    (void)error_errno(err, ERROR_USAGE, cause, "cannot listen on %s port %u", address, port);
    if (cause == EADDRINUSE) (void)error_hint(err, "--port 0 takes a free port");
    return -1;
  }
  if (port_of(*fd, taken) == 0) return 0;
  (void)error_errno(err, ERROR_INTERNAL, errno, "cannot tell the port listened on");
  (void)close(*fd);
  return -1;
}
