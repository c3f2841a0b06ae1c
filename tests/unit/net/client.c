#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>

void wish_init(struct wish *w, enum exchange_method method, const char *body) {
  static const struct answer_options options = {.partners_max = 10, .bytes_max = 1 << 20};
  struct error err;
  *w = (struct wish){.e = {.method = method,
                           .target = "/partners",
                           .body = slice_of(body),
                           .text = BUF_WITH_LIMIT(1000)}};
  assert_int_equal(answer_init(&w->answer, &options, &err), 0);
  w->e.answer = &w->answer;
}

void wish_free(struct wish *w) {
  answer_free(&w->answer);
  buf_free(&w->e.text);
}

struct net *client_open(int port, struct net_options options) {
  char url[64];
  struct error err;
  struct net *n = NULL;
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/api/", port);
  options.base_url = url;
  if (net_open(&n, &options, &err) != 0) fail_msg("%s", err.message);
  return n;
}

struct exchange *client_wait(struct net *n) {
  struct exchange *e;
  while (!(e = transport_next(net_transport(n)))) {
    struct pollfd fd = {.fd = net_fd(n), .events = POLLIN};
    if (poll(&fd, 1, 30 * 1000) != 1) fail_msg("nothing came back");
  }
  return e;
}

void client_perform(struct net *n, struct exchange *e) {
  transport_submit(net_transport(n), e);
  assert_ptr_equal(client_wait(n), e);
}

int client_create(struct wish *w, struct server_step step, struct net_options options) {
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), options);
  wish_init(w, EXCHANGE_POST, "[{\"name\":\"a\"}]");
  w->e.is_once = true;
  client_perform(n, &w->e);
  int requests = server_requests(s);
  net_close(n);
  server_stop(s);
  return requests;
}
