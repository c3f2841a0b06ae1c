#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* 512 bytes are more than the kernel gives at once when a signal interrupts it. */
static void every_byte_is_filled(void **state) {
  unsigned char seen[512] = {0}, bytes[512];
  (void)state;
  for (int i = 0; i < 8; i++) {
    random_bytes(bytes, sizeof bytes);
    for (size_t j = 0; j < sizeof bytes; j++) seen[j] |= bytes[j];
  }
  for (size_t j = 0; j < sizeof bytes; j++) assert_true(seen[j] != 0); /* 2^-55 by chance */
}

static void nothing_is_written_beyond_the_end(void **state) {
  unsigned char bytes[3] = {1, 2, 3};
  (void)state;
  random_bytes(bytes, 0);
  assert_memory_equal(bytes, ((unsigned char[]){1, 2, 3}), 3);
  random_bytes(bytes + 1, 1);
  assert_int_equal(bytes[0], 1);
  assert_int_equal(bytes[2], 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_byte_is_filled),
      cmocka_unit_test(nothing_is_written_beyond_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
