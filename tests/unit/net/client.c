#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>

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
