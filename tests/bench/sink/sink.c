/* sink.c - a loopback server that answers PUT and POST /api/partners as fast as it
 * can, so that a benchmark measures the client.
 *
 * One thread, epoll, HTTP/1.1 with keep-alive, Content-Length and chunked bodies,
 * Expect: 100-continue. It is a yardstick, not a mock: it checks the shape of a row,
 * not the rules of the service.
 *
 * usage: sink [--port N] [--latency MS]
 * Prints "listening on http://127.0.0.1:PORT/api"; on SIGTERM the totals as one line
 * of JSON, which GET /stats answers too. */
#include "sink/conn.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void accept_all(struct sink *s, int listener) {
  int fd, on = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    conn_new(s, fd);
  }
}

static int listen_on(uint16_t port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&a, len) || listen(fd, 128) ||
      getsockname(fd, (struct sockaddr *)&a, &len))
    die("the sink's port is taken");
  printf("listening on http://127.0.0.1:%d/api\n", ntohs(a.sin_port));
  fflush(stdout);
  return fd;
}

static int signals_to_end(void) {
  sigset_t set;
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, NULL);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

static void watch(struct sink *s, int *fd) {
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = fd};
  if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, *fd, &e)) die("epoll_ctl");
}

static void serve(struct sink *s, int listener, int signals) {
  watch(s, &listener);
  watch(s, &signals);
  for (;;) {
    struct epoll_event events[64];
    int len = epoll_wait(s->epoll_fd, events, 64, conn_release_due(s));
    for (int i = 0; i < len; i++) {
      void *at = events[i].data.ptr;
      if (at == &signals) return;
      if (at == &listener)
        accept_all(s, listener);
      else
        conn_turn(s, at);
    }
  }
}

int main(int argc, char **argv) {
  long port = 0;
  struct sink s = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC), .waiting_tail = &s.waiting_head};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--port") == 0)
      port = strtol(argv[i + 1], NULL, 10);
    else if (strcmp(argv[i], "--latency") == 0)
      s.latency_ns = strtol(argv[i + 1], NULL, 10) * 1000000;
    else
      die("usage: sink [--port N] [--latency MS]");
  }
  int signals = signals_to_end();
  serve(&s, listen_on((uint16_t)port), signals);
  struct buf text = {0};
  totals_put(&text, &s.totals);
  fwrite(text.ptr, 1, text.len, stdout);
  free(text.ptr);
  return 0;
}
