#include "mock/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static const int64_t SECOND = 1000000000;

static void a_rate_is_requests_and_a_window(void **state) {
  static const struct {
    struct slice text;
    int64_t limit, window_ms; /* 0: refused */
  } rows[] = {
      {SLICE_INIT("100/60s"), 100, 60000},
      {SLICE_INIT("1/500ms"), 1, 500},
      {SLICE_INIT("10000000/1m"), 10000000, 60000},
      {SLICE_INIT("10000001/1m"), 0, 0},
      {SLICE_INIT("0/60s"), 0, 0},
      {SLICE_INIT("100/0s"), 0, 0},
      {SLICE_INIT("100"), 0, 0},
      {SLICE_INIT("100/60"), 0, 0},
      {SLICE_INIT("/60s"), 0, 0},
      {SLICE_INIT("a/60s"), 0, 0},
      {SLICE_INIT(""), 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    struct quota_rate rate = {0};
    struct error err;
    int result = quota_rate_parse(rows[i].text, &rate, &err);
    if (result != (rows[i].limit ? 0 : -1)) fail_msg("%.*s", SLICE_ARG(rows[i].text));
    if (result == 0) assert_int_equal(rate.limit, rows[i].limit);
    if (result == 0) assert_int_equal(rate.window_ms, rows[i].window_ms);
  }
}

static void the_window_slides(void **state) {
  struct quota q;
  struct error err;
  (void)state;
  assert_int_equal(quota_init(&q, (struct quota_rate){3, 60000}, &err), 0);
  assert_true(quota_take(&q, 0));
  assert_true(quota_take(&q, 10 * SECOND));
  assert_true(quota_take(&q, 20 * SECOND));
  assert_false(quota_take(&q, 59 * SECOND));
  assert_false(quota_take(&q, 60 * SECOND - 1));
  assert_true(quota_take(&q, 60 * SECOND)); /* the first has left */
  assert_false(quota_take(&q, 69 * SECOND));
  assert_true(quota_take(&q, 70 * SECOND));
  assert_true(quota_take(&q, 200 * SECOND));
  assert_int_equal(quota_left(&q, 200 * SECOND).remaining, 2);
  quota_free(&q);
}

static void what_is_left_is_told_to_the_millisecond(void **state) {
  struct quota q;
  struct error err;
  (void)state;
  assert_int_equal(quota_init(&q, (struct quota_rate){2, 1000}, &err), 0);
  assert_int_equal(quota_left(&q, 0).remaining, 2);
  assert_int_equal(quota_left(&q, 0).wait_ms, 0);
  assert_true(quota_take(&q, 1));
  assert_int_equal(quota_left(&q, 1).remaining, 1);
  assert_int_equal(quota_left(&q, 1).wait_ms, 1000);
  assert_int_equal(quota_left(&q, 2).wait_ms, 1000); /* rounded up: no promise is too early */
  assert_true(quota_take(&q, SECOND / 2));
  assert_int_equal(quota_left(&q, SECOND / 2).remaining, 0);
  assert_int_equal(quota_left(&q, SECOND + 1).wait_ms, 500);
  assert_int_equal(quota_left(&q, 9 * SECOND).remaining, 2);
  quota_free(&q);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rate_is_requests_and_a_window),
      cmocka_unit_test(the_window_slides),
      cmocka_unit_test(what_is_left_is_told_to_the_millisecond),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
