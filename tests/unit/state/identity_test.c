#include "scene.h"

enum { MANY = 5000 };

static char many_keys[2 * MANY][24];

static void add_many(struct scene *x, uint32_t from, uint32_t to) {
  struct ack *acks = calloc(to - from, sizeof *acks);
  assert_non_null(acks);
  for (uint32_t i = from; i < to; i++) {
    snprintf(many_keys[i], sizeof many_keys[i], "key-%u", i * 7919);
    acks[i - from] = (struct ack){.key = slice_of(many_keys[i]), .id = scene_id(i)};
  }
  struct commit c = {.acks = acks, .acks_len = to - from};
  OK(x, stream_commit(x->st, &c, &x->err));
  free(acks);
}

/* All keys of ORDER, in frames, are the partners with the ids of their numbers. */
static void expect_many(struct scene *x, const uint32_t *order, uint32_t n) {
  enum { FRAME = 700 };
  static struct known k[FRAME];
  for (uint32_t from = 0; from < n; from += FRAME) {
    uint32_t len = n - from < FRAME ? n - from : FRAME;
    for (uint32_t i = 0; i < len; i++)
      k[i] = (struct known){.key = slice_of(many_keys[order[from + i]])};
    OK(x, stream_find(x->st, k, len, &x->err));
    for (uint32_t i = 0; i < len; i++) {
      struct uuid id = scene_id(order[from + i]);
      assert_true(k[i].seq > 0);
      assert_true(uuid_equal(&k[i].id, &id));
    }
  }
}

static void expect_in_all_orders(struct scene *x, uint32_t n) {
  uint32_t *order = calloc(n, sizeof *order);
  assert_non_null(order);
  for (uint32_t i = 0; i < n; i++) order[i] = i;
  expect_many(x, order, n);
  for (uint32_t i = 0; i < n; i++) order[i] = n - 1 - i;
  expect_many(x, order, n);
  for (uint32_t i = 0; i < n; i++) order[i] = (uint32_t)((uint64_t)i * 3331 % n);
  expect_many(x, order, n);
  for (uint32_t i = 0; i < n; i++) order[i] = i % 50 == 0 ? (i * 31) % n : i;
  expect_many(x, order, n);
  free(order);
}

static void an_acknowledged_key_is_known_with_what_was_sent(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  struct ack ack = {.key = SLICE("42"),
                    .id = scene_id(7),
                    .line = 3,
                    .sent_at_ms = 9,
                    .field = {SLICE("\"Ali\""), {0}, SLICE("null")}};
  struct commit c = {.acks = &ack, .acks_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  for (int round = 0; round < 2; round++) {
    struct known k = scene_find(&x, "42");
    struct uuid id = scene_id(7);
    assert_int_equal(k.seq, ack.seq);
    assert_true(uuid_equal(&k.id, &id));
    assert_slice(k.field[ROW_NAME], "\"Ali\"");
    assert_slice(k.field[ROW_EMAIL], "");
    assert_slice(k.field[ROW_PHONE], "null");
    assert_false(k.is_gone || k.is_held || k.is_rejected || k.is_made);
    assert_int_equal(scene_find(&x, "43").seq, 0);
    assert_int_equal(scene_find(&x, "4").seq, 0);
    scene_reopen(&x);
  }
  scene_end(&x);
}

static void an_update_changes_only_the_fields_it_has(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  struct ack ack = {
      .seq = seq, .key = SLICE("a"), .id = scene_id(1), .field = {{0}, SLICE("\"a@b.c\"")}};
  struct commit c = {.acks = &ack, .acks_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  struct known k = scene_find(&x, "a");
  assert_int_equal(k.seq, seq);
  assert_slice(k.field[ROW_NAME], "\"A\"");
  assert_slice(k.field[ROW_EMAIL], "\"a@b.c\"");
  scene_end(&x);
}

static void a_key_bound_to_another_partner_forgets_what_the_first_was_sent(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  struct ack ack = {
      .seq = seq, .key = SLICE("a"), .id = scene_id(2), .field = {{0}, SLICE("\"a@b.c\"")}};
  struct commit c = {.acks = &ack, .acks_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  struct known k = scene_find(&x, "a");
  struct uuid id = scene_id(2);
  assert_true(uuid_equal(&k.id, &id));
  assert_slice(k.field[ROW_NAME], "");
  assert_slice(k.field[ROW_EMAIL], "\"a@b.c\"");
  scene_end(&x);
}

static void a_key_has_one_partner_even_if_the_caller_does_not_know_it(void **state) {
  struct scene x;
  struct stream_info info;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  assert_int_equal(scene_ack(&x, "a", 1, "\"B\""), seq);
  scene_reopen(&x);
  assert_int_equal(scene_ack(&x, "a", 1, "\"C\""), seq);
  OK(&x, stream_info(x.st, &info, &x.err));
  assert_int_equal(info.partners, 1);
  scene_end(&x);
}

static void an_ack_without_key_leaves_no_partner(void **state) {
  struct scene x;
  struct stream_info info;
  (void)state;
  scene_begin(&x);
  assert_int_equal(scene_ack(&x, "", 1, "\"A\""), 0);
  OK(&x, stream_info(x.st, &info, &x.err));
  assert_int_equal(info.partners, 0);
  scene_end(&x);
}

static void keys_are_found_in_any_order_while_the_index_grows(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  uint32_t steps[] = {1, 1500, 1501, 3000, MANY};
  for (size_t i = 0, from = 0; i < sizeof steps / sizeof *steps; from = steps[i++]) {
    add_many(&x, (uint32_t)from, steps[i]);
    expect_in_all_orders(&x, steps[i]);
    scene_reopen(&x); /* closing indexes what is 1,024 or more */
    expect_in_all_orders(&x, steps[i]);
  }
  scene_end(&x);
}

/* More than fit the tail in memory: they are indexed by the commit that finds it full. */
static void a_run_of_many_new_keys_indexes_them_on_its_way(void **state) {
  enum { COMMITS = 21, EACH = 10000 };
  static char keys[EACH][16];
  static struct ack acks[EACH];
  struct scene x;
  (void)state;
  scene_begin(&x);
  for (uint32_t c = 0; c < COMMITS; c++) {
    for (uint32_t i = 0; i < EACH; i++) {
      snprintf(keys[i], sizeof keys[i], "n%u", c * EACH + i);
      acks[i] = (struct ack){.key = slice_of(keys[i]), .id = scene_id(c * EACH + i)};
    }
    struct commit all = {.acks = acks, .acks_len = EACH};
    OK(&x, stream_commit(x.st, &all, &x.err));
  }
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < COMMITS * EACH; i += 9973) {
      char key[16];
      snprintf(key, sizeof key, "n%u", i);
      assert_int_equal(scene_find(&x, key).seq, i + 1);
    }
    assert_int_equal(scene_find(&x, "n210000").seq, 0);
    scene_reopen(&x);
  }
  scene_end(&x);
}

static void new_keys_among_known_ones_are_new(void **state) {
  struct scene x;
  static struct known k[2 * MANY];
  (void)state;
  scene_begin(&x);
  add_many(&x, 0, MANY);
  scene_reopen(&x);
  for (uint32_t i = MANY; i < 2 * MANY; i++)
    snprintf(many_keys[i], sizeof many_keys[i], "new-%u", i);
  for (uint32_t i = 0; i < 2 * MANY; i++)
    k[i] = (struct known){.key = slice_of(many_keys[i % 2 ? MANY + i / 2 : i / 2])};
  OK(&x, stream_find(x.st, k, 2 * MANY, &x.err));
  for (uint32_t i = 0; i < 2 * MANY; i++) assert_int_equal(k[i].seq, i % 2 ? 0 : i / 2 + 1);
  scene_end(&x);
}

static void one_key_twice_in_a_frame_is_found_twice(void **state) {
  struct scene x;
  struct known k[] = {{.key = SLICE("b")}, {.key = SLICE("a")}, {.key = {0}}, {.key = SLICE("b")}};
  (void)state;
  scene_begin(&x);
  uint32_t a = scene_ack(&x, "a", 1, "\"A\""), b = scene_ack(&x, "b", 2, "\"B\"");
  OK(&x, stream_find(x.st, k, 4, &x.err));
  assert_int_equal(k[0].seq, b);
  assert_int_equal(k[1].seq, a);
  assert_int_equal(k[2].seq, 0);
  assert_int_equal(k[3].seq, b);
  assert_slice(k[0].field[ROW_NAME], "\"B\"");
  assert_slice(k[3].field[ROW_NAME], "\"B\"");
  scene_end(&x);
}

static void streams_do_not_see_each_others_keys(void **state) {
  struct scene x;
  struct known k[] = {{.key = SLICE("a")}, {.key = SLICE("z")}};
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  stream_close(x.st);
  OK(&x, scene_stream(&x, "other", false));
  scene_ack(&x, "z", 2, "\"Z\"");
  OK(&x, stream_find(x.st, k, 2, &x.err));
  assert_int_equal(k[0].seq, 0);
  assert_int_equal(k[1].seq, 1);
  stream_close(x.st);
  OK(&x, scene_stream(&x, "crm", false));
  OK(&x, stream_find(x.st, k, 2, &x.err));
  assert_int_equal(k[0].seq, 1);
  assert_int_equal(k[1].seq, 0);
  scene_end(&x);
}

static void a_gone_partner_is_known_as_such_until_it_is_acknowledged(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  struct commit c = {.gone = &seq, .gone_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  assert_true(scene_find(&x, "a").is_gone);
  scene_ack(&x, "a", 2, "\"A\"");
  assert_false(scene_find(&x, "a").is_gone);
  scene_end(&x);
}

static void a_forgotten_key_is_unknown_and_may_come_again(void **state) {
  struct scene x;
  uint32_t all[MANY];
  (void)state;
  scene_begin(&x);
  add_many(&x, 0, 2000);
  scene_reopen(&x);
  for (uint32_t i = 0; i < 2000; i++) all[i] = i + 1;
  /* the last ones, whose numbers must not be given to others: these would not be found */
  struct commit c = {.forgotten = all + 1500, .forgotten_len = 500};
  OK(&x, stream_commit(x.st, &c, &x.err));
  scene_reopen(&x);
  assert_int_equal(scene_find(&x, many_keys[1999]).seq, 0);
  uint32_t seq = scene_ack(&x, many_keys[1999], 1999, "\"A\"");
  scene_ack(&x, "quite new", 5, "\"A\"");
  scene_reopen(&x);
  assert_int_equal(scene_find(&x, many_keys[1999]).seq, seq);
  assert_true(scene_find(&x, "quite new").seq > 0);
  assert_int_equal(scene_find(&x, many_keys[1998]).seq, 0);
  scene_end(&x);
}

static void a_row_of_a_doubted_partner_differs_from_what_is_known(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  uint32_t seq = scene_ack(&x, "a", 1, "\"A\"");
  struct commit c = {.doubted = &seq, .doubted_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  struct known k = scene_find(&x, "a");
  assert_int_equal(k.seq, seq);
  assert_false(k.is_gone);
  assert_int_equal(k.field[ROW_NAME].len, 0);
  scene_end(&x);
}

static void missing_are_those_not_seen_and_not_gone(void **state) {
  struct scene x;
  uint64_t seen[1] = {0};
  struct partner missing[2];
  size_t n;
  (void)state;
  scene_begin(&x);
  uint32_t a = scene_ack(&x, "a", 1, "\"A\""), b = scene_ack(&x, "b", 2, "\"B\"");
  uint32_t gone = scene_ack(&x, "c", 3, "\"C\""), d = scene_ack(&x, "d", 4, "\"D\"");
  uint32_t e = scene_ack(&x, "e", 5, "\"E\"");
  struct commit c = {.gone = &gone, .gone_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  seen[0] = UINT64_C(1) << b;
  struct missing_options o = {.seen = seen, .seen_bits = e};
  OK(&x, stream_missing(x.st, &o, missing, 2, &n, &x.err));
  assert_int_equal(n, 2);
  assert_int_equal(missing[0].seq, a);
  assert_slice(missing[0].key, "a");
  assert_int_equal(missing[1].seq, d);
  o.after = d;
  OK(&x, stream_missing(x.st, &o, missing, 2, &n, &x.err));
  assert_int_equal(n, 1);
  assert_int_equal(missing[0].seq, e);
  assert_memory_equal(missing[0].id.bytes, scene_id(5).bytes, 16);
  o.after = e;
  OK(&x, stream_missing(x.st, &o, missing, 2, &n, &x.err));
  assert_int_equal(n, 0);
  scene_end(&x);
}

/* How often an equal row without key is told to be made already. */
static int count_made(struct scene *x, uint64_t content, int times) {
  int made = 0;
  for (int i = 0; i < times; i++) {
    struct known k = {.content = content};
    OK(x, stream_find(x->st, &k, 1, &x->err));
    made += k.is_made;
  }
  return made;
}

static void equal_creates_without_key_are_recognised_once_each(void **state) {
  struct scene x;
  uint64_t made[] = {11, 22, 11};
  (void)state;
  scene_begin(&x);
  assert_int_equal(count_made(&x, 11, 1), 0);
  struct commit c = {.made = made, .made_len = 3};
  OK(&x, stream_commit(x.st, &c, &x.err));
  assert_int_equal(count_made(&x, 11, 3), 0); /* in the run that makes them, equal rows are two */
  for (int run = 0; run < 2; run++) {
    scene_reopen(&x);
    assert_int_equal(count_made(&x, 11, 3), 2);
    assert_int_equal(count_made(&x, 22, 3), 1);
    assert_int_equal(count_made(&x, 33, 1), 0);
  }
  OK(&x, stream_made_clear(x.st, &x.err));
  scene_reopen(&x);
  assert_int_equal(count_made(&x, 11, 1), 0);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_acknowledged_key_is_known_with_what_was_sent),
      cmocka_unit_test(an_update_changes_only_the_fields_it_has),
      cmocka_unit_test(a_key_bound_to_another_partner_forgets_what_the_first_was_sent),
      cmocka_unit_test(a_key_has_one_partner_even_if_the_caller_does_not_know_it),
      cmocka_unit_test(an_ack_without_key_leaves_no_partner),
      cmocka_unit_test(keys_are_found_in_any_order_while_the_index_grows),
      cmocka_unit_test(a_run_of_many_new_keys_indexes_them_on_its_way),
      cmocka_unit_test(new_keys_among_known_ones_are_new),
      cmocka_unit_test(one_key_twice_in_a_frame_is_found_twice),
      cmocka_unit_test(streams_do_not_see_each_others_keys),
      cmocka_unit_test(a_gone_partner_is_known_as_such_until_it_is_acknowledged),
      cmocka_unit_test(a_forgotten_key_is_unknown_and_may_come_again),
      cmocka_unit_test(a_row_of_a_doubted_partner_differs_from_what_is_known),
      cmocka_unit_test(missing_are_those_not_seen_and_not_gone),
      cmocka_unit_test(equal_creates_without_key_are_recognised_once_each),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
