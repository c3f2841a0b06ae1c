#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void rfc_3339_is_read(void **state) {
  static const struct {
    struct slice text;
    int64_t wall_ms;
  } rows[] = {
      {SLICE_INIT("1970-01-01T00:00:00Z"), 0},
      {SLICE_INIT("2026-11-24T08:00:00.123Z"), 1795507200123},
      {SLICE_INIT("2026-11-24t08:00:00.123z"), 1795507200123},
      {SLICE_INIT("2026-11-24T11:00:00.123+03:00"), 1795507200123},
      {SLICE_INIT("2026-11-23T22:30:00.123-09:30"), 1795507200123},
      {SLICE_INIT("2026-11-24T08:00:00-00:00"), 1795507200000},
      {SLICE_INIT("2026-11-24T08:00:00.1Z"), 1795507200100},
      {SLICE_INIT("2026-11-24T08:00:00.123999999999Z"), 1795507200123},
      {SLICE_INIT("1969-12-31T23:59:59.999Z"), -1},
      {SLICE_INIT("2000-02-29T00:00:00Z"), 951782400000},
      {SLICE_INIT("2016-12-31T23:59:60Z"), 1483228800000}, /* a leap second */
      {SLICE_INIT("0000-01-01T00:00:00Z"), -62167219200000},
      {SLICE_INIT("9999-12-31T23:59:59.999Z"), 253402300799999},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    int64_t wall_ms;
    assert_int_equal(clock_parse(rows[i].text, &wall_ms), 0);
    assert_int_equal(wall_ms, rows[i].wall_ms);
  }
}

static void what_is_no_rfc_3339_is_refused(void **state) {
  static const struct slice rows[] = {
      SLICE_INIT(""),
      SLICE_INIT("2026-11-24"),
      SLICE_INIT("2026-11-24T08:00Z"),
      SLICE_INIT("2026-11-24T08:00:00"),
      SLICE_INIT("2026-11-24 08:00:00Z"),
      SLICE_INIT("2026-11-24T08:00:00.Z"),
      SLICE_INIT("2026-11-24T08:00:00,5Z"),
      SLICE_INIT("2026-11-24T08:00:00ZZ"),
      SLICE_INIT("2026-11-24T08:00:00Z "),
      SLICE_INIT(" 2026-11-24T08:00:00Z"),
      SLICE_INIT("2026-11-24T08:00:00+0300"),
      SLICE_INIT("2026-11-24T08:00:00+03"),
      SLICE_INIT("2026-11-24T08:00:00+24:00"),
      SLICE_INIT("2026-11-24T08:00:00+03:60"),
      SLICE_INIT("2026-11-24T24:00:00Z"),
      SLICE_INIT("2026-11-24T08:60:00Z"),
      SLICE_INIT("2026-11-24T08:00:61Z"),
      SLICE_INIT("2026-00-24T08:00:00Z"),
      SLICE_INIT("2026-13-24T08:00:00Z"),
      SLICE_INIT("2026-11-00T08:00:00Z"),
      SLICE_INIT("2026-11-31T08:00:00Z"),
      SLICE_INIT("2026-02-29T08:00:00Z"),
      SLICE_INIT("1900-02-29T08:00:00Z"),
      SLICE_INIT("26-11-24T08:00:00Z"),
      SLICE_INIT("+026-11-24T08:00:00Z"),
      SLICE_INIT("2026-1-24T08:00:00Z"),
      SLICE_INIT("20261124T080000Z"),
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    int64_t wall_ms = 4711;
    if (clock_parse(rows[i], &wall_ms) != -1) fail_msg("%.*s was read", SLICE_ARG(rows[i]));
    assert_int_equal(wall_ms, 4711);
  }
}

static void a_time_is_written_in_utc_to_the_millisecond(void **state) {
  static const struct {
    int64_t wall_ms;
    const char *text;
  } rows[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {1795507200123, "2026-11-24T08:00:00.123Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951868799999, "2000-02-29T23:59:59.999Z"},
      {-62167219200000, "0000-01-01T00:00:00.000Z"},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    char text[CLOCK_TEXT_SIZE];
    clock_format(rows[i].wall_ms, text);
    assert_string_equal(text, rows[i].text);
  }
}

static void the_farthest_times_fit(void **state) {
  char text[CLOCK_TEXT_SIZE];
  (void)state;
  clock_format(INT64_MIN, text);
  assert_string_equal(text, "-292275055-05-16T16:47:04.192Z");
  clock_format(INT64_MAX, text);
  assert_string_equal(text, "292278994-08-17T07:12:55.807Z");
}

static void what_was_written_is_read_back(void **state) {
  (void)state;
  for (int64_t ms = -62167219200000; ms < 253402300800000; ms += 7919 * INT64_C(86399983)) {
    char text[CLOCK_TEXT_SIZE];
    int64_t back;
    clock_format(ms, text);
    assert_int_equal(clock_parse(slice_of(text), &back), 0);
    assert_int_equal(back, ms);
  }
}

static void the_real_clock_moves_forward(void **state) {
  (void)state;
  int64_t first = clock_mono_ns(&clock_real), second = clock_mono_ns(&clock_real);
  assert_true(first > 0 && second >= first);
  assert_true(clock_wall_ms(&clock_real) > INT64_C(1700000000000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rfc_3339_is_read),
      cmocka_unit_test(what_is_no_rfc_3339_is_refused),
      cmocka_unit_test(a_time_is_written_in_utc_to_the_millisecond),
      cmocka_unit_test(the_farthest_times_fit),
      cmocka_unit_test(what_was_written_is_read_back),
      cmocka_unit_test(the_real_clock_moves_forward),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
