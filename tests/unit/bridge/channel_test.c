/* Both ends of a bridge over a real socket pair: order, pieces, descriptors, the end. */
#include "bridge/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

struct bridge {
  struct channel *host, *worker;
};

static int open_bridge(void **state) {
  struct bridge *b = calloc(1, sizeof *b);
  struct error err;
  int fd[2];
  assert_non_null(b);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
  b->host = channel_new(fd[0], false, &err);
  b->worker = channel_new(fd[1], true, &err);
  assert_true(b->host && b->worker);
  *state = b;
  return 0;
}

static int close_bridge(void **state) {
  struct bridge *b = *state;
  channel_free(b->host);
  channel_free(b->worker);
  free(b);
  return 0;
}

static void expect(struct channel *c, struct message *m) {
  struct error err;
  enum channel_got got = channel_next(c, m, &err);
  if (got == CHANNEL_BROKEN) fail_msg("%s", err.message);
  assert_int_equal(got, CHANNEL_MESSAGE);
}

static void expect_credit(struct channel *c, int64_t number) {
  struct message m;
  expect(c, &m);
  assert_int_equal(m.kind, MESSAGE_CREDIT);
  assert_int_equal(m.number[0], number);
}

static void send_credit(struct channel *c, int64_t number) {
  assert_int_equal(channel_send(c, &(struct message){.kind = MESSAGE_CREDIT, .number = {number}}),
                   0);
}

static void messages_arrive_in_order_both_ways(void **state) {
  struct bridge *b = *state;
  struct message m;
  for (int i = 0; i < 100; i++) send_credit(b->host, i);
  for (int i = 0; i < 100; i++) expect_credit(b->worker, i);
  for (int i = 0; i < 100; i++)
    assert_int_equal(
        channel_send(b->worker,
                     &(struct message){.kind = MESSAGE_OPEN, .number = {i}, .text = {SLICE("f")}}),
        0);
  for (int i = 0; i < 100; i++) {
    expect(b->host, &m);
    assert_int_equal(m.number[0], i);
    assert_true(slice_is(m.text[0], "f"));
  }
}

static void the_host_never_blocks_and_queues_what_is_not_read(void **state) {
  struct bridge *b = *state;
  struct error err;
  struct message m;
  char *text = calloc(1, 1 << 20);
  assert_int_equal(channel_next(b->host, &m, &err), CHANNEL_NOTHING);
  for (int i = 0; i < 20; i++)
    assert_int_equal(channel_send(b->host, &(struct message){.kind = MESSAGE_ACKED,
                                                             .number = {i},
                                                             .text = {{text, 1 << 20}}}),
                     0);
  assert_true(channel_queued(b->host) > 0);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(channel_flush(b->host), 0);
    while (!channel_is_ready(b->worker)) assert_int_equal(channel_flush(b->host), 0);
    /* A frame of 1 MiB is larger than what the socket holds, so the host feeds it on. */
    enum channel_got got;
    int fd = channel_fd(b->worker), flags = fcntl(fd, F_GETFL);
    assert_int_equal(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
    while ((got = channel_next(b->worker, &m, &err)) == CHANNEL_NOTHING)
      assert_int_equal(channel_flush(b->host), 0);
    assert_int_equal(fcntl(fd, F_SETFL, flags), 0);
    assert_int_equal(got, CHANNEL_MESSAGE);
    assert_int_equal(m.number[0], i);
    assert_int_equal(m.text[0].len, 1 << 20);
  }
  assert_int_equal(channel_queued(b->host), 0);
  free(text);
}

/* Longer than what the socket takes at once, so that some of it goes directly, some queued. */
static void a_long_text_arrives_whole_with_what_stands_around_it(void **state) {
  enum { LEN = 3 << 20 };
  struct bridge *b = *state;
  struct error err;
  struct message m;
  enum channel_got got;
  char *text = malloc(LEN);
  assert_non_null(text);
  for (size_t i = 0; i < LEN; i++) text[i] = (char)(i * 7 + i / 256);
  const struct message sent = {
      .kind = MESSAGE_REPLY, .number = {3, 4}, .text = {{text, LEN}, SLICE("what"), SLICE("hint")}};
  for (int i = 0; i < 2; i++) assert_int_equal(channel_send(b->host, &sent), 0);
  send_credit(b->host, 5);
  assert_int_equal(fcntl(channel_fd(b->worker), F_SETFL, O_NONBLOCK), 0);
  for (int i = 0; i < 2; i++) {
    while ((got = channel_next(b->worker, &m, &err)) == CHANNEL_NOTHING)
      assert_int_equal(channel_flush(b->host), 0);
    assert_int_equal(got, CHANNEL_MESSAGE);
    assert_true(m.number[0] == 3 && m.number[1] == 4);
    assert_true(slice_equal(m.text[0], sent.text[0]));
    assert_true(slice_is(m.text[1], "what") && slice_is(m.text[2], "hint"));
  }
  assert_int_equal(channel_flush(b->host), 0);
  expect_credit(b->worker, 5);
  free(text);
}

static void a_queue_past_its_limit_is_told_by_the_next_flush(void **state) {
  struct bridge *b = *state;
  char *text = calloc(1, FRAME_PAYLOAD_MAX / 2);
  struct message m = {.kind = MESSAGE_ACKED, .text = {{text, FRAME_PAYLOAD_MAX / 2}}};
  int rc = 0;
  for (int i = 0; i < 20 && rc == 0; i++) rc = channel_send(b->host, &m);
  assert_int_equal(rc, -1);
  assert_int_equal(channel_flush(b->host), -1);
  free(text);
}

static void a_frame_may_arrive_byte_by_byte(void **state) {
  struct bridge *b = *state;
  struct buf frame = BUF_WITH_LIMIT(1 << 10);
  struct message m;
  struct error err;
  message_put(&frame, &(struct message){.kind = MESSAGE_CALL, .text = {SLICE("log"), SLICE("{}")}});
  for (size_t i = 0; i < frame.len; i++) {
    assert_int_equal(channel_next(b->host, &m, &err), CHANNEL_NOTHING);
    assert_int_equal(channel_send_raw(b->worker, (struct slice){frame.ptr + i, 1}), 0);
  }
  expect(b->host, &m);
  assert_true(slice_is(m.text[0], "log") && slice_is(m.text[1], "{}"));
  buf_free(&frame);
}

static void a_kept_payload_outlives_the_next_message(void **state) {
  struct bridge *b = *state;
  struct message rows, m;
  assert_int_equal(
      channel_send(b->worker, &(struct message){.kind = MESSAGE_ROWS, .text = {SLICE("first")}}),
      0);
  assert_int_equal(
      channel_send(b->worker, &(struct message){.kind = MESSAGE_ROWS, .text = {SLICE("secnd")}}),
      0);
  expect(b->host, &rows);
  char *payload = channel_keep(b->host);
  expect(b->host, &m);
  assert_true(slice_is(rows.text[0], "first") && slice_is(m.text[0], "secnd"));
  free(payload);
}

/* A pipe's end that holds the byte C. */
static int pipe_with(char c) {
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  assert_int_equal(write(fd[1], &c, 1), 1);
  (void)close(fd[1]);
  return fd[0];
}

static void descriptors_come_with_their_message(void **state) {
  struct bridge *b = *state;
  struct message m;
  const struct message reply = {.kind = MESSAGE_REPLY};
  send_credit(b->host, 1);
  assert_int_equal(channel_send_fd(b->host, &reply, pipe_with('a')), 0);
  assert_int_equal(channel_send_fd(b->host, &reply, -1), 0);
  assert_int_equal(channel_send_fd(b->host, &reply, pipe_with('b')), 0);
  expect_credit(b->worker, 1);
  assert_int_equal(channel_take_fd(b->worker), -1);
  for (const char *wanted = "a-b"; *wanted; wanted++) {
    char got = '-';
    expect(b->worker, &m);
    int fd = channel_take_fd(b->worker);
    assert_int_equal(fd >= 0, *wanted != '-');
    if (fd < 0) continue;
    assert_int_equal(read(fd, &got, 1), 1);
    assert_int_equal(got, *wanted);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    (void)close(fd);
  }
}

static void descriptors_of_a_worker_do_not_reach_the_host(void **state) {
  struct bridge *b = *state;
  struct message m;
  int fd = pipe_with('x'), before = dup(fd);
  (void)close(before); /* the lowest number that is free */
  assert_int_equal(channel_send_fd(b->worker, &(struct message){.kind = MESSAGE_END}, fd), 0);
  expect(b->host, &m);
  assert_int_equal(channel_take_fd(b->host), -1);
  int after = open("/dev/null", O_RDONLY);
  assert_true(after <= before);
  (void)close(after);
}

static int open_fds(void) {
  int n = 0;
  for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

static void descriptors_that_nobody_took_are_closed(void **state) {
  struct bridge *b = *state;
  int before = open_fds();
  struct message m;
  for (int i = 0; i < 8; i++) {
    assert_int_equal(
        channel_send_fd(b->host, &(struct message){.kind = MESSAGE_REPLY}, pipe_with('x')), 0);
    expect(b->worker, &m);
  }
  channel_free(b->worker);
  b->worker = NULL;
  assert_int_equal(open_fds(), before - 1);
}

static void an_end_that_is_gone_is_told(void **state) {
  struct bridge *b = *state;
  struct message m;
  struct error err;
  assert_int_equal(channel_send(b->worker, &(struct message){.kind = MESSAGE_DONE}), 0);
  channel_free(b->worker);
  b->worker = NULL;
  expect(b->host, &m); /* the last words are read first */
  assert_int_equal(m.kind, MESSAGE_DONE);
  assert_int_equal(channel_next(b->host, &m, &err), CHANNEL_CLOSED);
  int rc = channel_send(b->host, &(struct message){.kind = MESSAGE_CREDIT}); /* no SIGPIPE */
  if (rc == 0) rc = channel_send(b->host, &(struct message){.kind = MESSAGE_CREDIT});
  assert_int_equal(rc, -1);
}

static void a_worker_finds_its_host_gone(void **state) {
  struct bridge *b = *state;
  struct message m;
  struct error err;
  channel_free(b->host);
  b->host = NULL;
  assert_true(channel_is_ready(b->worker));
  assert_int_equal(channel_next(b->worker, &m, &err), CHANNEL_CLOSED);
  assert_int_equal(channel_send_raw(b->worker, SLICE("12345678")), -1);
}

static void a_cut_frame_is_an_end_not_a_message(void **state) {
  struct bridge *b = *state;
  struct message m;
  struct error err;
  assert_int_equal(channel_send_raw(b->worker, (struct slice){"\x10\0\0\0\x0a\0\0\0abc", 11}), 0);
  channel_free(b->worker);
  b->worker = NULL;
  assert_int_equal(channel_next(b->host, &m, &err), CHANNEL_CLOSED);
}

static void garbage_breaks_the_bridge(void **state) {
  struct bridge *b = *state;
  struct message m;
  struct error err;
  assert_int_equal(channel_send_raw(b->worker, SLICE("GET / HTTP/1.1\r\n")), 0);
  assert_int_equal(channel_next(b->host, &m, &err), CHANNEL_BROKEN);
  assert_int_equal(err.code, ERROR_INTERNAL);
}

#define ON_A_BRIDGE(test) cmocka_unit_test_setup_teardown(test, open_bridge, close_bridge)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_A_BRIDGE(messages_arrive_in_order_both_ways),
      ON_A_BRIDGE(the_host_never_blocks_and_queues_what_is_not_read),
      ON_A_BRIDGE(a_long_text_arrives_whole_with_what_stands_around_it),
      ON_A_BRIDGE(a_queue_past_its_limit_is_told_by_the_next_flush),
      ON_A_BRIDGE(a_frame_may_arrive_byte_by_byte),
      ON_A_BRIDGE(a_kept_payload_outlives_the_next_message),
      ON_A_BRIDGE(descriptors_come_with_their_message),
      ON_A_BRIDGE(descriptors_of_a_worker_do_not_reach_the_host),
      ON_A_BRIDGE(descriptors_that_nobody_took_are_closed),
      ON_A_BRIDGE(an_end_that_is_gone_is_told),
      ON_A_BRIDGE(a_worker_finds_its_host_gone),
      ON_A_BRIDGE(a_cut_frame_is_an_end_not_a_message),
      ON_A_BRIDGE(garbage_breaks_the_bridge),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
