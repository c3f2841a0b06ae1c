/* Every allocation of ours and of libcurl fails once, from opening to the answer: the
 * failure is told or the exchange succeeds all the same, nothing leaks, nothing hangs. */
#include "client.h"
#include "memory_fault.h"
#include "net/fetch.h"
#include "net/reach.h"

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

/* ---- hoko.http ---- */

static struct fetch *make_fetch(const struct reach *reach, int port, struct error *err) {
  char url[64];
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
  struct fetch_request r = {.method = SLICE("POST"),
                            .url = slice_of(url),
                            .headers = SLICE("X-Own: a\nX-Empty:\n"),
                            .body = SLICE("body"),
                            .reach = reach,
                            .timeout_ms = 10000,
                            .clock = &clock_real};
  return fetch_new(&r, err);
}

/* To the end of F; what failed is told, what did not is whole. */
static void read_fetch(struct fetcher *g, struct fetch *f) {
  struct pollfd wait = {.fd = fetcher_fd(g), .events = POLLIN};
  size_t len = 0;
  fetcher_submit(g, f);
  for (;;) {
    while (!fetcher_take(g)) assert_int_equal(poll(&wait, 1, 30000), 1);
    len += fetch_piece(f).len;
    if (fetch_is_ended(f)) break;
    fetcher_pull(g, f);
  }
  if (fetch_error(f)) {
    assert_int_not_equal(fetch_error(f)->code, ERROR_NONE);
  } else {
    assert_int_equal(fetch_status(f), 200);
    assert_true(len > 0);
  }
  fetcher_drop(g, f);
}

/* False: there was no N-th allocation. */
static bool fetch_with_fault(int port, unsigned n) {
  static const char *const words[] = {"127.0.0.1", NULL};
  struct fetcher *g = NULL;
  struct error err = {0};
  memory_fault_begin(n);
  struct reach *reach = reach_new(words, &err);
  struct fetch *f = NULL;
  if (reach && fetcher_start(&g, &err) == 0) f = make_fetch(reach, port, &err);
  if (f)
    read_fetch(g, f);
  else
    assert_int_not_equal(err.code, ERROR_NONE);
  fetcher_stop(g);
  reach_free(reach);
  return memory_fault_end();
}

static void a_fetch_without_memory_is_told(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY_CLOSE, .text = CLIENT_REPLY};
  unsigned n = 1;
  for (bool is_met = true; is_met; n++) {
    struct server *s = server_start(&step, 1);
    is_met = fetch_with_fault(server_port(s), n);
    assert_true(server_requests(s) <= 1);
    server_stop(s);
  }
  assert_true(n > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_exchange_without_memory_is_told),
      cmocka_unit_test(a_fetch_without_memory_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
