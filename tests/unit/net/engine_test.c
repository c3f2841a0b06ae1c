#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void a_create_on_a_dying_kept_connection_is_on_the_wire_once(void **state) {
  (void)state;
  static const enum server_act deaths[] = {SERVER_REPLY_CLOSE, SERVER_RESET};
  static const enum exchange_method methods[] = {EXCHANGE_POST, EXCHANGE_PUT, EXCHANGE_DELETE};
  for (int i = 0; i < 6; i++) {
    struct server_step steps[] = {{.act = SERVER_REPLY, .text = CLIENT_REPLY},
                                  {.act = deaths[i % 2]},
                                  {.act = SERVER_REPLY, .text = CLIENT_REPLY}};
    struct server *s = server_start(steps, 3);
    struct net *n = client_open(server_port(s), (struct net_options){0});
    struct wish first, second;
    wish_init(&first, methods[i / 2], "[{\"name\":\"a\"}]");
    wish_init(&second, methods[i / 2], "[{\"name\":\"b\"}]");
    first.e.is_once = second.e.is_once = true;
    client_perform(n, &first.e);
    client_perform(n, &second.e);
    assert_int_equal(first.e.end, EXCHANGE_ANSWERED);
    assert_int_equal(second.e.end, EXCHANGE_BROKEN);
    assert_int_equal(second.e.attempts, 1);
    assert_int_equal(server_requests(s), 2);
    assert_non_null(strstr(second.e.err.message, "not sent again"));
    wish_free(&first);
    wish_free(&second);
    net_close(n);
    server_stop(s);
  }
}

static void a_request_without_body_that_may_be_sent_once_is_sent_once(void **state) {
  (void)state;
  static const struct server_step steps[] = {{.act = SERVER_REPLY, .text = CLIENT_REPLY},
                                             {.act = SERVER_REPLY_CLOSE},
                                             {.act = SERVER_REPLY, .text = CLIENT_REPLY}};
  struct server *s = server_start(steps, 3);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish w;
  wish_init(&w, EXCHANGE_POST, "");
  w.e.is_once = true;
  client_perform(n, &w.e);
  client_perform(n, &w.e);
  assert_int_equal(w.e.end, EXCHANGE_BROKEN);
  assert_int_equal(w.e.attempts, 1);
  assert_int_equal(server_requests(s), 2);
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

static void an_update_on_a_dying_kept_connection_may_be_sent_again_and_is_counted(void **state) {
  (void)state;
  static const struct server_step steps[] = {{.act = SERVER_REPLY, .text = CLIENT_REPLY},
                                             {.act = SERVER_REPLY_CLOSE},
                                             {.act = SERVER_REPLY, .text = CLIENT_REPLY}};
  struct server *s = server_start(steps, 3);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish first, second;
  wish_init(&first, EXCHANGE_PUT, "[{\"id\":\"" CLIENT_ID "\"}]");
  wish_init(&second, EXCHANGE_PUT, "[{\"id\":\"" CLIENT_ID "\",\"phone\":null}]");
  client_perform(n, &first.e);
  client_perform(n, &second.e);
  assert_int_equal(second.e.end, EXCHANGE_ANSWERED);
  assert_int_equal(second.answer.state, ANSWER_COMPLETE);
  assert_int_equal(second.e.attempts, 2);
  assert_int_equal(server_requests(s), 3);
  assert_string_equal(strstr(server_request(s, 1), "\r\n\r\n"),
                      strstr(server_request(s, 2), "\r\n\r\n"));
  wish_free(&first);
  wish_free(&second);
  net_close(n);
  server_stop(s);
}

static void requests_share_kept_connections(void **state) {
  (void)state;
  enum { UNDER_WAY = 4, ROUNDS = 50 };
  static const struct server_step step = {.act = SERVER_REPLY, .text = CLIENT_REPLY};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){.concurrency = UNDER_WAY});
  struct wish w[UNDER_WAY];
  for (int i = 0; i < UNDER_WAY; i++) {
    wish_init(&w[i], EXCHANGE_PUT, "[{\"name\":\"a\"}]");
    transport_submit(net_transport(n), &w[i].e);
  }
  for (int i = 0; i < UNDER_WAY * ROUNDS; i++) {
    struct exchange *e = client_wait(n);
    assert_int_equal(e->end, EXCHANGE_ANSWERED);
    assert_int_equal(e->answer->state, ANSWER_COMPLETE);
    if (i < UNDER_WAY * (ROUNDS - 1)) transport_submit(net_transport(n), e);
  }
  assert_int_equal(server_requests(s), UNDER_WAY * ROUNDS);
  assert_in_range(server_connections(s), 1, UNDER_WAY);
  for (int i = 0; i < UNDER_WAY; i++) wish_free(&w[i]);
  net_close(n);
  server_stop(s);
}

static void a_server_that_closes_each_time_is_served_all_the_same(void **state) {
  (void)state;
  static const struct server_step step = {
      .act = SERVER_REPLY_CLOSE, .text = CLIENT_HEAD "Connection: close\r\n\r\n" CLIENT_ONE};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish w;
  wish_init(&w, EXCHANGE_POST, "[{\"name\":\"a\"}]");
  w.e.is_once = true;
  for (int i = 0; i < 20; i++) {
    client_perform(n, &w.e);
    assert_int_equal(w.e.end, EXCHANGE_ANSWERED);
    assert_int_equal(w.answer.state, ANSWER_COMPLETE);
    assert_int_equal(w.e.attempts, 1);
  }
  assert_int_equal(server_requests(s), 20);
  assert_int_equal(server_connections(s), 20);
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

static void all_under_way_come_back_when_cancelled_and_others_may_follow(void **state) {
  (void)state;
  enum { UNDER_WAY = 4 };
  static const struct server_step steps[] = {{.act = SERVER_STALL},
                                             {.act = SERVER_STALL},
                                             {.act = SERVER_STALL},
                                             {.act = SERVER_STALL},
                                             {.act = SERVER_REPLY, .text = CLIENT_REPLY}};
  struct server *s = server_start(steps, 5);
  struct net *n = client_open(server_port(s), (struct net_options){.concurrency = UNDER_WAY});
  struct transport *t = net_transport(n);
  struct wish w[UNDER_WAY];
  transport_cancel(t); /* nothing to cancel */
  for (int i = 0; i < UNDER_WAY; i++) {
    wish_init(&w[i], EXCHANGE_POST, "[{\"name\":\"a\"}]");
    transport_submit(t, &w[i].e);
  }
  server_await(s, UNDER_WAY);
  transport_cancel(t);
  transport_cancel(t);
  for (int i = 0; i < UNDER_WAY; i++) assert_int_equal(client_wait(n)->end, EXCHANGE_CANCELLED);
  assert_null(transport_next(t));
  client_perform(n, &w[0].e);
  assert_int_equal(w[0].e.end, EXCHANGE_ANSWERED);
  for (int i = 0; i < UNDER_WAY; i++) wish_free(&w[i]);
  net_close(n);
  server_stop(s);
}

static void a_cancel_reaches_what_was_submitted_just_before(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_STALL};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish w;
  wish_init(&w, EXCHANGE_POST, "[{\"name\":\"a\"}]");
  for (int i = 0; i < 20; i++) {
    transport_submit(net_transport(n), &w.e);
    transport_cancel(net_transport(n));
    assert_int_equal(client_wait(n)->end, EXCHANGE_CANCELLED);
  }
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

static void closing_ends_what_is_under_way(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_STALL};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){.concurrency = 2});
  struct wish w[2];
  for (int i = 0; i < 2; i++) {
    wish_init(&w[i], EXCHANGE_PUT, "[{\"name\":\"a\"}]");
    transport_submit(net_transport(n), &w[i].e);
  }
  net_close(n);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(w[i].e.end, EXCHANGE_CANCELLED);
    wish_free(&w[i]);
  }
  server_stop(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_create_on_a_dying_kept_connection_is_on_the_wire_once),
      cmocka_unit_test(a_request_without_body_that_may_be_sent_once_is_sent_once),
      cmocka_unit_test(an_update_on_a_dying_kept_connection_may_be_sent_again_and_is_counted),
      cmocka_unit_test(requests_share_kept_connections),
      cmocka_unit_test(a_server_that_closes_each_time_is_served_all_the_same),
      cmocka_unit_test(all_under_way_come_back_when_cancelled_and_others_may_follow),
      cmocka_unit_test(a_cancel_reaches_what_was_submitted_just_before),
      cmocka_unit_test(closing_ends_what_is_under_way),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
