/* Since when partners of a stream may stand twice. */
#include "host/doubt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000, NOW_MS = INT64_C(1700000000000);

static int64_t read_of(const struct doubt *d) {
  struct error err;
  int64_t since_ms = -1;
  if (doubt_read(d, &since_ms, &err)) fail_msg("%s", err.message);
  return since_ms;
}

static void the_earliest_time_is_kept_for_a_day(void **unused) {
  (void)unused;
  struct error err;
  struct state *state;
  const struct state_options o = {.url = "sqlite::memory:", .clock = &clock_real};
  assert_int_equal(state_open(&state, &o, &err), 0);
  const struct doubt d = {state, "crm", "https://a"}, other = {state, "crm", "https://b"};
  assert_int_equal(read_of(&d), 0);
  assert_int_equal(doubt_looked(&d, NOW_MS, &err), 0);
  assert_int_equal(doubt_note(&d, NOW_MS, &err), 0);
  assert_int_equal(doubt_note(&d, NOW_MS + 5, &err), 0);
  assert_true(read_of(&d) == NOW_MS);
  assert_int_equal(doubt_note(&d, NOW_MS - 5, &err), 0);
  assert_true(read_of(&d) == NOW_MS - 5);
  assert_int_equal(read_of(&other), 0);
  assert_int_equal(doubt_looked(&d, NOW_MS - 5 + DAY_MS, &err), 0);
  assert_true(read_of(&d) == NOW_MS - 5);
  assert_int_equal(doubt_looked(&d, NOW_MS - 4 + DAY_MS, &err), 0);
  assert_int_equal(read_of(&d), 0);
  state_close(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_earliest_time_is_kept_for_a_day),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
