#include "client.h"
#include "keys/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct secret *key_for(const char *origin, struct slice text) {
  struct error err;
  struct secret *key = secret_of(text, &err);
  assert_non_null(key);
  if (secret_bind(key, origin, SECRET_HEADER_DEFAULT, &err) != 0) fail_msg("%s", err.message);
  return key;
}

static void a_request_carries_what_it_should_and_nothing_else(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = CLIENT_REPLY};
  struct server *s = server_start(&step, 1);
  char origin[64], want[1000];
  struct wish put, get;
  (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%d", server_port(s));
  struct secret *key = key_for(origin, SLICE("hk_test_1234567890"));
  struct net *n = client_open(server_port(s), (struct net_options){.key = key});
  wish_init(&put, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  wish_init(&get, EXCHANGE_GET, "");
  get.e.target = "/partners?take=50";
  client_perform(n, &put.e);
  client_perform(n, &get.e);

  (void)snprintf(
      want, sizeof want,
      "PUT /api/partners HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: hoko/" HOKO_VERSION "\r\n"
      "Accept: */*\r\nAccept-Encoding: gzip\r\nContent-Type: application/json\r\n"
      "Authorization: Bearer hk_test_1234567890\r\nContent-Length: 14\r\n\r\n[{\"name\":\"a\"}]",
      server_port(s));
  assert_string_equal(server_request(s, 0), want);
  (void)snprintf(
      want, sizeof want,
      "GET /api/partners?take=50 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: hoko/" HOKO_VERSION
      "\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nCache-Control: no-cache\r\n"
      "Authorization: Bearer hk_test_1234567890\r\n\r\n",
      server_port(s));
  assert_string_equal(server_request(s, 1), want);
  assert_int_equal(server_connections(s), 1);
  assert_int_equal(put.e.bytes_sent, strlen(server_request(s, 0)));
  assert_int_equal(put.e.bytes_received, strlen(CLIENT_REPLY));
  assert_string_equal(put.e.content_type, "application/json");
  assert_true(put.e.ended_mono_ns >= put.e.began_mono_ns && put.e.began_wall_ms > 0);
  wish_free(&put);
  wish_free(&get);
  net_close(n);
  secret_free(key);
  server_stop(s);
}

static void a_post_without_body_says_so(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = CLIENT_REPLY};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish w;
  wish_init(&w, EXCHANGE_POST, "");
  client_perform(n, &w.e);
  assert_non_null(strstr(server_request(s, 0), "\r\nContent-Length: 0\r\n"));
  w.e.method = EXCHANGE_DELETE;
  client_perform(n, &w.e);
  assert_int_equal(strncmp(server_request(s, 1), "DELETE ", 7), 0);
  assert_null(strstr(server_request(s, 1), "Content-"));
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

static void a_started_command_inherits_no_connection(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = CLIENT_REPLY};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct wish w;
  wish_init(&w, EXCHANGE_GET, "");
  client_perform(n, &w.e);
  int found = 0;
  for (int fd = 0; fd < 1024; fd++) {
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != server_port(s)) continue;
    found++;
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  }
  assert_int_equal(found, 1);
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

static void what_cannot_be_opened_says_what_is_wrong(void **state) {
  (void)state;
  struct secret *key = key_for("https://hoko.to", SLICE("hk_test_1234567890"));
  struct open_case {
    const char *url;
    const struct secret *key;
    enum error_code code;
    const char *message;
  } cases[] = {
      {"http://hoko.to/api", NULL, ERROR_USAGE, "not encrypted"},
      {"ftp://hoko.to/api", NULL, ERROR_USAGE, "https://"},
      {"https://hoko.to.evil.example/api", key, ERROR_AUTH,
       "is not sent to https://hoko.to.evil.example"},
      {"https://hoko.to:8443/api", key, ERROR_AUTH, "is not sent to"},
      {"http://127.0.0.1/api", key, ERROR_AUTH, "is not sent to"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct net *n;
    struct error err;
    struct net_options options = {.base_url = cases[i].url, .key = cases[i].key};
    assert_int_equal(net_open(&n, &options, &err), -1);
    assert_int_equal(err.code, cases[i].code);
    if (!strstr(err.message, cases[i].message)) fail_msg("%s", err.message);
  }
  secret_free(key);
}

/* ---- the key in memory ---- */

enum { CANARY_LEN = 32, MASK = 0x2a };

/* The canary exists in masked form only, but where a key is made of it. */
static void make_canary(char canary[CANARY_LEN]) {
  for (int i = 0; i < CANARY_LEN; i++) canary[i] = (char)('A' + (i * 7 + 3) % 26);
}

static size_t count_in(const char *bytes, size_t len) {
  size_t found = 0;
  for (size_t at = 0; at + CANARY_LEN <= len; at++) {
    const char *first = memchr(bytes + at, 'D', len - at);
    if (!first || (at = (size_t)(first - bytes)) + CANARY_LEN > len) break;
    int i = 0;
    while (i < CANARY_LEN && bytes[at + (size_t)i] == (char)('A' + (i * 7 + 3) % 26)) i++;
    found += i == CANARY_LEN;
  }
  return found;
}

/* How often the canary stands in this process's writable memory. */
static size_t count_in_memory(void) {
  enum { BLOCK = 1 << 20 };
  FILE *maps = fopen("/proc/self/maps", "r");
  int memory = open("/proc/self/mem", O_RDONLY);
  char *block = malloc(BLOCK), line[512];
  size_t found = 0;
  assert_true(maps && memory >= 0 && block);
  while (fgets(line, sizeof line, maps)) {
    unsigned long from, to;
    char access[8];
    if (sscanf(line, "%lx-%lx %4s", &from, &to, access) != 3 || strncmp(access, "rw", 2) != 0)
      continue;
    /* Shadow memory of a sanitizer is terabytes of nothing. */
    if (to - from > 1ul << 30) continue;
    for (unsigned long at = from; at < to; at += BLOCK - CANARY_LEN) {
      size_t len = to - at < BLOCK ? to - at : BLOCK;
      if (at <= (unsigned long)block && at + len > (unsigned long)block) continue;
      ssize_t n = pread(memory, block, len, (off_t)at);
      if (n > 0) found += count_in(block, (size_t)n);
    }
  }
  memset(block, 0, BLOCK);
  free(block);
  close(memory);
  fclose(maps);
  return found;
}

static void no_copy_of_the_key_stays_behind(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = CLIENT_REPLY};
  struct server *s = server_start(&step, 1);
  char origin[64], canary[CANARY_LEN];
  struct wish w;
  make_canary(canary);
  (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%d", server_port(s));
  struct secret *key = key_for(origin, (struct slice){canary, sizeof canary});
  struct net *n = client_open(server_port(s), (struct net_options){.key = key});
  wish_init(&w, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  client_perform(n, &w.e);
  assert_non_null(strstr(server_request(s, 0), "Authorization: Bearer DKRY"));
  server_stop(s);
  explicit_bzero(canary, sizeof canary);
  assert_true(count_in_memory() > 0); /* in libcurl's list of headers, at least */
  net_close(n);
  secret_free(key);
  assert_int_equal(count_in_memory(), 0);
  wish_free(&w);
}

/* ---- limits ---- */

#define TOO_MANY "HTTP/1.1 429 Slow\r\nContent-Length: 16\r\n\r\n{\"retryAfter\":7}"

static void a_429_closes_until_the_time_that_its_body_tells(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = TOO_MANY};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){0});
  struct transport *t = net_transport(n);
  struct wish w;
  wish_init(&w, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  assert_int_equal(net_limits(n).why, NET_WAIT_NONE);
  int64_t before = clock_mono_ns(&clock_real);
  assert_true(transport_ready_at(t) <= clock_mono_ns(&clock_real));
  client_perform(n, &w.e);
  int64_t at = transport_ready_at(t), after = clock_mono_ns(&clock_real);
  assert_true(at >= before + 7 * INT64_C(1000000000) && at <= after + 7 * INT64_C(1000000000));
  struct net_limits limits = net_limits(n);
  assert_int_equal(limits.why, NET_WAIT_NONE); /* nothing is to be sent */
  assert_false(transport_is_ready(t, &clock_real));
  limits = net_limits(n);
  assert_int_equal(limits.why, NET_WAIT_TOLD);
  assert_true(limits.closed_until_mono_ns == at);
  assert_int_equal(limits.under_way, 0);
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

static void no_more_go_than_may_be_under_way(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_STALL};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){.concurrency = 4});
  struct wish w;
  wish_init(&w, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  transport_submit(net_transport(n), &w.e);
  assert_true(transport_ready_at(net_transport(n)) == INT64_MAX);
  assert_int_equal(net_limits(n).under_way, 1);
  assert_int_equal(net_limits(n).under_way_max, 1);
  net_close(n);
  server_stop(s);
  wish_free(&w);
}

/* ---- waiting, on a clock that is held ---- */

struct held_clock {
  struct clock clock;
  int64_t now_ns;
};

static int64_t held_mono_ns(const struct clock *c) {
  return ((const struct held_clock *)(const void *)c)->now_ns;
}
static int64_t held_wall_ms(const struct clock *c) {
  return held_mono_ns(c) / 1000000 + INT64_C(1700000000000);
}

static void waits_are_counted_while_something_is_to_be_sent(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = TOO_MANY};
  struct held_clock c = {{held_mono_ns, held_wall_ms}, INT64_C(5000000000)};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(server_port(s), (struct net_options){.clock = &c.clock});
  struct transport *t = net_transport(n);
  struct wish w;
  wish_init(&w, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  client_perform(n, &w.e);
  c.now_ns += INT64_C(1000000000); /* nothing is to be sent: no wait */
  assert_true(transport_ready_at(t) == INT64_C(12000000000));
  assert_false(transport_is_ready(t, &c.clock));
  c.now_ns += INT64_C(2000000000);
  assert_int_equal(net_limits(n).waited_ms, 2000);
  c.now_ns = INT64_C(99000000000); /* the caller was late, which is not the limit's doing */
  assert_int_equal(net_limits(n).waited_ms, 6000);
  client_perform(n, &w.e);
  assert_int_equal(net_limits(n).waited_ms, 6000);
  wish_free(&w);
  net_close(n);
  server_stop(s);
}

/* ---- a limit kept with other processes ---- */

/* The record as two processes would find it in turn. */
struct record {
  bool is_broken;
  _Alignas(max_align_t) char bytes[8192];
};

static int change_record(void *user, bool (*apply)(void *arg, void *record), void *arg) {
  struct record *r = user;
  if (r->is_broken) return -1;
  assert_in_range(net_share_size(), 1, sizeof r->bytes);
  (void)apply(arg, r->bytes);
  return 0;
}

static void what_another_process_learnt_is_obeyed(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = TOO_MANY};
  static struct record record;
  struct held_clock c = {{held_mono_ns, held_wall_ms}, INT64_C(5000000000)};
  struct server *s = server_start(&step, 1);
  const struct net_options o = {.clock = &c.clock,
                                .share = {.user = &record, .change = change_record}};
  struct net *one = client_open(server_port(s), o), *other = client_open(server_port(s), o);
  struct wish w;
  wish_init(&w, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  assert_true(transport_is_ready(net_transport(other), &c.clock));
  client_perform(one, &w.e);
  assert_true(transport_ready_at(net_transport(other)) ==
              INT64_C(5050000000));                                 /* OTHER has leave */
  assert_false(transport_is_ready(net_transport(other), &c.clock)); /* it gave that back */
  assert_true(transport_ready_at(net_transport(other)) == INT64_C(12000000000));
  assert_int_equal(net_limits(other).why, NET_WAIT_TOLD);
  net_close(other);
  net_close(one);
  struct net *later = client_open(server_port(s), o);
  assert_true(transport_ready_at(net_transport(later)) == INT64_C(12000000000));
  net_close(later);
  wish_free(&w);
  server_stop(s);
}

static void a_limit_that_cannot_be_shared_is_kept_alone(void **state) {
  (void)state;
  static const struct server_step step = {.act = SERVER_REPLY, .text = TOO_MANY};
  struct record record = {.is_broken = true};
  struct held_clock c = {{held_mono_ns, held_wall_ms}, INT64_C(5000000000)};
  struct server *s = server_start(&step, 1);
  struct net *n = client_open(
      server_port(s),
      (struct net_options){.clock = &c.clock, .share = {.user = &record, .change = change_record}});
  struct wish w;
  wish_init(&w, EXCHANGE_PUT, "[{\"name\":\"a\"}]");
  client_perform(n, &w.e);
  assert_true(transport_ready_at(net_transport(n)) == INT64_C(12000000000));
  net_close(n);
  wish_free(&w);
  server_stop(s);
}

static void the_version_names_libcurl(void **state) {
  (void)state;
  assert_int_equal(strncmp(net_version(), "libcurl/", 8), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_carries_what_it_should_and_nothing_else),
      cmocka_unit_test(a_post_without_body_says_so),
      cmocka_unit_test(a_started_command_inherits_no_connection),
      cmocka_unit_test(what_cannot_be_opened_says_what_is_wrong),
      cmocka_unit_test(no_copy_of_the_key_stays_behind),
      cmocka_unit_test(a_429_closes_until_the_time_that_its_body_tells),
      cmocka_unit_test(no_more_go_than_may_be_under_way),
      cmocka_unit_test(waits_are_counted_while_something_is_to_be_sent),
      cmocka_unit_test(what_another_process_learnt_is_obeyed),
      cmocka_unit_test(a_limit_that_cannot_be_shared_is_kept_alone),
      cmocka_unit_test(the_version_names_libcurl),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
