#include "schedule/tzif.h"

#include "tzif_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const int32_t offsets[] = {-3600, 7200};
static const struct tzif_bytes_change changes[] = {{-100, 1}, {200, 0}, {5000000000, 1}};

static void check_whole(const struct tzif *t) {
  assert_int_equal(t->first_offset_s, -3600);
  assert_int_equal(t->changes_len, 3);
  assert_int_equal(t->changes[0].at_s, -100);
  assert_int_equal(t->changes[0].offset_s, 7200);
  assert_int_equal(t->changes[1].at_s, 200);
  assert_int_equal(t->changes[1].offset_s, -3600);
  assert_int_equal(t->changes[2].at_s, 5000000000);
}

static void versions_two_to_four_have_wide_times_and_a_rule(void **user) {
  (void)user;
  for (char version = '2'; version <= '4'; version++) {
    struct buf b = BUF_WITH_LIMIT(4096);
    struct tzif t;
    struct error err;
    put_file(&b, version, changes, 3, offsets, 2, "CET-1CEST,M3.5.0,M10.5.0/3");
    assert_int_equal(tzif_parse(&t, buf_slice(&b), &err), 0);
    check_whole(&t);
    assert_true(t.has_rule && t.rule.has_saving);
    tzif_free(&t);
    buf_free(&b);
  }
}

static void a_rule_may_be_missing(void **user) {
  struct buf b = BUF_WITH_LIMIT(4096);
  struct tzif t;
  struct error err;
  (void)user;
  put_file(&b, '2', changes, 3, offsets, 2, "");
  assert_int_equal(tzif_parse(&t, buf_slice(&b), &err), 0);
  check_whole(&t);
  assert_false(t.has_rule);
  tzif_free(&t);
  buf_free(&b);
}

static void version_one_has_narrow_times_and_no_rule(void **user) {
  struct buf b = BUF_WITH_LIMIT(4096);
  struct tzif t;
  struct error err;
  (void)user;
  put_block(&b, 0, 4, changes, 2, offsets, 2);
  assert_int_equal(tzif_parse(&t, buf_slice(&b), &err), 0);
  assert_int_equal(t.changes_len, 2);
  assert_int_equal(t.changes[0].at_s, -100);
  assert_int_equal(t.changes[1].at_s, 200);
  assert_false(t.has_rule);
  tzif_free(&t);
  buf_free(&b);
}

static void check_refused(struct slice bytes, const char *words) {
  struct tzif t;
  struct error err;
  assert_int_equal(tzif_parse(&t, bytes, &err), -1);
  assert_int_equal(err.code, ERROR_DATA);
  if (!strstr(err.message, words)) fail_msg("\"%s\" is not about \"%s\"", err.message, words);
  assert_null(t.changes);
}

static void a_file_that_is_cut_anywhere_is_refused(void **user) {
  struct buf b = BUF_WITH_LIMIT(4096);
  (void)user;
  put_file(&b, '2', changes, 3, offsets, 2, "CET-1CEST,M3.5.0,M10.5.0/3");
  for (size_t len = 0; len < b.len; len++) check_refused((struct slice){b.ptr, len}, "it");
  buf_free(&b);
}

static void what_a_file_may_not_say_is_refused(void **user) {
  static const int32_t far[] = {0, 93600}, farther[] = {-90000}, none[] = {0};
  static const struct tzif_bytes_change no_type[] = {{0, 2}}, disordered[] = {{5, 1}, {5, 0}};
  struct buf b = BUF_WITH_LIMIT(4096);
  (void)user;
  put_file(&b, '2', NULL, 0, far, 2, "");
  check_refused(buf_slice(&b), "93600");
  buf_clear(&b);
  put_file(&b, '2', NULL, 0, farther, 1, "");
  check_refused(buf_slice(&b), "-90000");
  buf_clear(&b);
  put_file(&b, '2', NULL, 0, none, 0, "");
  check_refused(buf_slice(&b), "0 types");
  buf_clear(&b);
  put_file(&b, '2', no_type, 1, offsets, 2, "");
  check_refused(buf_slice(&b), "type that is not there");
  buf_clear(&b);
  put_file(&b, '2', disordered, 2, offsets, 2, "");
  check_refused(buf_slice(&b), "out of order");
  buf_clear(&b);
  put_file(&b, '2', changes, 3, offsets, 2, "nonsense");
  check_refused(buf_slice(&b), "no rule");
  buf_clear(&b);
  buf_add_text(&b, "# tz zone descriptions, which are long enough to be a header\n");
  check_refused(buf_slice(&b), "does not begin");
  buf_free(&b);
}

static void counts_that_claim_gigabytes_are_refused_without_taking_memory(void **user) {
  struct buf b = BUF_WITH_LIMIT(4096);
  (void)user;
  put_file(&b, '2', changes, 3, offsets, 2, "");
  for (size_t count = 20; count < 44; count += 4) {
    char was[4];
    memcpy(was, b.ptr + count, sizeof was);
    memset(b.ptr + count, 0xff, sizeof was);
    check_refused(buf_slice(&b), "cut short");
    memcpy(b.ptr + count, was, sizeof was);
  }
  buf_free(&b);
}

static void a_file_with_leap_seconds_is_refused_with_a_hint(void **user) {
  struct buf b = BUF_WITH_LIMIT(4096);
  struct tzif t;
  struct error err;
  (void)user;
  put_block(&b, 0, 4, changes, 2, offsets, 2);
  b.ptr[31] = 1; /* one leap second, 8 bytes at the end */
  put_big_endian(&b, 1, 8);
  check_refused(buf_slice(&b), "leap seconds");
  assert_int_equal(tzif_parse(&t, buf_slice(&b), &err), -1);
  assert_non_null(strstr(err.hint, "right/"));
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_two_to_four_have_wide_times_and_a_rule),
      cmocka_unit_test(a_rule_may_be_missing),
      cmocka_unit_test(version_one_has_narrow_times_and_no_rule),
      cmocka_unit_test(a_file_that_is_cut_anywhere_is_refused),
      cmocka_unit_test(what_a_file_may_not_say_is_refused),
      cmocka_unit_test(counts_that_claim_gigabytes_are_refused_without_taking_memory),
      cmocka_unit_test(a_file_with_leap_seconds_is_refused_with_a_hint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
