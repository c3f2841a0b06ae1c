#include "keys/used.h"

#include "scene.h"

#define ID "00112233445566778899aabbccddeeff"
#define HEAD "hoko-keystore-used 1\nid " ID "\ngeneration 7\n"

static struct used used;

static void what_is_put_is_parsed(void **state) {
  (void)state;
  struct buf b = BUF_WITH_LIMIT(1 << 20);
  struct used in = {.id = ID, .generation = 7};
  used_set(&in, "default", 1795000000123);
  used_set(&in, "crm", 1795000001000);
  used_set(&in, "default", 1795000002000);
  used_put(&b, &in);
  assert_true(slice_equal(buf_slice(&b), SLICE(HEAD "default 2026-11-18T11:06:42.000Z\n"
                                                    "crm 2026-11-18T11:06:41.000Z\n")));
  assert_true(used_parse(&used, buf_slice(&b)));
  assert_string_equal(used.id, ID);
  assert_int_equal(used.generation, 7);
  assert_int_equal(used_at(&used, "default"), 1795000002000);
  assert_int_equal(used_at(&used, "crm"), 1795000001000);
  assert_int_equal(used_at(&used, "nobody"), 0);
  buf_free(&b);
}

static const struct slice bad_texts[] = {
    {"", 0},
    {"\n", 1},
    {"hoko-keystore-used 2\nid " ID "\ngeneration 7\n", sizeof HEAD - 1},
    {HEAD, sizeof HEAD - 2},
    {"hoko-keystore-used 1\nid " ID "\ngeneration 0\n", sizeof HEAD - 1},
    {"hoko-keystore-used 1\nid " ID "\ngeneration x\n", sizeof HEAD - 1},
    {HEAD "default\n", sizeof HEAD - 1 + 8},
    {HEAD "default yesterday\n", sizeof HEAD - 1 + 18},
    {HEAD "-x 2026-11-18T11:06:42Z\n", sizeof HEAD - 1 + 24},
    {HEAD "x 2026-11-18T11:06:42Z", sizeof HEAD - 1 + 22},
    {HEAD "\0 2026-11-18T11:06:42Z\n", sizeof HEAD - 1 + 23},
};

static void anything_else_is_as_good_as_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_texts / sizeof *bad_texts; i++) {
    if (used_parse(&used, bad_texts[i])) fail_msg("case %zu", i);
    assert_int_equal(used.len, 0);
    assert_int_equal(used.generation, 0);
  }
}

static void more_than_256_names_are_not_kept(void **state) {
  (void)state;
  char name[KEYSTORE_NAME_SIZE];
  used = (struct used){.id = ID, .generation = 1};
  for (int i = 0; i < KEYSTORE_ENTRIES_MAX + 1; i++) {
    (void)snprintf(name, sizeof name, "key%d", i);
    used_set(&used, name, i + 1);
  }
  assert_int_equal(used.len, KEYSTORE_ENTRIES_MAX);
  assert_int_equal(used_at(&used, "key255"), 256);
  assert_int_equal(used_at(&used, "key256"), 0);
}

static void notes_of_another_keystore_are_not_believed(void **state) {
  (void)state;
  struct scene s;
  struct used in = {.id = ID, .generation = 7};
  scene_begin(&s);
  used_write(&in, s.path);
  used_read(&used, s.path);
  used_claim(&used, ID);
  assert_int_equal(used.generation, 7);
  used_claim(&used, "ffeeddccbbaa99887766554433221100");
  assert_int_equal(used.generation, 0);
  assert_string_equal(used.id, "ffeeddccbbaa99887766554433221100");
  scene_end(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_put_is_parsed),
      cmocka_unit_test(anything_else_is_as_good_as_nothing),
      cmocka_unit_test(more_than_256_names_are_not_kept),
      cmocka_unit_test(notes_of_another_keystore_are_not_believed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
