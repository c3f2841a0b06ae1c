#include "net/sendlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const int64_t S = INT64_C(1000000000), MS = INT64_C(1000000);

static void a_request_counts_for_a_minute_and_little_longer(void **state) {
  (void)state;
  for (int64_t sent = 0; sent < 3 * S; sent += 90 * MS) {
    struct sendlog log = {0};
    sendlog_add(&log, sent, 1);
    assert_int_equal(sendlog_count(&log, sent + 60 * S - 1), 1);
    assert_int_equal(sendlog_count(&log, sent + 60 * S + 250 * MS), 0);
  }
}

static void the_time_that_is_told_is_when_the_count_falls(void **state) {
  (void)state;
  struct sendlog log = {0};
  for (int64_t i = 0; i < 40; i++) sendlog_add(&log, i * 333 * MS, 1 + i % 3);
  int64_t now = 40 * 333 * MS;
  for (int64_t max = 0; max < 80; max++) {
    struct sendlog copy = log;
    int64_t at = sendlog_below_at(&copy, max, now);
    if (sendlog_count(&copy, now) <= max) {
      assert_int_equal(at, now);
    } else {
      assert_true(sendlog_count(&copy, at - 1) > max);
      assert_true(sendlog_count(&copy, at) <= max);
    }
  }
}

static void a_long_silence_empties_it(void **state) {
  (void)state;
  struct sendlog log = {0};
  sendlog_add(&log, 5 * S, 3);
  assert_int_equal(sendlog_count(&log, 5000 * S), 0);
  sendlog_add(&log, 5001 * S, 2);
  assert_int_equal(sendlog_count(&log, 5002 * S), 2);
  assert_int_equal(sendlog_below_at(&log, 0, 5002 * S), 5061 * S + 250 * MS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_counts_for_a_minute_and_little_longer),
      cmocka_unit_test(the_time_that_is_told_is_when_the_count_falls),
      cmocka_unit_test(a_long_silence_empties_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
