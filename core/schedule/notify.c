#include "schedule/notify.h"

#include "base/number.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct slice variable(char *const *environment, const char *name) {
  size_t len = strlen(name);
  for (; *environment; environment++)
    if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
      return slice_of(*environment + len + 1);
  return (struct slice){0};
}

static int connect_to(struct slice path) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  if (path.len < 2 || path.len >= sizeof to.sun_path) return -1;
  memcpy(to.sun_path, path.ptr, path.len);
  if (to.sun_path[0] == '@')
    to.sun_path[0] = '\0';
  else if (to.sun_path[0] != '/')
    return -1;
  socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&to, len) == 0) return fd;
  (void)close(fd);
  return -1;
}

/* Half of what is waited for, as sd_watchdog_enabled(3) recommends. */
static int64_t read_every(char *const *environment) {
  int64_t us, pid;
  struct slice who = variable(environment, "WATCHDOG_PID");
  if (number_int64(variable(environment, "WATCHDOG_USEC"), 1, INT64_MAX, &us) != 0) return 0;
  if (who.len > 0 && (number_int64(who, 1, INT64_MAX, &pid) != 0 || pid != getpid())) return 0;
  return us / 2000 > 0 ? us / 2000 : 1;
}

void notify_begin(struct notify *n, char *const *environment) {
  *n = (struct notify){.fd = connect_to(variable(environment, "NOTIFY_SOCKET"))};
  if (n->fd >= 0) n->every_ms = read_every(environment);
}

void notify_end(struct notify *n) {
  if (n->fd >= 0) (void)close(n->fd);
  n->fd = -1;
}

void notify_send(const struct notify *n, const char *lines) {
  if (n->fd < 0) return;
  (void)!send(n->fd, lines, strlen(lines),
              MSG_NOSIGNAL); /* who does not listen misses nothing of ours */
}

void notify_reloading(const struct notify *n, const struct clock *clock) {
  char lines[96];
  (void)snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64 "\n",
                 clock_mono_ns(clock) / 1000);
  notify_send(n, lines);
}

void notify_watchdog(struct notify *n, const struct clock *clock) {
  int64_t now_ms = clock_mono_ns(clock) / 1000000;
  if (n->every_ms == 0 || now_ms < n->next_ms) return;
  n->next_ms = now_ms + n->every_ms;
  notify_send(n, "WATCHDOG=1\n");
}
