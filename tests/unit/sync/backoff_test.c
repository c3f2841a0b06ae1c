#include "sync/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const int64_t MS = 1000000;

static void waits_double_from_half_a_second_to_thirty(void **unused) {
  (void)unused;
  static const int64_t whole_ms[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
  uint64_t seed = 1;
  for (unsigned tries = 1; tries <= 8; tries++)
    for (int i = 0; i < 200; i++) {
      int64_t wait = backoff_ns(tries, &seed);
      assert_in_range(wait, whole_ms[tries - 1] * MS / 2, whole_ms[tries - 1] * MS);
    }
}

static void many_failures_wait_no_longer(void **unused) {
  (void)unused;
  uint64_t seed = 7;
  assert_in_range(backoff_ns(4000000000u, &seed), 15000 * MS, 30000 * MS);
  assert_in_range(backoff_ns(0, &seed), 250 * MS, 500 * MS);
}

static void clients_with_other_seeds_come_back_at_other_times(void **unused) {
  (void)unused;
  uint64_t a = 1, b = 2;
  assert_int_not_equal(backoff_ns(5, &a), backoff_ns(5, &b));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waits_double_from_half_a_second_to_thirty),
      cmocka_unit_test(many_failures_wait_no_longer),
      cmocka_unit_test(clients_with_other_seeds_come_back_at_other_times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
