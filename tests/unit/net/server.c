#include "server.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 128, REQUESTS_MAX = 256, REQUEST_MAX = 64 << 10 };

struct connection {
  struct server *server;
  int fd;
  pthread_t thread;
};

struct server {
  const struct server_step *steps;
  size_t steps_len;
  int listener, port, stop_fd;
  pthread_t thread;
  pthread_mutex_t lock; /* over what follows */
  pthread_cond_t has_request;
  size_t next_step;
  int requests, connections_len;
  char *request[REQUESTS_MAX];
  struct connection connections[CONNECTIONS_MAX];
};

/* Waits until FD is readable; false: the server stops. */
static bool wait_readable(struct server *s, int fd) {
  struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = s->stop_fd, .events = POLLIN}};
  while (poll(fds, 2, -1) < 0) continue;
  return fds[1].revents == 0;
}

static struct server_step take_step(struct server *s) {
  pthread_mutex_lock(&s->lock);
  size_t i = s->next_step < s->steps_len ? s->next_step++ : s->steps_len - 1;
  pthread_mutex_unlock(&s->lock);
  return s->steps[i];
}

static void note_request(struct server *s, const char *text, size_t len) {
  pthread_mutex_lock(&s->lock);
  if (s->requests < REQUESTS_MAX) s->request[s->requests] = strndup(text, len);
  s->requests++;
  pthread_cond_broadcast(&s->has_request);
  pthread_mutex_unlock(&s->lock);
}

/* Bytes of body that the head announces. */
static size_t body_len(const char *head) {
  const char *at = strcasestr(head, "\r\nContent-Length:");
  return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Reads one request; what does not fit is dropped.  False: closed, or the server stops. */
static bool read_request(struct server *s, int fd, bool is_whole) {
  char *text = calloc(1, REQUEST_MAX + 1), *end = NULL, waste[4096];
  size_t len = 0, got = 0, want = 0;
  while (text && (!end || (is_whole && got < want))) {
    if (!wait_readable(s, fd)) break;
    bool has_room = len < REQUEST_MAX;
    ssize_t n = has_room ? read(fd, text + len, end ? REQUEST_MAX - len : 1)
                         : read(fd, waste, sizeof waste);
    if (n <= 0) break;
    if (has_room) len += (size_t)n;
    got += (size_t)n;
    if (end || !(end = strstr(text, "\r\n\r\n"))) continue;
    want = (size_t)(end - text) + 4 + body_len(text);
  }
  bool is_read = end && (!is_whole || got >= want);
  if (is_read) note_request(s, text, len);
  if (text) explicit_bzero(text, REQUEST_MAX); /* a test looks for the key in memory */
  free(text);
  return is_read;
}

static bool send_all(int fd, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes += n;
    len -= (size_t)n;
  }
  return true;
}

static void send_text(int fd, const struct server_step *step) {
  static const size_t CHUNK = 64 << 10;
  size_t len = step->len ? step->len : step->text ? strlen(step->text) : 0;
  if (!send_all(fd, step->text, len) || step->times == 0) return;
  char *chunk = malloc(CHUNK);
  if (!chunk) return;
  memset(chunk, step->text[len - 1], CHUNK);
  for (size_t left = step->times; left > 0;) {
    size_t n = left < CHUNK ? left : CHUNK;
    if (!send_all(fd, chunk, n)) break;
    left -= n;
  }
  free(chunk);
}

static void reset(int fd) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* One request by STEP; false: the connection is over. */
static bool perform(struct server *s, int fd, struct server_step step) {
  if (step.act == SERVER_RESET_EARLY) {
    reset(fd);
    return false;
  }
  if (step.act == SERVER_REPLY_NOW) {
    send_text(fd, &step);
    (void)read_request(s, fd, true); /* until the peer closes: closing first would reset */
    return false;
  }
  if (!read_request(s, fd, step.act != SERVER_STALL_READ)) return false;
  send_text(fd, &step);
  switch (step.act) {
  case SERVER_REPLY: return true;
  case SERVER_STALL:
  case SERVER_STALL_READ: {
    struct pollfd stop = {.fd = s->stop_fd, .events = POLLIN};
    while (poll(&stop, 1, -1) < 0) continue;
    return false;
  }
  case SERVER_RESET: reset(fd); return false;
  default: return false;
  }
}

static void *serve_connection(void *user) {
  struct connection *c = user;
  char byte;
  while (wait_readable(c->server, c->fd) && recv(c->fd, &byte, 1, MSG_PEEK) > 0)
    if (!perform(c->server, c->fd, take_step(c->server))) break;
  close(c->fd);
  return NULL;
}

static void *serve(void *user) {
  struct server *s = user;
  while (wait_readable(s, s->listener)) {
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0) continue;
    pthread_mutex_lock(&s->lock);
    struct connection *c =
        s->connections_len < CONNECTIONS_MAX ? &s->connections[s->connections_len++] : NULL;
    pthread_mutex_unlock(&s->lock);
    if (!c) abort();
    *c = (struct connection){.server = s, .fd = fd};
    if (pthread_create(&c->thread, NULL, serve_connection, c) != 0) abort();
  }
  return NULL;
}

struct server *server_start(const struct server_step *steps, size_t steps_len) {
  struct server *s = calloc(1, sizeof *s);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  if (!s) abort();
  s->steps = steps;
  s->steps_len = steps_len;
  s->stop_fd = eventfd(0, EFD_CLOEXEC);
  s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->has_request, NULL);
  if (bind(s->listener, (struct sockaddr *)&address, len) != 0 || listen(s->listener, 64) != 0 ||
      getsockname(s->listener, (struct sockaddr *)&address, &len) != 0 ||
      pthread_create(&s->thread, NULL, serve, s) != 0)
    abort();
  s->port = ntohs(address.sin_port);
  return s;
}

void server_stop(struct server *s) {
  eventfd_write(s->stop_fd, 1);
  pthread_join(s->thread, NULL);
  for (int i = 0; i < s->connections_len; i++) pthread_join(s->connections[i].thread, NULL);
  for (int i = 0; i < REQUESTS_MAX; i++) {
    if (s->request[i]) explicit_bzero(s->request[i], strlen(s->request[i]));
    free(s->request[i]);
  }
  close(s->listener);
  close(s->stop_fd);
  pthread_cond_destroy(&s->has_request);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

int server_port(const struct server *s) { return s->port; }

int server_requests(struct server *s) {
  pthread_mutex_lock(&s->lock);
  int n = s->requests;
  pthread_mutex_unlock(&s->lock);
  return n;
}

int server_connections(struct server *s) {
  pthread_mutex_lock(&s->lock);
  int n = s->connections_len;
  pthread_mutex_unlock(&s->lock);
  return n;
}

void server_await(struct server *s, int n) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 30;
  pthread_mutex_lock(&s->lock);
  while (s->requests < n)
    if (pthread_cond_timedwait(&s->has_request, &s->lock, &until) != 0) abort();
  pthread_mutex_unlock(&s->lock);
}

const char *server_request(struct server *s, int i) {
  pthread_mutex_lock(&s->lock);
  const char *text = i < s->requests && i < REQUESTS_MAX ? s->request[i] : NULL;
  pthread_mutex_unlock(&s->lock);
  return text;
}
