#include "scene.h"

static struct explained explain(struct scene *x, const char *key) {
  struct explained e;
  OK(x, stream_explain(x->st, slice_of(key), &e, &x->err));
  return e;
}

static void an_unknown_key_has_no_story(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  struct explained e = explain(&x, "a");
  assert_false(e.is_known || e.is_gone || e.is_rejected || e.is_held || e.is_under_way);
  scene_end(&x);
}

static void a_partner_tells_what_was_sent_when_by_which_run(void **state) {
  struct scene x;
  struct run_record run = {.run = "01JD0000000000000000000001", .script = SLICE("s.lua")};
  (void)state;
  scene_begin(&x);
  OK(&x, run_record_begin(x.s, &run, &x.err));
  struct ack ack = {.key = SLICE("a"),
                    .id = scene_id(1),
                    .line = 42,
                    .sent_at_ms = 7,
                    .field = {SLICE("\"A\"")},
                    .why = WHY_NEW};
  struct commit c = {.acks = &ack, .acks_len = 1, .run = run.number};
  OK(&x, stream_commit(x.st, &c, &x.err));
  struct explained e = explain(&x, "a");
  assert_true(e.is_known);
  assert_int_equal(e.line, 42);
  assert_int_equal(e.sent_at_ms, 7);
  assert_slice(e.run, run.run);
  assert_int_equal(e.why, WHY_NEW);
  assert_slice(e.field[ROW_NAME], "\"A\"");
  scene_end(&x);
}

static void why_it_was_sent_last_and_with_which_fields_is_told(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  scene_ack(&x, "a", 1, "\"A\"");
  struct explained e = explain(&x, "a");
  assert_int_equal(e.why, WHY_UNTOLD);
  struct ack ack = {.key = SLICE("a"), .id = scene_id(1), .why = WHY_CHANGED};
  ack.field[ROW_EMAIL] = ack.field[ROW_PHONE] = SLICE("null");
  struct commit c = {.acks = &ack, .acks_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  e = explain(&x, "a");
  assert_int_equal(e.why, WHY_CHANGED);
  assert_int_equal(e.sent_fields, 1 << ROW_EMAIL | 1 << ROW_PHONE);
  assert_slice(e.field[ROW_NAME], "\"A\"");
  scene_end(&x);
}

static void a_reject_a_held_row_and_one_under_way_are_told(void **state) {
  struct scene x;
  struct reject r = {.key = SLICE("r"), .content = 5, .code = SLICE("refused"), .status = 400};
  (void)state;
  scene_begin(&x);
  struct commit c = {.rejects = &r, .rejects_len = 1};
  OK(&x, stream_commit(x.st, &c, &x.err));
  struct explained e = explain(&x, "r");
  assert_true(e.is_rejected && !e.is_known);
  assert_slice(e.reject.code, "refused");
  assert_int_equal(e.reject.status, 400);

  scene_intent(&x, (const char *[]){"y", "h", NULL});
  e = explain(&x, "h");
  assert_true(e.is_under_way && !e.is_held);
  assert_slice(e.held.row.key, "h");
  assert_slice(e.held.row.field[ROW_NAME], "\"Ali\"");
  assert_int_equal(e.held.sent_at_ms, SCENE_NOW_MS);
  scene_reopen(&x);
  e = explain(&x, "h");
  assert_true(e.is_held && !e.is_under_way);
  assert_slice(e.held.row.key, "h");
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_unknown_key_has_no_story),
      cmocka_unit_test(a_partner_tells_what_was_sent_when_by_which_run),
      cmocka_unit_test(why_it_was_sent_last_and_with_which_fields_is_told),
      cmocka_unit_test(a_reject_a_held_row_and_one_under_way_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
