#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void whole_numbers_are_read_within_their_range(void **state) {
  static const struct {
    struct slice text;
    int64_t min, max;
    int result;
    int64_t n;
  } rows[] = {
      {SLICE_INIT("0"), 0, 9, 0, 0},
      {SLICE_INIT("007"), 0, 9, 0, 7},
      {SLICE_INIT("9"), 0, 9, 0, 9},
      {SLICE_INIT("10"), 0, 9, -1, 0},
      {SLICE_INIT("-1"), 0, 9, -1, 0},
      {SLICE_INIT("-1"), -1, 9, 0, -1},
      {SLICE_INIT("9223372036854775807"), INT64_MIN, INT64_MAX, 0, INT64_MAX},
      {SLICE_INIT("9223372036854775808"), INT64_MIN, INT64_MAX, -1, 0},
      {SLICE_INIT("-9223372036854775808"), INT64_MIN, INT64_MAX, 0, INT64_MIN},
      {SLICE_INIT("-9223372036854775809"), INT64_MIN, INT64_MAX, -1, 0},
      {SLICE_INIT("99999999999999999999"), INT64_MIN, INT64_MAX, -1, 0},
      {SLICE_INIT(""), 0, 9, -1, 0},
      {SLICE_INIT("-"), -9, 9, -1, 0},
      {SLICE_INIT("+1"), 0, 9, -1, 0},
      {SLICE_INIT(" 1"), 0, 9, -1, 0},
      {SLICE_INIT("1 "), 0, 9, -1, 0},
      {SLICE_INIT("1\0"), 0, 9, -1, 0},
      {SLICE_INIT("1.0"), 0, 9, -1, 0},
      {SLICE_INIT("0x1"), 0, 9, -1, 0},
      {SLICE_INIT("--1"), -9, 9, -1, 0},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    int64_t n = 4711;
    assert_int_equal(number_int64(rows[i].text, rows[i].min, rows[i].max, &n), rows[i].result);
    assert_int_equal(n, rows[i].result == 0 ? rows[i].n : 4711);
  }
}

struct parsed {
  struct slice text;
  int64_t n; /* -1: refused */
};

static void check(int (*parse)(struct slice, int64_t *), const struct parsed *rows,
                  size_t rows_len) {
  for (size_t i = 0; i < rows_len; i++) {
    int64_t n = -1;
    int result = parse(rows[i].text, &n);
    if (n != rows[i].n) fail_msg("%.*s: %lld", SLICE_ARG(rows[i].text), (long long)n);
    assert_int_equal(result, rows[i].n < 0 ? -1 : 0);
  }
}

static void durations_have_a_unit(void **state) {
  static const struct parsed rows[] = {
      {SLICE_INIT("0s"), 0},
      {SLICE_INIT("500ms"), 500},
      {SLICE_INIT("90s"), 90000},
      {SLICE_INIT("15m"), 900000},
      {SLICE_INIT("2h"), 7200000},
      {SLICE_INIT("1d"), 86400000},
      {SLICE_INIT("10000d"), 864000000000},
      {SLICE_INIT("10001d"), -1},
      {SLICE_INIT("864000000001ms"), -1},
      {SLICE_INIT("9223372036854775807d"), -1},
      {SLICE_INIT("15"), -1},
      {SLICE_INIT("m"), -1},
      {SLICE_INIT(""), -1},
      {SLICE_INIT("-1s"), -1},
      {SLICE_INIT("1.5h"), -1},
      {SLICE_INIT("1 h"), -1},
      {SLICE_INIT("1H"), -1},
      {SLICE_INIT("1min"), -1},
      {SLICE_INIT("1h30m"), -1},
  };
  (void)state;
  check(number_duration_ms, rows, LEN(rows));
}

static void sizes_may_have_a_unit(void **state) {
  static const struct parsed rows[] = {
      {SLICE_INIT("0"), 0},
      {SLICE_INIT("4096"), 4096},
      {SLICE_INIT("64KiB"), 65536},
      {SLICE_INIT("4MiB"), 4194304},
      {SLICE_INIT("1GiB"), 1073741824},
      {SLICE_INIT("9007199254740991"), 9007199254740991},
      {SLICE_INIT("9007199254740992"), -1},
      {SLICE_INIT("8388607GiB"), 9007198180999168},
      {SLICE_INIT("8388608GiB"), -1},
      {SLICE_INIT("1KB"), -1},
      {SLICE_INIT("1kib"), -1},
      {SLICE_INIT("1 KiB"), -1},
      {SLICE_INIT("KiB"), -1},
      {SLICE_INIT("-1"), -1},
      {SLICE_INIT("1.5MiB"), -1},
  };
  (void)state;
  check(number_size_bytes, rows, LEN(rows));
}

struct written {
  int64_t n;
  const char *text;
};

static void check_written(void (*put)(struct buf *, int64_t), const struct written *rows,
                          size_t rows_len) {
  for (size_t i = 0; i < rows_len; i++) {
    struct buf b = BUF_WITH_LIMIT(100);
    put(&b, rows[i].n);
    assert_string_equal(buf_text(&b), rows[i].text);
    buf_free(&b);
  }
}

static void numbers_are_grouped_by_three(void **state) {
  static const struct written rows[] = {
      {0, "0"},
      {7, "7"},
      {999, "999"},
      {1000, "1,000"},
      {1234567, "1,234,567"},
      {-1234, "-1,234"},
      {-123, "-123"},
      {INT64_MAX, "9,223,372,036,854,775,807"},
      {INT64_MIN, "-9,223,372,036,854,775,808"},
  };
  (void)state;
  check_written(number_put_grouped, rows, LEN(rows));
}

static void durations_are_written_with_two_units_at_most(void **state) {
  static const struct written rows[] = {
      {0, "0 ms"},
      {850, "850 ms"},
      {1000, "1 s"},
      {2500, "2.5 s"},
      {2549, "2.5 s"},
      {59949, "59.9 s"},
      {59950, "1 min"},
      {200000, "3 min 20 s"},
      {180000, "3 min"},
      {3599499, "59 min 59 s"},
      {3599500, "1 h"},
      {7500000, "2 h 5 min"},
      {86400000, "24 h"},
      {-2500, "-2.5 s"},
      {INT64_MIN, "-2562047788015 h 13 min"},
  };
  (void)state;
  check_written(number_put_duration, rows, LEN(rows));
}

static void sizes_are_written_in_the_largest_unit(void **state) {
  static const struct written rows[] = {
      {0, "0 B"},           {1023, "1023 B"},        {1024, "1 KiB"},
      {1536, "1.5 KiB"},    {1048524, "1023.9 KiB"}, {1048525, "1 MiB"},
      {3565158, "3.4 MiB"}, {1073741824, "1 GiB"},   {INT64_MAX, "8 EiB"},
      {-1536, "-1.5 KiB"},
  };
  (void)state;
  check_written(number_put_size, rows, LEN(rows));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_numbers_are_read_within_their_range),
      cmocka_unit_test(durations_have_a_unit),
      cmocka_unit_test(sizes_may_have_a_unit),
      cmocka_unit_test(numbers_are_grouped_by_three),
      cmocka_unit_test(durations_are_written_with_two_units_at_most),
      cmocka_unit_test(sizes_are_written_in_the_largest_unit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
