#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct answered_case {
  struct server_step step;
  int status;
  enum answer_state state; /* OPEN: it was not fed */
  const char *text;
};

#define CHUNKED CLIENT_HEAD "Transfer-Encoding: chunked\r\n\r\n"
#define GZIPPED                                                                                    \
  CLIENT_HEAD "Content-Encoding: gzip\r\nContent-Length: 22\r\n\r\n"                               \
              "\x1f\x8b\x08\0\0\0\0\0\x02\x03\x8b\x8e\x05\0\x29\xbb\x4c\x0d\x02\0\0\0"

static const struct answered_case answered_cases[] = {
    {{.act = SERVER_REPLY, .text = CLIENT_REPLY}, 200, ANSWER_COMPLETE, ""},
    {{.act = SERVER_REPLY, .text = "HTTP/1.1 201 Created\r\nContent-Length: 58\r\n\r\n" CLIENT_ONE},
     201,
     ANSWER_COMPLETE,
     ""},
    {{.act = SERVER_REPLY,
      .text = CHUNKED "9\r\n[{\"id\":\"7\r\n31\r\n" /* 9 and 49 bytes */
                      "b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\",\"name\":\"a\"}]\r\n0\r\n\r\n"},
     200,
     ANSWER_COMPLETE,
     ""},
    {{.act = SERVER_REPLY, .text = "HTTP/1.1 100 Continue\r\n\r\n" CLIENT_REPLY},
     200,
     ANSWER_COMPLETE,
     ""},
    {{.act = SERVER_REPLY,
      .text = "HTTP/1.1 103 Early Hints\r\nX-RateLimit-Limit: 1\r\n\r\n" CLIENT_REPLY},
     200,
     ANSWER_COMPLETE,
     ""},
    {{.act = SERVER_REPLY, .text = GZIPPED, .len = sizeof GZIPPED - 1}, 200, ANSWER_COMPLETE, ""},
    {{.act = SERVER_REPLY_CLOSE, .text = "HTTP/1.0 200 OK\r\n\r\n" CLIENT_ONE},
     200,
     ANSWER_COMPLETE,
     ""},
    {{.act = SERVER_REPLY, .text = CLIENT_HEAD "Content-Length: 0\r\n\r\n"}, 200, ANSWER_WRONG, ""},
    {{.act = SERVER_REPLY, .text = CLIENT_HEAD "Content-Length: 6\r\n\r\n<html>"},
     200,
     ANSWER_WRONG,
     ""},
    {{.act = SERVER_REPLY, .text = "HTTP/1.1 204 No Content\r\n\r\n"}, 204, ANSWER_OPEN, ""},
    {{.act = SERVER_REPLY, .text = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n[]"},
     202,
     ANSWER_OPEN,
     "[]"},
    {{.act = SERVER_REPLY, .text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\noops"},
     400,
     ANSWER_OPEN,
     "oops"},
    {{.act = SERVER_REPLY,
      .text = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: "
              "0\r\n\r\n"},
     401,
     ANSWER_OPEN,
     ""},
    {{.act = SERVER_REPLY,
      .text = "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Basic\r\nContent-Length: "
              "0\r\n\r\n"},
     407,
     ANSWER_OPEN,
     ""},
    {{.act = SERVER_REPLY, .text = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"},
     503,
     ANSWER_OPEN,
     ""},
};

static void a_whole_answer_is_taken_in_every_form_that_http_has(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof answered_cases / sizeof answered_cases[0]; i++) {
    const struct answered_case *c = &answered_cases[i];
    struct wish w;
    int requests = client_create(&w, c->step, (struct net_options){0});
    if (w.e.end != EXCHANGE_ANSWERED) fail_msg("%zu: %s", i, w.e.err.message);
    assert_int_equal(w.e.status, c->status);
    assert_int_equal(w.answer.state, c->state);
    assert_string_equal(buf_text(&w.e.text), c->text);
    assert_int_equal(w.e.attempts, 1);
    assert_int_equal(requests, 1);
    assert_true(w.e.limits.limit < 0); /* the hint's head is not the answer's */
    wish_free(&w);
  }
}

static void a_redirect_is_not_followed(void **state) {
  (void)state;
  static const char *const statuses[] = {"301", "302", "303", "307", "308"};
  for (int i = 0; i < 5; i++) {
    char reply[200];
    struct wish w;
    (void)snprintf(
        reply, sizeof reply,
        "HTTP/1.1 %s Moved\r\nLocation: https://evil.example/x\r\nContent-Length: 0\r\n\r\n",
        statuses[i]);
    int requests = client_create(&w, (struct server_step){.act = SERVER_REPLY, .text = reply},
                                 (struct net_options){0});
    assert_int_equal(w.e.end, EXCHANGE_ANSWERED);
    assert_string_equal(w.e.location, "https://evil.example/x");
    assert_int_equal(requests, 1);
    wish_free(&w);
  }
}

static void limits_of_the_head_are_handed_on(void **state) {
  (void)state;
  struct wish w;
  client_create(
      &w,
      (struct server_step){
          .act = SERVER_REPLY,
          .text = "HTTP/1.1 429 Slow\r\nX-RateLimit-Limit: 1000\r\nx-ratelimit-remaining: 0\r\n"
                  "Retry-After: 30\r\nContent-Length: 17\r\n\r\n{\"retryAfter\":60}"},
      (struct net_options){0});
  assert_int_equal(w.e.status, 429);
  assert_true(w.e.limits.limit == 1000 && w.e.limits.remaining == 0 &&
              w.e.limits.retry_after_s == 30);
  assert_true(w.e.limits.reset < 0);
  assert_string_equal(buf_text(&w.e.text), "{\"retryAfter\":60}");
  wish_free(&w);
}

static void an_answer_without_end_is_ended_in_flat_memory(void **state) {
  (void)state;
  static const char *const heads[] = {CLIENT_HEAD "\r\n ", "HTTP/1.1 500 Oh\r\n\r\n "};
  for (int i = 0; i < 2; i++) {
    struct wish w;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    client_create(
        &w, (struct server_step){.act = SERVER_REPLY_CLOSE, .text = heads[i], .times = 1 << 30},
        (struct net_options){0});
    getrusage(RUSAGE_SELF, &after);
    assert_int_equal(w.e.end, EXCHANGE_ANSWERED);
    assert_int_equal(w.answer.state, i == 0 ? ANSWER_WRONG : ANSWER_OPEN);
    assert_int_equal(w.e.is_text_cut, i == 1);
    assert_int_equal(w.e.text.len, i == 1 ? 1000 : 0);
    assert_true(w.e.bytes_received < 8 << 20);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 << 10);
    wish_free(&w);
  }
}

/* ---- what the network does to one create ---- */

struct broken_case {
  struct server_step step;
  int status;
  const char *message; /* a part of it */
};

static const struct broken_case broken_cases[] = {
    {{.act = SERVER_RESET_EARLY}, 0, "broke"},
    {{.act = SERVER_RESET}, 0, "reset by peer"},
    {{.act = SERVER_REPLY_CLOSE}, 0, "without an answer"},
    {{.act = SERVER_REPLY_CLOSE, .text = "HTTP/1.1 100 Continue\r\n\r\n"}, 0, "without an answer"},
    {{.act = SERVER_RESET, .text = CLIENT_HEAD "Content-Length: 58\r\n\r\n[{"}, 200, "broke"},
    {{.act = SERVER_REPLY_CLOSE, .text = CLIENT_HEAD "Content-Length: 58\r\n\r\n[{"},
     200,
     "cut off"},
    {{.act = SERVER_REPLY_CLOSE, .text = CHUNKED "5\r\n[{"}, 200, "cut off"},
    {{.act = SERVER_REPLY_CLOSE, .text = CHUNKED "2\r\n[]\r\n"}, 200, "cut off"},
    {{.act = SERVER_STALL}, 0, "no whole answer"},
    {{.act = SERVER_STALL_READ}, 0, "no whole answer"},
    {{.act = SERVER_STALL, .text = CLIENT_HEAD "Content-Length: 58\r\n\r\n[{"},
     200,
     "no whole answer"},
    {{.act = SERVER_REPLY_CLOSE, .text = "SSH-2.0-OpenSSH_9.2\r\n"}, 0, "no HTTP"},
    {{.act = SERVER_REPLY_CLOSE, .text = CLIENT_HEAD "Content-Encoding: gzip\r\n\r\nnot gzip"},
     200,
     "decompressed"},
};

static void a_create_that_may_have_arrived_is_broken_and_says_why(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof broken_cases / sizeof broken_cases[0]; i++) {
    const struct broken_case *c = &broken_cases[i];
    struct wish w;
    int requests = client_create(&w, c->step, (struct net_options){.total_timeout_ms = 200});
    assert_int_equal(w.e.end, EXCHANGE_BROKEN);
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
  client_create(&w, (struct server_step){.act = SERVER_STALL},
                (struct net_options){.stall_timeout_ms = 1000});
  assert_int_equal(w.e.end, EXCHANGE_BROKEN);
  assert_non_null(strstr(w.e.err.message, "stood still"));
  wish_free(&w);
}

/* A port that nobody listens on. */
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

static void a_connection_that_nobody_accepts_times_out_unsent(void **state) {
  (void)state;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0), waiting[4];
  assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
  assert_int_equal(listen(listener, 0),
                   0); /* a backlog of 0 holds one; the next SYNs are dropped */
  assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
  for (int i = 0; i < 4; i++) {
    waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    (void)connect(waiting[i], (struct sockaddr *)&address, len); /* under way is all it can be */
  }
  struct net *n =
      client_open(ntohs(address.sin_port), (struct net_options){.connect_timeout_ms = 200});
  struct wish w;
  wish_init(&w, EXCHANGE_GET, "");
  client_perform(n, &w.e);
  assert_int_equal(w.e.end, EXCHANGE_NOT_SENT);
  assert_non_null(strstr(w.e.err.message, "within 200 ms"));
  wish_free(&w);
  net_close(n);
  for (int i = 0; i < 4; i++) close(waiting[i]);
  close(listener);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_answer_is_taken_in_every_form_that_http_has),
      cmocka_unit_test(a_redirect_is_not_followed),
      cmocka_unit_test(limits_of_the_head_are_handed_on),
      cmocka_unit_test(an_answer_without_end_is_ended_in_flat_memory),
      cmocka_unit_test(a_create_that_may_have_arrived_is_broken_and_says_why),
      cmocka_unit_test(a_stall_ends_by_its_own_timeout),
      cmocka_unit_test(a_refused_connection_surely_sent_nothing),
      cmocka_unit_test(a_name_without_address_surely_sent_nothing),
      cmocka_unit_test(a_connection_that_nobody_accepts_times_out_unsent),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
