/* Partners that stand twice are found after anything that may have made them, and told. */
#include "scene.h"

#include <stdio.h>

static void a_partner_equal_to_ours_is_a_twin(void **unused) {
  (void)unused;
  const struct looked partners[] = {{.id = {{1}}, .exact = 7},
                                    {.id = {{2}}, .exact = 9},
                                    {.id = {{3}}, .exact = 7},
                                    {.id = {{4}}, .exact = 7}};
  const bool is_ours[] = {false, true, true, false};
  uint32_t scratch[4];
  struct twin twin[4];
  assert_int_equal(twins_find(partners, 4, is_ours, scratch, twin, 4), 2);
  assert_int_equal(twin[0].ours.bytes[0], 3);
  assert_int_equal(twin[0].other.bytes[0], 1);
  assert_int_equal(twin[1].ours.bytes[0], 3);
  assert_int_equal(twin[1].other.bytes[0], 4);
}

static void two_of_ours_and_two_of_others_are_none(void **unused) {
  (void)unused;
  const struct looked partners[] = {{.id = {{1}}, .exact = 7},
                                    {.id = {{2}}, .exact = 7},
                                    {.id = {{3}}, .exact = 9},
                                    {.id = {{4}}, .exact = 9}};
  const bool is_ours[] = {true, true, false, false};
  uint32_t scratch[4];
  assert_int_equal(twins_find(partners, 4, is_ours, scratch, NULL, 0), 0);
}

static void more_than_there_is_room_for_are_counted(void **unused) {
  (void)unused;
  const struct looked partners[] = {
      {.id = {{1}}, .exact = 7}, {.id = {{2}}, .exact = 7}, {.id = {{3}}, .exact = 7}};
  const bool is_ours[] = {true, false, false};
  uint32_t scratch[3];
  struct twin twin;
  assert_int_equal(twins_find(partners, 3, is_ours, scratch, &twin, 1), 2);
  assert_int_equal(twin.other.bytes[0], 2);
}

/* ---- after an upsert ----------------------------------------------------- */

static void a_quiet_run_does_not_look(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  struct settled settled;
  scene_partner(x, "N00001", NULL);
  scene_rows(x, 3);
  OK(x, scene_sync(x));
  OK(x, scene_settle(x, true, &settled));
  assert_int_equal(scene_count(x, EXCHANGE_GET), 0);
  scene_end(x);
}

/* Request 1 meets FATE; somebody applies it once more behind our back. */
static void expect_twin_after(struct scene_fate fate, bool has_key) {
  struct scene *x = scene_begin();
  struct settled settled;
  char ours[UUID_TEXT_LEN], other[UUID_TEXT_LEN];
  x->options.has_key = has_key;
  fate.nth = 1;
  scene_meets(x, fate);
  scene_rows(x, 3);
  scene_partner(x, "N00001", NULL);
  OK(x, scene_sync(x));
  OK(x, scene_settle(x, true, &settled));
  assert_int_equal(settled.twins, 1);
  assert_int_equal(settled.twins_len, 1);
  uuid_format(&settled.twin[0].ours, ours);
  uuid_format(&settled.twin[0].other, other);
  assert_true(scene_warned(x, "two partners are equal"));
  assert_non_null(memmem(x->warning[x->warnings_len - 1], 400, ours, sizeof ours));
  assert_non_null(memmem(x->warning[x->warnings_len - 1], 400, other, sizeof other));
  assert_int_equal(scene_named(x, "N00001"), 2); /* never deleted */
  scene_end(x);
}

static void a_run_whose_create_was_sent_again_looks(void **unused) {
  (void)unused;
  for (int has_key = 0; has_key < 2; has_key++) {
    expect_twin_after((struct scene_fate){.end = EXCHANGE_ANSWERED, .status = 429}, has_key);
    expect_twin_after((struct scene_fate){.end = EXCHANGE_NOT_SENT}, has_key);
  }
}

static void a_run_whose_create_was_unclear_looks(void **unused) {
  (void)unused;
  for (int has_key = 0; has_key < 2; has_key++)
    expect_twin_after((struct scene_fate){.end = EXCHANGE_BROKEN, .is_applied = true}, has_key);
}

static void a_run_whose_create_was_refused_looks(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  struct settled settled;
  x->refuses = "N00002";
  scene_rows(x, 3);
  OK(x, scene_sync(x));
  scene_partner(x, "N00001", NULL); /* a part of what was refused, applied late */
  OK(x, scene_settle(x, true, &settled));
  assert_int_equal(settled.twins, 1);
  assert_int_equal(scene_count(x, EXCHANGE_GET), 2);
  scene_end(x);
}

static void equal_rows_of_ours_are_no_twins(void **unused) {
  (void)unused;
  for (int has_key = 0; has_key < 2; has_key++) {
    struct scene *x = scene_begin();
    struct settled settled;
    x->options.has_key = has_key;
    scene_meets(x, (struct scene_fate){.nth = 1, .end = EXCHANGE_ANSWERED, .status = 429});
    scene_row(x, has_key ? "a" : NULL, "A", NULL);
    scene_row(x, has_key ? "b" : NULL, "A", NULL);
    OK(x, scene_sync(x));
    OK(x, scene_settle(x, true, &settled));
    assert_int_equal(scene_count(x, EXCHANGE_GET), 1);
    assert_int_equal(settled.twins, 0);
    scene_end(x);
  }
}

static void of_many_twins_the_first_are_told_and_all_counted(void **unused) {
  (void)unused;
  enum { MANY = SETTLED_TWINS_MAX + 8, TOLD = 10 };
  struct scene *x = scene_begin();
  struct settled settled;
  scene_meets(x, (struct scene_fate){.nth = 1, .end = EXCHANGE_ANSWERED, .status = 429});
  scene_rows(x, MANY);
  for (int i = 0; i < MANY; i++) {
    char name[16];
    (void)snprintf(name, sizeof name, "N%05d", i);
    scene_partner(x, name, NULL);
  }
  OK(x, scene_sync(x));
  OK(x, scene_settle(x, true, &settled));
  assert_int_equal(settled.twins, MANY);
  assert_int_equal(settled.twins_len, SETTLED_TWINS_MAX);
  assert_int_equal(x->warnings_len, TOLD);
  scene_end(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_partner_equal_to_ours_is_a_twin),
      cmocka_unit_test(two_of_ours_and_two_of_others_are_none),
      cmocka_unit_test(more_than_there_is_room_for_are_counted),
      cmocka_unit_test(a_quiet_run_does_not_look),
      cmocka_unit_test(a_run_whose_create_was_sent_again_looks),
      cmocka_unit_test(a_run_whose_create_was_unclear_looks),
      cmocka_unit_test(a_run_whose_create_was_refused_looks),
      cmocka_unit_test(of_many_twins_the_first_are_told_and_all_counted),
      cmocka_unit_test(equal_rows_of_ours_are_no_twins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
