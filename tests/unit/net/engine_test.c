#include "api/answer.h"
#include "client.h"
#include "keys/secret.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define ONE "[{\"id\":\"" ID "\",\"name\":\"a\"}]" /* 58 bytes */
#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define OK_ONE OK_HEAD "Content-Length: 58\r\n\r\n" ONE
#define OK_NONE OK_HEAD "Content-Length: 2\r\n\r\n[]"

static const struct answer_options answer_options = {.partners_max = 10, .bytes_max = 1 << 20};

/* An exchange with an answer and a text to fill. */
struct wish {
  struct exchange e;
  struct answer answer;
};

static void wish_init(struct wish *w, enum exchange_method method, const char *body) {
  struct error err;
  *w = (struct wish){.e = {.method = method, .target = "/partners", .body = slice_of(body),
                           .text = BUF_WITH_LIMIT(1000)}};
  assert_int_equal(answer_init(&w->answer, &answer_options, &err), 0);
  w->e.answer = &w->answer;
}

static void wish_free(struct wish *w) {
  answer_free(&w->answer);
  buf_free(&w->e.text);
}

/* One create against STEP. */
static void perform_one(struct wish *w, struct server_step step, struct net_options options, int *requests) {
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), options);
  wish_init(w, EXCHANGE_POST, "[{\"name\":\"a\"}]");
  w->e.is_once = true;
  client_perform(n, &w->e);
  if (requests) *requests = server_requests(s);
  net_close(n);
  server_stop(s);
}

static void a_request_carries_what_it_should_and_nothing_else(void **state) {
  (void)state;
  static const struct server_step steps[] = {{SERVER_REPLY, OK_ONE, 0}, {SERVER_REPLY, OK_NONE, 0}};
  struct server *s = server_start(steps, 2);
  char origin[64];
  struct error err;
  struct wish put, get;
  (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%d", server_port(s));
  struct secret *key = secret_of(SLICE("hk_test_1234567890"), &err);
  assert_non_null(key);
  assert_int_equal(secret_bind(key, origin, SECRET_HEADER_DEFAULT, &err), 0);
  struct net *n = client_open(server_port(s), (struct net_options){.key = key});
  wish_init(&put, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  wish_init(&get, EXCHANGE_GET, "");
  get.e.target = "/partners?take=50";
  client_perform(n, &put.e);
  client_perform(n, &get.e);

  char want[1000];
  (void)snprintf(want, sizeof want,
                 "PUT /api/partners HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: hoko/" HOKO_VERSION "\r\n"
                 "Accept: */*\r\nAccept-Encoding: gzip\r\nContent-Type: application/json\r\n"
                 "Authorization: Bearer hk_test_1234567890\r\nContent-Length: 14\r\n\r\n[{\"name\":\"a\"}]",
                 server_port(s));
  assert_string_equal(server_request(s, 0), want);
  (void)snprintf(want, sizeof want,
                 "GET /api/partners?take=50 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: hoko/" HOKO_VERSION
                 "\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nCache-Control: no-cache\r\n"
                 "Authorization: Bearer hk_test_1234567890\r\n\r\n",
                 server_port(s));
  assert_string_equal(server_request(s, 1), want);
  assert_int_equal(server_connections(s), 1);

  assert_int_equal(put.e.end, EXCHANGE_ANSWERED);
  assert_int_equal(put.e.status, 200);
  assert_int_equal(put.answer.state, ANSWER_COMPLETE);
  assert_int_equal(put.answer.partners_len, 1);
  assert_int_equal(put.e.attempts, 1);
  assert_string_equal(put.e.content_type, "application/json");
  assert_int_equal(put.e.bytes_sent, strlen(server_request(s, 0)));
  assert_int_equal(put.e.bytes_received, strlen(OK_ONE));
  assert_true(put.e.ended_mono_ns >= put.e.began_mono_ns);
  wish_free(&put);
  wish_free(&get);
  net_close(n);
  secret_free(key);
  server_stop(s);
}

/* ---- a kept connection dies ---- */

static void a_create_on_a_dying_kept_connection_is_on_the_wire_once(void **state) {
  (void)state;
  static const enum server_act deaths[] = {SERVER_REPLY_CLOSE, SERVER_RESET};
  for (int i = 0; i < 2; i++) {
    struct server_step steps[] = {{SERVER_REPLY, OK_ONE, 0}, {deaths[i], NULL, 0}, {SERVER_REPLY, OK_ONE, 0}};
    struct server *s = server_start(steps, 3);
    struct net *n = client_open(server_port(s), (struct net_options){0});
    struct wish first, second;
    wish_init(&first, EXCHANGE_POST, "[{\"name\":\"a\"}]");
    wish_init(&second, EXCHANGE_POST, "[{\"name\":\"b\"}]");
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

static void an_update_on_a_dying_kept_connection_may_be_sent_again_and_is_counted(void **state) {
  (void)state;
  static const struct server_step steps[] = {
      {SERVER_REPLY, OK_ONE, 0}, {SERVER_REPLY_CLOSE, NULL, 0}, {SERVER_REPLY, OK_ONE, 0}};
  struct server *s = server_start(steps, 3);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish first, second;
  wish_init(&first, EXCHANGE_PUT, "[{\"id\":\"" ID "\"}]");
  wish_init(&second, EXCHANGE_PUT, "[{\"id\":\"" ID "\",\"phone\":null}]");
  client_perform(n, &first.e);
  client_perform(n, &second.e);
  assert_int_equal(second.e.end, EXCHANGE_ANSWERED);
  assert_int_equal(second.answer.state, ANSWER_COMPLETE);
  assert_int_equal(second.e.attempts, 2);
  assert_int_equal(server_requests(s), 3);
  assert_string_equal(strstr(server_request(s, 1), "\r\n\r\n"), strstr(server_request(s, 2), "\r\n\r\n"));
  wish_free(&first);
  wish_free(&second);
  net_close(n);
  server_stop(s);
}

/* ---- what the network does to one create ---- */

struct fault_case {
  struct server_step step;
  enum exchange_end end;
  int status;
  const char *message; /* a part of it */
};

static const struct fault_case fault_cases[] = {
    {{SERVER_RESET_EARLY, NULL, 0}, EXCHANGE_BROKEN, 0, "broke"},
    {{SERVER_RESET, NULL, 0}, EXCHANGE_BROKEN, 0, "reset by peer"},
    {{SERVER_REPLY_CLOSE, NULL, 0}, EXCHANGE_BROKEN, 0, "without an answer"},
    {{SERVER_RESET, OK_HEAD "Content-Length: 58\r\n\r\n[{", 0}, EXCHANGE_BROKEN, 200, "broke"},
    {{SERVER_REPLY_CLOSE, OK_HEAD "Content-Length: 58\r\n\r\n[{", 0}, EXCHANGE_BROKEN, 200, "cut off"},
    {{SERVER_REPLY_CLOSE, OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n[{", 0}, EXCHANGE_BROKEN, 200, "cut off"},
    {{SERVER_STALL, NULL, 0}, EXCHANGE_BROKEN, 0, "no whole answer"},
    {{SERVER_STALL, OK_HEAD "Content-Length: 58\r\n\r\n[{", 0}, EXCHANGE_BROKEN, 200, "no whole answer"},
    {{SERVER_REPLY_CLOSE, "SSH-2.0-OpenSSH_9.2\r\n", 0}, EXCHANGE_BROKEN, 0, "no HTTP"},
    {{SERVER_REPLY_CLOSE, OK_HEAD "Content-Encoding: gzip\r\n\r\nnot gzip", 0}, EXCHANGE_BROKEN, 200,
     "decompressed"},
};

static void a_create_that_may_have_arrived_is_broken_and_says_why(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof fault_cases / sizeof fault_cases[0]; i++) {
    const struct fault_case *c = &fault_cases[i];
    struct wish w;
    int requests;
    perform_one(&w, c->step, (struct net_options){.total_timeout_ms = 300}, &requests);
    assert_int_equal(w.e.end, c->end);
    assert_int_equal(w.e.status, c->status);
    assert_int_equal(w.e.attempts, 1);
    assert_true(requests <= 1);
    assert_int_equal(w.e.err.code, ERROR_UNREACHABLE);
    if (!strstr(w.e.err.message, c->message) || !strstr(w.e.err.message, "http://127.0.0.1"))
      fail_msg("%zu: %s", i, w.e.err.message);
    wish_free(&w);
  }
}

static void a_stall_ends_by_its_own_timeout(void **state) {
  (void)state;
  struct wish w;
  perform_one(&w, (struct server_step){SERVER_STALL, OK_HEAD "Content-Length: 58\r\n\r\n[{", 0},
              (struct net_options){.stall_timeout_ms = 1000}, NULL);
  assert_int_equal(w.e.end, EXCHANGE_BROKEN);
  assert_non_null(strstr(w.e.err.message, "stood still"));
  wish_free(&w);
}

static int free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  close(fd);
  return ntohs(address.sin_port);
}

static void a_refused_connection_surely_sent_nothing(void **state) {
  (void)state;
  struct net *n = client_open(free_port(), (struct net_options){0});
  struct wish w;
  wish_init(&w, EXCHANGE_POST, "[]");
  w.e.is_once = true;
  client_perform(n, &w.e);
  assert_int_equal(w.e.end, EXCHANGE_NOT_SENT);
  assert_int_equal(w.e.attempts, 0);
  assert_non_null(strstr(w.e.err.message, "Connection refused"));
  assert_non_null(strstr(w.e.err.hint, "nothing listens"));
  wish_free(&w);
  net_close(n);
}

static void a_name_without_address_surely_sent_nothing(void **state) {
  (void)state;
  struct net *n;
  struct error err;
  struct wish w;
  struct net_options options = {.base_url = "https://no-such-host.invalid/api"};
  assert_int_equal(net_open(&n, &options, &err), 0);
  wish_init(&w, EXCHANGE_GET, "");
  client_perform(n, &w.e);
  assert_int_equal(w.e.end, EXCHANGE_NOT_SENT);
  assert_non_null(strstr(w.e.err.message, "no address is known for no-such-host.invalid"));
  wish_free(&w);
  net_close(n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_carries_what_it_should_and_nothing_else),
      cmocka_unit_test(a_create_on_a_dying_kept_connection_is_on_the_wire_once),
      cmocka_unit_test(an_update_on_a_dying_kept_connection_may_be_sent_again_and_is_counted),
      cmocka_unit_test(a_create_that_may_have_arrived_is_broken_and_says_why),
      cmocka_unit_test(a_stall_ends_by_its_own_timeout),
      cmocka_unit_test(a_refused_connection_surely_sent_nothing),
      cmocka_unit_test(a_name_without_address_surely_sent_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
