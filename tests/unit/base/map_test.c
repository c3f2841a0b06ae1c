#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static bool is_any(const void *user, uint32_t value) {
  (void)user;
  (void)value;
  return true;
}

static bool is_value(const void *user, uint32_t value) { return *(const uint32_t *)user == value; }

static void what_was_added_is_found(void **state) {
  struct map m = MAP_WITH_LIMIT(1000);
  (void)state;
  assert_int_equal(map_find(&m, 7, is_any, NULL), MAP_FREE);
  for (uint32_t i = 0; i < 1000; i++)
    assert_int_equal(map_add(&m, i * UINT64_C(0x9e3779b97f4a7c15), i), 0);
  for (uint32_t i = 0; i < 1000; i++)
    assert_int_equal(map_find(&m, i * UINT64_C(0x9e3779b97f4a7c15), is_any, NULL), i);
  assert_int_equal(map_find(&m, 1, is_any, NULL), MAP_FREE);
  map_free(&m);
}

static void values_under_one_hash_are_told_apart(void **state) {
  struct map m = MAP_WITH_LIMIT(100);
  (void)state;
  for (uint32_t i = 0; i < 40; i++) assert_int_equal(map_add(&m, 42, i), 0);
  for (uint32_t i = 0; i < 40; i++) assert_int_equal(map_find(&m, 42, is_value, &i), i);
  uint32_t absent = 40;
  assert_int_equal(map_find(&m, 42, is_value, &absent), MAP_FREE);
  for (uint32_t i = 0; i < 40; i += 2) assert_true(map_remove(&m, 42, i));
  assert_false(map_remove(&m, 42, 0));
  for (uint32_t i = 0; i < 40; i++)
    assert_int_equal(map_find(&m, 42, is_value, &i), i % 2 == 0 ? MAP_FREE : i);
  map_free(&m);
}

static void the_limit_is_kept(void **state) {
  struct map m = MAP_WITH_LIMIT(3);
  (void)state;
  for (uint32_t i = 0; i < 3; i++) assert_int_equal(map_add(&m, i, i), 0);
  assert_int_equal(map_add(&m, 3, 3), -1);
  assert_int_equal(m.len, 3);
  assert_true(map_remove(&m, 1, 1));
  assert_int_equal(map_add(&m, 3, 3), 0);
  assert_int_equal(map_find(&m, 3, is_any, NULL), 3);
  map_free(&m);
}

static void a_cleared_map_is_empty_and_usable(void **state) {
  struct map m = MAP_WITH_LIMIT(10);
  (void)state;
  map_clear(&m);
  assert_int_equal(map_add(&m, 1, 1), 0);
  map_clear(&m);
  assert_int_equal(map_find(&m, 1, is_any, NULL), MAP_FREE);
  assert_false(map_remove(&m, 1, 1));
  assert_int_equal(map_add(&m, 1, 2), 0);
  assert_int_equal(map_find(&m, 1, is_any, NULL), 2);
  map_free(&m);
  map_free(&m);
  assert_int_equal(m.limit, 10);
}

static void the_largest_value_fits(void **state) {
  struct map m = MAP_WITH_LIMIT(1);
  (void)state;
  assert_int_equal(map_add(&m, UINT64_MAX, MAP_FREE - 1), 0);
  assert_int_equal(map_find(&m, UINT64_MAX, is_any, NULL), MAP_FREE - 1);
  map_free(&m);
}

/* Few different hashes, so that runs of entries meet, wrap around and are cut by
 * removals; a plain list of the entries is the oracle. */
static void it_agrees_with_a_list_through_additions_and_removals(void **state) {
  enum { ENTRIES = 300, HASHES = 40 };
  struct map m = MAP_WITH_LIMIT(ENTRIES);
  bool is_in[ENTRIES] = {false};
  uint64_t seed = 20261124;
  size_t len = 0;
  (void)state;
  for (uint32_t step = 0; step < 20000; step++) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t value = (uint32_t)(seed >> 33) % ENTRIES;
    uint64_t hash = value % HASHES * 0x11; /* neighbours after masking */
    if (is_in[value]) {
      assert_true(map_remove(&m, hash, value));
      len--;
    } else {
      assert_int_equal(map_add(&m, hash, value), 0);
      len++;
    }
    is_in[value] = !is_in[value];
    assert_int_equal(m.len, len);
    for (uint32_t i = step % 7; i < ENTRIES; i += 7)
      assert_int_equal(map_find(&m, i % HASHES * 0x11, is_value, &i), is_in[i] ? i : MAP_FREE);
  }
  map_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_added_is_found),
      cmocka_unit_test(values_under_one_hash_are_told_apart),
      cmocka_unit_test(the_limit_is_kept),
      cmocka_unit_test(a_cleared_map_is_empty_and_usable),
      cmocka_unit_test(the_largest_value_fits),
      cmocka_unit_test(it_agrees_with_a_list_through_additions_and_removals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
