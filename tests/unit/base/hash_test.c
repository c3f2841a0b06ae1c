#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

/* Of the bytes 0, 1, 2, …: those under the key 0, 1, … 15 are in the tests of Rust's
 * core library, those under the key 0 are what CPython 3.11 says with PYTHONHASHSEED=0. */
static void published_vectors_are_met(void **state) {
  static const struct {
    size_t len;
    uint64_t of_bytes_key, of_zero_key;
  } rows[] = {
      {0, 0xabac0158050fc4dc, 0xd1fba762150c532c}, {1, 0xc9f49bf37d57ca93, 0x68a914128e01e473},
      {7, 0xd3927d989bb11140, 0x2f098ab0c751325a}, {8, 0x369095118d299a8e, 0xead411e67ebe2eea},
      {9, 0x25a48eb36c063de4, 0x75927f9d95124362}, {63, 0x9d199062b7bbb3a8, 0x385d3e39e5f37359},
  };
  const struct hash_key bytes_key = {0x0706050403020100, 0x0f0e0d0c0b0a0908}, zero_key = {0, 0};
  unsigned char bytes[64];
  (void)state;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_true(hash_bytes(&bytes_key, bytes, rows[i].len) == rows[i].of_bytes_key);
    assert_true(hash_bytes(&zero_key, bytes, rows[i].len) == rows[i].of_zero_key);
  }
}

static void nothing_has_a_hash_too(void **state) {
  const struct hash_key key = {1, 2};
  (void)state;
  assert_true(hash_bytes(&key, NULL, 0) == hash_slice(&key, SLICE("")));
}

static void the_key_and_each_byte_count(void **state) {
  const struct hash_key a = {1, 2}, b = {1, 3}, c = {0, 2};
  char text[] = "01234567890123456";
  (void)state;
  uint64_t before = hash_slice(&a, slice_of(text));
  assert_true(before != hash_slice(&b, slice_of(text)));
  assert_true(before != hash_slice(&c, slice_of(text)));
  for (size_t i = 0; text[i]; i++) {
    text[i] ^= 1;
    assert_true(before != hash_slice(&a, slice_of(text)));
    text[i] ^= 1;
  }
  assert_true(before != hash_bytes(&a, text, sizeof text)); /* with its NUL */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(published_vectors_are_met),
      cmocka_unit_test(nothing_has_a_hash_too),
      cmocka_unit_test(the_key_and_each_byte_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
