#include "web/web.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { TIMEOUT_MS = 20000, BODY_MAX = 1000, ANSWER_MAX = 1 << 20 };

/* Time that stands still until a test moves it. */
struct held_clock {
  struct clock clock;
  int64_t mono_ns;
};

static int64_t held_mono_ns(const struct clock *c) {
  return ((const struct held_clock *)c)->mono_ns;
}
static int64_t held_wall_ms(const struct clock *c) { return held_mono_ns(c) / 1000000; }

/* A server that answers as ANSWER says and keeps what it was asked. */
struct fixture {
  struct held_clock clock;
  struct web *web;
  struct web_answer answer; /* body unused */
  const char *text;         /* the answer's body */
  bool is_refusing;         /* at begin() */
  unsigned begun, answered, ended;
  char method[16], path[64], header[64], body[2000];
  size_t body_len, args_len;
  char args[256]; /* "name=value;…" */
  bool is_body_too_large;
};

static void copy(char *to, size_t size, struct slice s) {
  (void)snprintf(to, size, "%.*s", SLICE_ARG(s));
}

static bool begin(void *user, struct web_request *r) {
  struct fixture *f = user;
  f->begun++;
  copy(f->header, sizeof f->header, web_request_header(r, "x-test"));
  return !f->is_refusing;
}

static void answer(void *user, struct web_request *r, struct web_answer *a) {
  struct fixture *f = user;
  f->answered++;
  copy(f->method, sizeof f->method, r->method);
  copy(f->path, sizeof f->path, r->path);
  f->args_len = r->args_len;
  for (size_t i = 0, len = 0; i < r->args_len && len < sizeof f->args; i++)
    len += (size_t)snprintf(f->args + len, sizeof f->args - len, "%.*s=%.*s;",
                            SLICE_ARG(r->args[i].name), SLICE_ARG(r->args[i].value));
  f->is_body_too_large = r->is_body_too_large;
  f->body_len = r->body.len;
  if (r->body.len) memcpy(f->body, r->body.ptr, r->body.len);
  struct buf body = a->body;
  *a = f->answer;
  a->body = body;
  buf_add_text(&a->body, f->text);
}

static void end(void *user, struct web_request *r) {
  struct fixture *f = user;
  (void)r;
  f->ended++;
}

static struct fixture *fixture_new(void) {
  const struct web_options options = {
      .address = "127.0.0.1", .body_max = BODY_MAX, .answer_max = ANSWER_MAX};
  struct error err;
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->clock.clock = (struct clock){held_mono_ns, held_wall_ms};
  f->clock.mono_ns = 1;
  f->answer.status = 200;
  f->text = "0123456789";
  const struct web_callbacks callbacks = {begin, answer, end, f};
  f->web = web_new(&options, &callbacks, &f->clock.clock, &err);
  assert_non_null(f->web);
  return f;
}

static void fixture_free(struct fixture *f) {
  web_free(f->web);
  assert_int_equal(f->ended, f->answered); /* none of these tests hangs up before */
  free(f);
}

static int connect_to(const struct fixture *f) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons(web_port(f->web)),
                           .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
  return fd;
}

static void say(int fd, const char *text) {
  assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Lets the server run until FD can be read; false: it waits for the held clock alone. */
static bool run_until_readable(struct fixture *f, int fd) {
  struct error err;
  for (;;) {
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = web_fd(f->web), .events = POLLIN}};
    int due_ms = web_timeout_ms(f->web);
    int ready = poll(fds, 2, due_ms < 0 ? TIMEOUT_MS : 0);
    assert_true(ready > 0 || due_ms >= 0);
    if (fds[0].revents) return true;
    if (ready == 0 && due_ms > 0) return false;
    assert_int_equal(web_run(f->web, &err), 0);
  }
}

/* What FD has to say until it ends; its errno, or 0 for a proper end. */
static int hear_all(struct fixture *f, int fd, char *to, size_t size) {
  size_t len = 0;
  for (;;) {
    to[len] = '\0';
    if (!run_until_readable(f, fd)) return EAGAIN;
    ssize_t got = recv(fd, to + len, size - 1 - len, 0);
    if (got <= 0) return got < 0 ? errno : 0;
    len += (size_t)got;
  }
}

/* Asks on a connection of its own that is closed behind the answer. */
static int ask(struct fixture *f, const char *request, char *to, size_t size) {
  int fd = connect_to(f);
  say(fd, request);
  int result = hear_all(f, fd, to, size);
  (void)close(fd);
  return result;
}

#define CLOSING "Host: x\r\nConnection: close\r\n"

static const char *body_of(const char *heard) {
  const char *blank = strstr(heard, "\r\n\r\n");
  return blank ? blank + 4 : "";
}

static void a_request_is_told_in_its_parts(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  f->answer.status = 201;
  assert_int_equal(ask(f,
                       "PUT /a%20b?x=1&y=%26&x HTTP/1.1\r\n" CLOSING
                       "X-Test: here\r\nContent-Length: 5\r\n\r\nabcde",
                       heard, sizeof heard),
                   0);
  assert_string_equal(f->method, "PUT");
  assert_string_equal(f->path, "/a b");
  assert_string_equal(f->args, "x=1;y=&;x=;");
  assert_string_equal(f->header, "here");
  assert_int_equal(f->body_len, 5);
  assert_memory_equal(f->body, "abcde", 5);
  assert_true(strncmp(heard, "HTTP/1.1 201 ", 13) == 0);
  assert_string_equal(body_of(heard), "0123456789");
  fixture_free(f);
}

static void a_header_set_twice_is_sent_once(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  web_answer_header(&f->answer, "X-Number", "%d", 1);
  web_answer_header(&f->answer, "x-number", "%d", 2);
  assert_int_equal(ask(f, "GET / HTTP/1.1\r\n" CLOSING "\r\n", heard, sizeof heard), 0);
  assert_non_null(strstr(heard, "x-number: 2\r\n"));
  assert_null(strstr(heard, "X-Number"));
  fixture_free(f);
}

static void a_body_past_its_limit_is_dropped_and_told(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096], request[BODY_MAX + 200];
  (void)state;
  for (int more = 0; more <= 1; more++) {
    (void)snprintf(request, sizeof request,
                   "PUT / HTTP/1.1\r\n" CLOSING "Content-Length: %d\r\n\r\n%0*d", BODY_MAX + more,
                   BODY_MAX + more, 0);
    assert_int_equal(ask(f, request, heard, sizeof heard), 0);
    assert_int_equal(f->is_body_too_large, more);
    assert_int_equal(f->body_len, more ? 0 : BODY_MAX);
  }
  fixture_free(f);
}

static void an_answer_waits_for_its_time(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  f->answer.delay_ms = 50;
  int fd = connect_to(f);
  say(fd, "GET / HTTP/1.1\r\n" CLOSING "\r\n");
  assert_int_equal(hear_all(f, fd, heard, sizeof heard), EAGAIN);
  assert_int_equal(f->answered, 1);
  assert_int_equal(web_timeout_ms(f->web), 50);
  f->clock.mono_ns += 49999999;
  assert_int_equal(web_timeout_ms(f->web), 1);
  assert_int_equal(hear_all(f, fd, heard, sizeof heard), EAGAIN);
  assert_string_equal(heard, "");
  f->clock.mono_ns += 1;
  assert_int_equal(hear_all(f, fd, heard, sizeof heard), 0);
  assert_string_equal(body_of(heard), "0123456789");
  assert_int_equal(f->answered, 1);
  (void)close(fd);
  fixture_free(f);
}

static void a_server_ends_with_answers_that_wait(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  f->answer.delay_ms = 3600000;
  int fd = connect_to(f);
  say(fd, "GET / HTTP/1.1\r\n" CLOSING "\r\n");
  assert_int_equal(hear_all(f, fd, heard, sizeof heard), EAGAIN);
  fixture_free(f); /* checks that the request ended */
  (void)close(fd);
}

static void ways_to_misbehave_look_so_to_a_client(void **state) {
  static const struct {
    enum web_way way;
    const char *body;
    int result;
  } rows[] = {
      {WEB_WHOLE, "0123456789", 0},          {WEB_RESET, "", ECONNRESET}, {WEB_CUT, "01234", 0},
      {WEB_RESET_HALF, "01234", ECONNRESET}, {WEB_DROP, "0123456789", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *f = fixture_new();
    char heard[4096];
    f->answer.way = rows[i].way;
    /* WEB_DROP has to close a connection that would have lived on. */
    const char *request = rows[i].way == WEB_DROP ? "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
                                                  : "GET / HTTP/1.1\r\n" CLOSING "\r\n";
    assert_int_equal(ask(f, request, heard, sizeof heard), rows[i].result);
    assert_string_equal(body_of(heard), rows[i].body);
    assert_int_equal(strstr(heard, "Content-Length: 10\r\n") != NULL, rows[i].way != WEB_RESET);
    fixture_free(f);
  }
}

static void a_pause_comes_in_the_middle(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096], rest[4096];
  (void)state;
  f->answer.way = WEB_PAUSE;
  f->answer.pause_ms = 70;
  int fd = connect_to(f);
  say(fd, "GET / HTTP/1.1\r\n" CLOSING "\r\n");
  assert_int_equal(hear_all(f, fd, heard, sizeof heard), EAGAIN);
  assert_string_equal(body_of(heard), "01234");
  assert_int_equal(web_timeout_ms(f->web), 70);
  f->clock.mono_ns += 70000000;
  assert_int_equal(hear_all(f, fd, rest, sizeof rest), 0);
  assert_string_equal(rest, "56789");
  (void)close(fd);
  fixture_free(f);
}

static void spaces_come_before_the_body(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  f->answer.spaces_len = 3;
  assert_int_equal(ask(f, "GET / HTTP/1.1\r\n" CLOSING "\r\n", heard, sizeof heard), 0);
  assert_string_equal(body_of(heard), "   0123456789");
  assert_non_null(strstr(heard, "Content-Length: 13\r\n"));
  fixture_free(f);
}

static void a_chunked_answer_has_no_length(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  f->answer.is_chunked = true;
  f->text = "012345678";
  assert_int_equal(ask(f, "GET / HTTP/1.1\r\n" CLOSING "\r\n", heard, sizeof heard), 0);
  assert_null(strstr(heard, "Content-Length"));
  assert_string_equal(body_of(heard), "9\r\n012345678\r\n0\r\n\r\n");
  fixture_free(f);
}

static void an_answer_that_is_too_long_is_500(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  char *text = malloc(ANSWER_MAX + 2);
  (void)state;
  assert_non_null(text);
  memset(text, 'x', ANSWER_MAX + 1);
  text[ANSWER_MAX + 1] = '\0';
  f->text = text;
  assert_int_equal(ask(f, "GET / HTTP/1.1\r\n" CLOSING "\r\n", heard, sizeof heard), 0);
  assert_true(strncmp(heard, "HTTP/1.1 500 ", 13) == 0);
  assert_string_equal(body_of(heard), "");
  free(text);
  fixture_free(f);
}

static void a_request_refused_at_its_head_is_reset_unread(void **state) {
  struct fixture *f = fixture_new();
  char heard[4096];
  (void)state;
  f->is_refusing = true;
  assert_int_equal(
      ask(f, "PUT / HTTP/1.1\r\n" CLOSING "Content-Length: 5\r\n\r\nabcde", heard, sizeof heard),
      ECONNRESET);
  assert_string_equal(heard, "");
  assert_int_equal(f->begun, 1);
  assert_int_equal(f->answered, 0);
  fixture_free(f);
}

static void a_port_in_use_is_an_error_with_a_hint(void **state) {
  struct fixture *f = fixture_new();
  const struct web_options options = {.address = "127.0.0.1", .port = web_port(f->web)};
  const struct web_callbacks callbacks = {begin, answer, end, f};
  struct error err;
  (void)state;
  assert_null(web_new(&options, &callbacks, &f->clock.clock, &err));
  assert_int_equal(err.code, ERROR_USAGE);
  assert_non_null(strstr(err.message, "127.0.0.1"));
  assert_true(err.hint[0] != '\0');
  fixture_free(f);
}

static void an_address_by_name_is_refused(void **state) {
  const struct web_options options = {.address = "localhost"};
  const struct web_callbacks callbacks = {begin, answer, end, NULL};
  struct error err;
  (void)state;
  assert_null(web_new(&options, &callbacks, &clock_real, &err));
  assert_int_equal(err.code, ERROR_USAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_is_told_in_its_parts),
      cmocka_unit_test(a_header_set_twice_is_sent_once),
      cmocka_unit_test(a_body_past_its_limit_is_dropped_and_told),
      cmocka_unit_test(an_answer_waits_for_its_time),
      cmocka_unit_test(a_server_ends_with_answers_that_wait),
      cmocka_unit_test(ways_to_misbehave_look_so_to_a_client),
      cmocka_unit_test(a_pause_comes_in_the_middle),
      cmocka_unit_test(spaces_come_before_the_body),
      cmocka_unit_test(a_chunked_answer_has_no_length),
      cmocka_unit_test(an_answer_that_is_too_long_is_500),
      cmocka_unit_test(a_request_refused_at_its_head_is_reset_unread),
      cmocka_unit_test(a_port_in_use_is_an_error_with_a_hint),
      cmocka_unit_test(an_address_by_name_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
