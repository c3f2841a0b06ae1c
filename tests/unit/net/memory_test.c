/* Every allocation of ours and of libcurl fails once, from opening to the answer: the
 * failure is told or the exchange succeeds all the same, nothing leaks, nothing hangs. */
#include "client.h"
#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>

static void check_outcome(const struct wish *w) {
  switch (w->e.end) {
  case EXCHANGE_ANSWERED:
    assert_int_equal(w->e.status, 200);
    assert_int_not_equal(w->answer.state, ANSWER_OPEN);
    break;
  case EXCHANGE_NOT_SENT: assert_int_equal(w->e.attempts, 0); /* fallthrough */
  case EXCHANGE_BROKEN: assert_int_not_equal(w->e.err.code, ERROR_NONE); break;
  case EXCHANGE_TLS_REFUSED:
  case EXCHANGE_CANCELLED: fail();
  }
}

/* False: there was no N-th allocation. */
static bool perform_with_fault(int port, unsigned n) {
  char url[64];
  struct net *net;
  struct error err = {0};
  struct wish w;
  wish_init(&w, EXCHANGE_POST, "[{\"name\":\"a\"}]");
  w.e.is_once = true;
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/api", port);
  struct net_options options = {.base_url = url, .ca_file = "/none", .total_timeout_ms = 10000};
  memory_fault_begin(n);
  if (net_open(&net, &options, &err) == 0) {
    client_perform(net, &w.e);
    bool is_met = memory_fault_end();
    check_outcome(&w);
    net_close(net);
    wish_free(&w);
    return is_met;
  }
  assert_true(memory_fault_end());
  assert_int_not_equal(err.code, ERROR_NONE);
  wish_free(&w);
  return true;
}

static void an_exchange_without_memory_is_told(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY_CLOSE, .text = CLIENT_REPLY};
  unsigned n = 1;
  for (bool is_met = true; is_met; n++) {
    struct server *s = server_start(&step, 1);
    is_met = perform_with_fault(server_port(s), n);
    assert_true(server_requests(s) <= 1);
    server_stop(s);
  }
  assert_true(n > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_exchange_without_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
