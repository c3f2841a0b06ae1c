#include "base/uuid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void any_letter_case_is_read_and_lower_case_written(void **state) {
  struct uuid id, same;
  char text[UUID_TEXT_LEN];
  (void)state;
  assert_true(uuid_parse(SLICE("01234567-89AB-cdef-FEDC-ba9876543210"), &id));
  static const uint8_t bytes[16] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
                                    0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
  assert_memory_equal(id.bytes, bytes, 16);
  uuid_format(&id, text);
  assert_memory_equal(text, "01234567-89ab-cdef-fedc-ba9876543210", UUID_TEXT_LEN);
  assert_true(uuid_parse((struct slice){text, sizeof text}, &same));
  assert_true(uuid_equal(&id, &same));
}

static void what_is_no_uuid_is_refused_and_leaves_the_result(void **state) {
  static const struct slice rows[] = {
      SLICE_INIT(""),
      SLICE_INIT("0123456789abcdeffedcba9876543210"),
      SLICE_INIT("{01234567-89ab-cdef-fedc-ba9876543210}"),
      SLICE_INIT("01234567-89ab-cdef-fedc-ba987654321"),
      SLICE_INIT("01234567-89ab-cdef-fedc-ba98765432100"),
      SLICE_INIT("0123456789ab--cdef-fedc-ba9876543210"),
      SLICE_INIT("01234567-89ab-cdef-fedc-ba987654321g"),
      SLICE_INIT("g1234567-89ab-cdef-fedc-ba9876543210"),
      SLICE_INIT("01234567-89ab-cdef-fedc-ba987-543210"),
      SLICE_INIT("01234567-89ab-cdef-fedcbba9876543210"),
      SLICE_INIT("01234567-89ab-cdef-fedc-ba98765432\0000"),
  };
  struct uuid id = {{1}}, before = id;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_false(uuid_parse(rows[i], &id));
    assert_true(uuid_equal(&id, &before));
  }
}

static void a_random_one_is_of_version_4(void **state) {
  uint8_t random[16];
  char text[UUID_TEXT_LEN];
  (void)state;
  memset(random, 0xff, sizeof random);
  struct uuid id = uuid_from_random(random);
  uuid_format(&id, text);
  assert_memory_equal(text, "ffffffff-ffff-4fff-bfff-ffffffffffff", UUID_TEXT_LEN);
  memset(random, 0, sizeof random);
  id = uuid_from_random(random);
  uuid_format(&id, text);
  assert_memory_equal(text, "00000000-0000-4000-8000-000000000000", UUID_TEXT_LEN);
}

static void a_ulid_is_written_as_its_specification_says(void **state) {
  uint8_t random[10] = {0};
  char text[ULID_TEXT_LEN + 1];
  (void)state;
  ulid_format(0, random, text);
  assert_string_equal(text, "00000000000000000000000000");
  ulid_format(1469918176385, random, text); /* the specification's example of a time */
  assert_string_equal(text, "01ARYZ6S410000000000000000");
  memset(random, 0xff, sizeof random);
  ulid_format((INT64_C(1) << 48) - 1, random, text);
  assert_string_equal(text, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
  random[9] = 0xfe;
  random[0] = 0;
  ulid_format(1, random, text);
  assert_string_equal(text, "000000000103ZZZZZZZZZZZZZY");
}

static void ulids_sort_by_time(void **state) {
  uint8_t low[10] = {0}, high[10];
  char earlier[ULID_TEXT_LEN + 1], later[ULID_TEXT_LEN + 1];
  (void)state;
  memset(high, 0xff, sizeof high);
  for (int64_t ms = 1; ms < INT64_C(1) << 47; ms *= 3) {
    ulid_format(ms, high, earlier);
    ulid_format(ms + 1, low, later);
    assert_true(strcmp(earlier, later) < 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_letter_case_is_read_and_lower_case_written),
      cmocka_unit_test(what_is_no_uuid_is_refused_and_leaves_the_result),
      cmocka_unit_test(a_random_one_is_of_version_4),
      cmocka_unit_test(a_ulid_is_written_as_its_specification_says),
      cmocka_unit_test(ulids_sort_by_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
