#include "scene.h"

static size_t held_rows(struct scene *x, struct held *to, size_t cap) {
  size_t n;
  OK(x, held_list(x->st, 0, to, cap, &n, &x->err));
  return n;
}

static void commit(struct scene *x, struct commit *c) { OK(x, stream_commit(x->st, c, &x->err)); }

static void j1_a_request_has_its_number_after_the_commit_only(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  assert_true(scene_intent(&x, (const char *[]){"a", NULL}) > 0);
  scene_reopen(&x);
  assert_true(scene_find(&x, "a").is_held);
  scene_end(&x);
}

static void j3_creates_left_under_way_by_a_crash_are_held_not_resent(void **state) {
  struct scene x;
  struct held held[4];
  (void)state;
  scene_begin(&x);
  scene_intent(&x, (const char *[]){"a", "b", NULL});
  scene_intent(&x, (const char *[]){"c", NULL});
  scene_reopen(&x);
  assert_int_equal(held_rows(&x, held, 4), 3);
  assert_slice(held[0].row.key, "a");
  assert_slice(held[0].row.field[ROW_NAME], "\"Ali\"");
  assert_int_equal(held[0].sent_at_ms, SCENE_NOW_MS);
  assert_slice(held[2].row.key, "c");
  assert_true(scene_find(&x, "b").is_held);
  assert_false(scene_find(&x, "d").is_held);
  scene_end(&x);
}

static void a_request_that_is_answered_leaves_nothing_behind(void **state) {
  struct scene x;
  struct held held[1];
  (void)state;
  scene_begin(&x);
  int64_t number = scene_intent(&x, (const char *[]){"a", NULL});
  struct ack ack = {.key = SLICE("a"), .id = scene_id(1), .field = {SLICE("\"Ali\"")}};
  commit(&x, &(struct commit){.acks = &ack, .acks_len = 1, .closed = &number, .closed_len = 1});
  scene_reopen(&x);
  assert_int_equal(held_rows(&x, held, 1), 0);
  assert_true(scene_find(&x, "a").seq > 0);
  scene_end(&x);
}

static void a_create_without_answer_is_held_with_content_and_time(void **state) {
  struct scene x;
  struct held held[2];
  int64_t rows, oldest;
  (void)state;
  scene_begin(&x);
  int64_t number = scene_intent(&x, (const char *[]){"a", "", NULL});
  assert_int_equal(held_rows(&x, held, 2), 0);
  commit(&x, &(struct commit){.unclear = &number, .unclear_len = 1});
  assert_int_equal(held_rows(&x, held, 2), 2);
  OK(&x, held_count(x.st, &rows, &oldest, &x.err));
  assert_int_equal(rows, 2);
  assert_int_equal(oldest, SCENE_NOW_MS);
  assert_true(scene_find(&x, "a").is_held);
  struct known k = {.content = state_row_hash(x.s, &held[1].row)};
  OK(&x, stream_find(x.st, &k, 1, &x.err));
  assert_true(k.is_held); /* a row without key, by its content */
  scene_end(&x);
}

static void a_held_row_that_is_found_is_a_partner_at_once(void **state) {
  struct scene x;
  struct held held[2];
  (void)state;
  scene_begin(&x);
  scene_intent(&x, (const char *[]){"a", "b", NULL});
  scene_reopen(&x);
  assert_int_equal(held_rows(&x, held, 2), 2);
  struct ack ack = {.key = SLICE("a"), .id = scene_id(1), .field = {SLICE("\"Ali\"")}};
  int64_t settled = held[0].number;
  commit(&x, &(struct commit){.acks = &ack, .acks_len = 1, .settled = &settled, .settled_len = 1});
  assert_false(scene_find(&x, "a").is_held);
  assert_true(scene_find(&x, "a").seq > 0);
  assert_true(scene_find(&x, "b").is_held);
  assert_int_equal(held_rows(&x, held, 2), 1);
  assert_slice(held[0].row.key, "b");
  scene_end(&x);
}

static void held_rows_created_again_are_under_way_not_held(void **state) {
  struct scene x;
  struct held held[1];
  struct buf rows = BUF_WITH_LIMIT(4096);
  (void)state;
  scene_begin(&x);
  scene_intent(&x, (const char *[]){"a", NULL});
  scene_reopen(&x);
  assert_int_equal(held_rows(&x, held, 1), 1);
  row_put(&rows, &held[0].row);
  struct intent in = {.sent_at_ms = SCENE_NOW_MS + 1, .rows_len = 1, .rows = buf_slice(&rows)};
  int64_t settled = held[0].number;
  commit(&x,
         &(struct commit){.opened = &in, .opened_len = 1, .settled = &settled, .settled_len = 1});
  assert_false(scene_find(&x, "a").is_held);
  scene_reopen(&x);
  assert_int_equal(held_rows(&x, held, 1), 1);
  assert_int_equal(held[0].sent_at_ms, SCENE_NOW_MS + 1);
  buf_free(&rows);
  scene_end(&x);
}

static void halves_take_the_place_of_a_refused_request(void **state) {
  struct scene x;
  struct held held[3];
  struct buf rows = BUF_WITH_LIMIT(4096);
  (void)state;
  scene_begin(&x);
  int64_t number = scene_intent(&x, (const char *[]){"a", "b", NULL});
  row_put(&rows, &(struct row){.key = SLICE("a"), .field = {SLICE("\"A\"")}});
  size_t first = rows.len;
  row_put(&rows, &(struct row){.key = SLICE("b"), .field = {SLICE("\"B\"")}});
  struct intent halves[] = {
      {.sent_at_ms = 1, .rows_len = 1, .rows = {rows.ptr, first}},
      {.sent_at_ms = 2, .rows_len = 1, .rows = {rows.ptr + first, rows.len - first}}};
  commit(&x,
         &(struct commit){.closed = &number, .closed_len = 1, .opened = halves, .opened_len = 2});
  assert_true(halves[0].number > 0 && halves[1].number > halves[0].number);
  scene_reopen(&x);
  assert_int_equal(held_rows(&x, held, 3), 2);
  buf_free(&rows);
  scene_end(&x);
}

static void j4_all_of_one_outcome_is_kept_or_nothing(void **state) {
  struct scene x;
  bool is_there;
  struct buf value = BUF_WITH_LIMIT(64);
  (void)state;
  scene_begin(&x);
  int64_t numbers[] = {scene_intent(&x, (const char *[]){"a", NULL}), 999};
  struct ack ack = {.key = SLICE("a"), .id = scene_id(1), .field = {SLICE("\"A\"")}};
  struct reject reject = {.key = SLICE("b"), .code = SLICE("refused")};
  struct store_value watermark = {SLICE("job"), SLICE("cursor"), SLICE("7")};
  struct commit c = {.acks = &ack,
                     .acks_len = 1,
                     .rejects = &reject,
                     .rejects_len = 1,
                     .values = &watermark,
                     .values_len = 1,
                     .closed = numbers,
                     .closed_len = 2};
  assert_int_equal(stream_commit(x.st, &c, &x.err), -1); /* 999 is not open */
  assert_int_equal(x.err.code, ERROR_INTERNAL);
  assert_int_equal(scene_find(&x, "a").seq, 0);
  OK(&x, store_get(x.s, SLICE("job"), SLICE("cursor"), &value, &is_there, &x.err));
  assert_false(is_there);
  c.closed_len = 1;
  ack.seq = 0;
  commit(&x, &c);
  assert_true(scene_find(&x, "a").seq > 0);
  OK(&x, store_get(x.s, SLICE("job"), SLICE("cursor"), &value, &is_there, &x.err));
  assert_true(is_there);
  assert_string_equal(buf_text(&value), "7");
  buf_free(&value);
  scene_end(&x);
}

static void a_row_that_is_not_held_cannot_be_settled(void **state) {
  struct scene x;
  int64_t settled = 5;
  (void)state;
  scene_begin(&x);
  struct commit c = {.settled = &settled, .settled_len = 1};
  assert_int_equal(stream_commit(x.st, &c, &x.err), -1);
  assert_int_equal(x.err.code, ERROR_INTERNAL);
  scene_end(&x);
}

static void held_rows_come_in_pages(void **state) {
  struct scene x;
  struct held held[2];
  size_t n;
  (void)state;
  scene_begin(&x);
  int64_t number = scene_intent(&x, (const char *[]){"a", "b", "c", NULL});
  commit(&x, &(struct commit){.unclear = &number, .unclear_len = 1});
  OK(&x, held_list(x.st, 0, held, 2, &n, &x.err));
  assert_int_equal(n, 2);
  OK(&x, held_list(x.st, held[1].number, held, 2, &n, &x.err));
  assert_int_equal(n, 1);
  assert_slice(held[0].row.key, "c");
  OK(&x, held_list(x.st, held[0].number, held, 2, &n, &x.err));
  assert_int_equal(n, 0);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(j1_a_request_has_its_number_after_the_commit_only),
      cmocka_unit_test(j3_creates_left_under_way_by_a_crash_are_held_not_resent),
      cmocka_unit_test(a_request_that_is_answered_leaves_nothing_behind),
      cmocka_unit_test(a_create_without_answer_is_held_with_content_and_time),
      cmocka_unit_test(a_held_row_that_is_found_is_a_partner_at_once),
      cmocka_unit_test(held_rows_created_again_are_under_way_not_held),
      cmocka_unit_test(halves_take_the_place_of_a_refused_request),
      cmocka_unit_test(j4_all_of_one_outcome_is_kept_or_nothing),
      cmocka_unit_test(a_row_that_is_not_held_cannot_be_settled),
      cmocka_unit_test(held_rows_come_in_pages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
