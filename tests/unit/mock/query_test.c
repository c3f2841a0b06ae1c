#include "mock/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void without_parameters_the_defaults_hold(void **state) {
  struct query q = query_default();
  (void)state;
  assert_int_equal(q.take, 50);
  assert_int_equal(q.skip, 0);
  assert_false(q.is_ascending);
  assert_false(q.has_id);
}

static void each_parameter_has_its_range(void **state) {
  static const struct {
    struct slice name, value;
    int result;
  } rows[] = {
      {SLICE_INIT("take"), SLICE_INIT("1"), 0},
      {SLICE_INIT("take"), SLICE_INIT("10000"), 0},
      {SLICE_INIT("take"), SLICE_INIT("10001"), -1},
      {SLICE_INIT("take"), SLICE_INIT("0"), -1},
      {SLICE_INIT("take"), SLICE_INIT("-1"), -1},
      {SLICE_INIT("take"), SLICE_INIT("1.5"), -1},
      {SLICE_INIT("take"), SLICE_INIT(""), -1},
      {SLICE_INIT("take"), SLICE_INIT("all"), -1},
      {SLICE_INIT("skip"), SLICE_INIT("0"), 0},
      {SLICE_INIT("skip"), SLICE_INIT("9223372036854775807"), 0},
      {SLICE_INIT("skip"), SLICE_INIT("9223372036854775808"), -1},
      {SLICE_INIT("skip"), SLICE_INIT("-1"), -1},
      {SLICE_INIT("skip"), SLICE_INIT(""), -1},
      {SLICE_INIT("sort"), SLICE_INIT("asc"), 0},
      {SLICE_INIT("sort"), SLICE_INIT("desc"), 0},
      {SLICE_INIT("sort"), SLICE_INIT("ASC"), -1},
      {SLICE_INIT("sort"), SLICE_INIT("name"), -1},
      {SLICE_INIT("sort"), SLICE_INIT(""), -1},
      {SLICE_INIT("id"), SLICE_INIT("7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"), 0},
      {SLICE_INIT("id"), SLICE_INIT("7b1f0c52"), -1},
      {SLICE_INIT("id"), SLICE_INIT(""), -1},
      {SLICE_INIT("email"), SLICE_INIT("a@b.example"), -1},
      {SLICE_INIT("Take"), SLICE_INIT("1"), -1},
      {SLICE_INIT(""), SLICE_INIT(""), -1},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    struct query q = query_default();
    struct error err;
    if (query_take(&q, rows[i].name, rows[i].value, &err) != rows[i].result)
      fail_msg("%.*s=%.*s", SLICE_ARG(rows[i].name), SLICE_ARG(rows[i].value));
  }
}

static void a_parameter_stands_once(void **state) {
  struct query q = query_default();
  struct error err;
  (void)state;
  assert_int_equal(query_take(&q, SLICE("take"), SLICE("7"), &err), 0);
  assert_int_equal(query_take(&q, SLICE("skip"), SLICE("8"), &err), 0);
  assert_int_equal(query_take(&q, SLICE("sort"), SLICE("asc"), &err), 0);
  assert_int_equal(query_take(&q, SLICE("take"), SLICE("9"), &err), -1);
  assert_int_equal(q.take, 7);
  assert_int_equal(q.skip, 8);
  assert_true(q.is_ascending);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_parameters_the_defaults_hold),
      cmocka_unit_test(each_parameter_has_its_range),
      cmocka_unit_test(a_parameter_stands_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
