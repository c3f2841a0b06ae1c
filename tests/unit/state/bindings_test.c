/* Which keys have the ids that are deleted. */
#include "scene.h"

#include "memory_fault.h"

static struct bindings find(struct scene *x, const struct uuid *ids, size_t n) {
  struct bindings b;
  OK(x, bindings_find(&b, x->s, SLICE("https://hoko.to/api"), ids, n, &x->err));
  return b;
}

static void keys_of_all_streams_of_the_base_url_are_found(void **state) {
  struct scene x;
  struct uuid ids[] = {scene_id(9), scene_id(2), scene_id(7)};
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  scene_ack(&x, "b", 2, "\"B\"");
  stream_close(x.st);
  OK(&x, scene_stream(&x, "other", false));
  scene_ack(&x, "c", 2, "\"B\"");
  scene_ack(&x, "d", 7, "\"D\"");
  struct bindings b = find(&x, ids, 3);
  assert_int_equal(b.len, 3);
  assert_int_equal(b.list[0].at, 1);
  assert_int_equal(b.list[1].at, 1);
  assert_int_equal(b.list[2].at, 2);
  bindings_free(&b);
  OK(&x, bindings_find(&b, x.s, SLICE("https://elsewhere/api"), ids, 3, &x.err));
  assert_int_equal(b.len, 0);
  bindings_free(&b);
  scene_end(&x);
}

static void what_is_doubted_differs_and_what_is_deleted_is_gone(void **state) {
  struct scene x;
  struct uuid id = scene_id(1);
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  struct bindings b = find(&x, &id, 1);
  OK(&x, bindings_doubt(x.s, b.list, b.len, &x.err));
  struct known k = scene_find(&x, "a");
  assert_int_equal(k.field[ROW_NAME].len, 0);
  assert_false(k.is_gone);
  OK(&x, bindings_deleted(x.s, b.list, b.len, &x.err));
  assert_true(scene_find(&x, "a").is_gone);
  bindings_free(&b);
  b = find(&x, &id, 1);
  assert_int_equal(b.len, 0);
  scene_end(&x);
}

static void a_key_that_was_bound_anew_meanwhile_is_left_alone(void **state) {
  struct scene x;
  struct uuid id = scene_id(1);
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  struct bindings b = find(&x, &id, 1);
  scene_ack(&x, "a", 2, "\"A\"");
  OK(&x, bindings_doubt(x.s, b.list, b.len, &x.err));
  OK(&x, bindings_deleted(x.s, b.list, b.len, &x.err));
  struct known k = scene_find(&x, "a");
  assert_slice(k.field[ROW_NAME], "\"A\"");
  assert_false(k.is_gone);
  bindings_free(&b);
  scene_end(&x);
}

static void more_than_a_frame_is_read_to_its_end(void **state) {
  enum { MANY = 20001 };
  static char keys[MANY][16];
  static struct ack acks[MANY];
  static struct uuid ids[MANY];
  struct scene x;
  (void)state;
  scene_begin(&x);
  for (uint32_t i = 0; i < MANY; i++) {
    snprintf(keys[i], sizeof keys[i], "k%u", i);
    ids[i] = scene_id(MANY - i);
    acks[i] = (struct ack){.key = slice_of(keys[i]), .id = ids[i]};
  }
  struct commit c = {.acks = acks, .acks_len = MANY};
  OK(&x, stream_commit(x.st, &c, &x.err));
  struct bindings b = find(&x, ids, MANY);
  assert_int_equal(b.len, MANY);
  for (uint32_t i = 0; i < MANY; i++) assert_int_equal(b.list[i].at, i);
  bindings_free(&b);
  scene_end(&x);
}

static void c4_each_allocation_may_fail(void **state) {
  struct scene x;
  struct uuid id = scene_id(1);
  struct bindings b;
  int rc = -1;
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  for (unsigned n = 1;; n++) {
    memory_fault_begin(n);
    rc = bindings_find(&b, x.s, SLICE("https://hoko.to/api"), &id, 1, &x.err);
    if (!memory_fault_end()) break;
    assert_int_equal(rc, -1);
    assert_int_equal(x.err.code, ERROR_MEMORY);
  }
  assert_int_equal(rc, 0);
  assert_int_equal(b.len, 1);
  bindings_free(&b);
  scene_end(&x);
}

static void a_reader_changes_nothing(void **state) {
  struct scene x;
  struct uuid id = scene_id(1);
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  scene_close(&x);
  scene_open_as(&x, true);
  struct bindings b = find(&x, &id, 1);
  assert_int_equal(b.len, 1);
  assert_int_equal(bindings_doubt(x.s, b.list, b.len, &x.err), -1);
  assert_int_equal(x.err.code, ERROR_INTERNAL);
  bindings_free(&b);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_of_all_streams_of_the_base_url_are_found),
      cmocka_unit_test(what_is_doubted_differs_and_what_is_deleted_is_gone),
      cmocka_unit_test(a_key_that_was_bound_anew_meanwhile_is_left_alone),
      cmocka_unit_test(more_than_a_frame_is_read_to_its_end),
      cmocka_unit_test(c4_each_allocation_may_fail),
      cmocka_unit_test(a_reader_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
