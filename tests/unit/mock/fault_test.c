#include "mock/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void a_spec_says_which_request_meets_what(void **state) {
  static const struct {
    struct slice spec;
    enum fault_kind kind;
    uint64_t first, last;
    unsigned percent;
    int64_t number;
    const char *text;
  } rows[] = {
      {SLICE_INIT("3:status=503"), FAULT_STATUS, 3, 3, 0, 503, ""},
      {SLICE_INIT("2-5:reset-before"), FAULT_RESET_BEFORE, 2, 5, 0, 0, ""},
      {SLICE_INIT("10%:reset-after"), FAULT_RESET_AFTER, 0, 0, 10, 0, ""},
      {SLICE_INIT("100%:truncate"), FAULT_TRUNCATE, 0, 0, 100, 0, ""},
      {SLICE_INIT("1:stall=10s"), FAULT_STALL, 1, 1, 0, 10000, ""},
      {SLICE_INIT("1:late=5m"), FAULT_LATE, 1, 1, 0, 300000, ""},
      {SLICE_INIT("1:spaces=1000000000"), FAULT_SPACES, 1, 1, 0, 1000000000, ""},
      {SLICE_INIT("1:retry-after=\"soon\""), FAULT_RETRY_AFTER, 1, 1, 0, 0, "\"soon\""},
      {SLICE_INIT("1:redirect=http://x.example/a=b"), FAULT_REDIRECT, 1, 1, 0, 0,
       "http://x.example/a=b"},
      {SLICE_INIT("1:header=Retry-After: 5"), FAULT_HEADER, 1, 1, 0, 13, "Retry-After"},
      {SLICE_INIT("1:body={\"a\":[]}"), FAULT_BODY, 1, 1, 0, 0, "{\"a\":[]}"},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    struct fault f;
    struct error err;
    if (fault_parse(rows[i].spec, &f, &err) < 0) fail_msg("%s", err.message);
    assert_int_equal(f.kind, rows[i].kind);
    assert_int_equal(f.first, rows[i].first);
    assert_int_equal(f.last, rows[i].last);
    assert_int_equal(f.percent, rows[i].percent);
    assert_int_equal(f.number, rows[i].number);
    assert_string_equal(f.text, rows[i].text);
    if (f.kind == FAULT_HEADER) assert_string_equal(f.text + f.number, "5");
  }
}

static void a_wrong_spec_is_told_with_what_to_write(void **state) {
  static const struct {
    struct slice spec;
    const char *hint;
  } rows[] = {
      {SLICE_INIT(""), "3:status=503"},
      {SLICE_INIT("status=503"), "3:status=503"},
      {SLICE_INIT("0:status=503"), "3:status=503"},
      {SLICE_INIT("5-3:status=503"), "3:status=503"},
      {SLICE_INIT("101%:status=503"), "3:status=503"},
      {SLICE_INIT("%:status=503"), "3:status=503"},
      {SLICE_INIT("1.5%:status=503"), "3:status=503"},
      {SLICE_INIT("1:reset-befor"), "reset-before"},
      {SLICE_INIT("1:"), "status=503"},
      {SLICE_INIT("1:status"), "=STATUS"},
      {SLICE_INIT("1:status=99"), "=STATUS"},
      {SLICE_INIT("1:status=600"), "=STATUS"},
      {SLICE_INIT("1:truncate=1"), "truncate alone"},
      {SLICE_INIT("1:stall=10"), "=TIME"},
      {SLICE_INIT("1:spaces=-1"), "=NUMBER"},
      {SLICE_INIT("1:body="), "=TEXT"},
      {SLICE_INIT("1:header=Retry-After"), "=NAME: VALUE"},
      {SLICE_INIT("1:header=: 5"), "=NAME: VALUE"},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    struct fault f;
    struct error err;
    if (fault_parse(rows[i].spec, &f, &err) == 0) fail_msg("%.*s", SLICE_ARG(rows[i].spec));
    assert_int_equal(err.code, ERROR_USAGE);
    if (!strstr(err.hint, rows[i].hint)) fail_msg("%s: %s", err.message, err.hint);
  }
}

static struct fault fault_of(const char *spec) {
  struct fault f;
  struct error err;
  assert_int_equal(fault_parse(slice_of(spec), &f, &err), 0);
  return f;
}

static void the_requests_named_meet_it_and_no_others(void **state) {
  const struct fault list[] = {fault_of("2-3:garbage"), fault_of("3:stall=1s")};
  uint64_t random = 1;
  (void)state;
  for (uint64_t nth = 1; nth <= 5; nth++) {
    struct fault_set set = fault_pick(list, 2, nth, &random);
    assert_ptr_equal(set.of[FAULT_GARBAGE], nth == 2 || nth == 3 ? &list[0] : NULL);
    assert_ptr_equal(set.of[FAULT_STALL], nth == 3 ? &list[1] : NULL);
    assert_null(set.of[FAULT_STATUS]);
  }
}

/* How many of 10,000 requests meet SPEC under SEED; *sum tells which. */
static unsigned count_met(const char *spec, uint64_t seed, uint64_t *sum) {
  const struct fault f = fault_of(spec);
  unsigned met = 0;
  *sum = 0;
  for (uint64_t nth = 1; nth <= 10000; nth++) {
    if (!fault_pick(&f, 1, nth, &seed).of[f.kind]) continue;
    met++;
    *sum += nth;
  }
  return met;
}

static void chance_follows_the_seed(void **state) {
  uint64_t sum, same, other;
  (void)state;
  assert_int_equal(count_met("0%:drop", 1, &sum), 0);
  assert_int_equal(count_met("100%:drop", 1, &sum), 10000);
  unsigned met = count_met("10%:drop", 1, &sum);
  assert_in_range(met, 850, 1150);
  assert_int_equal(count_met("10%:drop", 1, &same), met);
  assert_int_equal(same, sum);
  (void)count_met("10%:drop", 2, &other);
  assert_int_not_equal(other, sum);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_spec_says_which_request_meets_what),
      cmocka_unit_test(a_wrong_spec_is_told_with_what_to_write),
      cmocka_unit_test(the_requests_named_meet_it_and_no_others),
      cmocka_unit_test(chance_follows_the_seed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
