#include "base/queue.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static struct queue *queue_of(size_t cap) {
  struct error err;
  struct queue *q = queue_new(cap, &err);
  assert_non_null(q);
  return q;
}

static bool is_readable(const struct queue *q, int timeout_ms) {
  struct pollfd p = {.fd = queue_fd(q), .events = POLLIN};
  return poll(&p, 1, timeout_ms) == 1;
}

static void pointers_come_out_in_the_order_they_went_in(void **state) {
  int items[5];
  struct queue *q = queue_of(3);
  (void)state;
  for (size_t i = 0; i < 5; i++) { /* the ring wraps around */
    assert_true(queue_give(q, &items[i]));
    if (i >= 1) assert_ptr_equal(queue_take(q), &items[i - 1]);
  }
  assert_ptr_equal(queue_take(q), &items[4]);
  assert_null(queue_take(q));
  queue_free(q);
}

static void a_full_queue_leaves_the_item_to_the_caller(void **state) {
  int a, b, c;
  struct queue *q = queue_of(2);
  (void)state;
  assert_true(queue_give(q, &a));
  assert_true(queue_give(q, &b));
  assert_false(queue_give(q, &c));
  assert_ptr_equal(queue_take(q), &a);
  assert_true(queue_give(q, &c));
  assert_ptr_equal(queue_take(q), &b);
  assert_ptr_equal(queue_take(q), &c);
  queue_free(q);
}

static void the_descriptor_is_readable_until_nothing_was_taken(void **state) {
  int a, b;
  struct queue *q = queue_of(2);
  (void)state;
  assert_false(is_readable(q, 0));
  assert_true(queue_give(q, &a));
  assert_true(queue_give(q, &b));
  assert_true(is_readable(q, 0));
  assert_non_null(queue_take(q));
  assert_true(is_readable(q, 0));
  assert_non_null(queue_take(q));
  assert_null(queue_take(q));
  assert_false(is_readable(q, 0));
  assert_true(queue_give(q, &a));
  assert_true(is_readable(q, 0));
  queue_free(q);
}

static void a_queue_without_room_takes_nothing(void **state) {
  int a;
  struct queue *q = queue_of(0);
  (void)state;
  assert_false(queue_give(q, &a));
  assert_null(queue_take(q));
  queue_free(q);
  queue_free(NULL);
}

static void a_queue_beyond_all_memory_is_an_error(void **state) {
  struct error err;
  (void)state;
  assert_null(queue_new(SIZE_MAX / sizeof(void *), &err));
  assert_int_equal(err.code, ERROR_MEMORY);
  assert_null(queue_new(SIZE_MAX, &err));
}

enum { SENT = 20000, SENDERS = 2 };

struct sender {
  struct queue *q;
  char items[SENT]; /* only their addresses matter */
};

static void *send_all(void *arg) {
  struct sender *s = arg;
  for (size_t i = 0; i < SENT; i++)
    while (!queue_give(s->q, &s->items[i])) sched_yield();
  return NULL;
}

/* Each sender's pointers arrive once and in order; waiting by poll(2) misses none. */
static void nothing_is_lost_between_threads(void **state) {
  static struct sender senders[SENDERS];
  size_t next[SENDERS] = {0}, taken = 0;
  pthread_t threads[SENDERS];
  struct queue *q = queue_of(16);
  (void)state;
  for (size_t i = 0; i < SENDERS; i++) {
    senders[i].q = q;
    assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
  }
  while (taken < (size_t)SENDERS * SENT) {
    assert_true(is_readable(q, 10000));
    for (char *item; (item = queue_take(q)); taken++) {
      size_t from = item >= senders[1].items && item < senders[1].items + SENT ? 1 : 0;
      assert_ptr_equal(item, &senders[from].items[next[from]]);
      next[from]++;
    }
  }
  for (size_t i = 0; i < SENDERS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  queue_free(q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pointers_come_out_in_the_order_they_went_in),
      cmocka_unit_test(a_full_queue_leaves_the_item_to_the_caller),
      cmocka_unit_test(the_descriptor_is_readable_until_nothing_was_taken),
      cmocka_unit_test(a_queue_without_room_takes_nothing),
      cmocka_unit_test(a_queue_beyond_all_memory_is_an_error),
      cmocka_unit_test(nothing_is_lost_between_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
