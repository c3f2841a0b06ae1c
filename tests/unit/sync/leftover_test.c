/* A create that Hoko refused is unclear until a listing shows what it left behind. */
#include "scene.h"

static const struct tally *tally(const struct scene *x) { return sync_tally(x->sync); }

static void one_listing_makes_the_refusals_of_a_run_believed(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N0077";
  x->options.batch_rows = 100;
  scene_rows(x, 1000);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 10);
  assert_int_equal(tally(x)->created, 990);
  assert_int_equal(scene_count(x, EXCHANGE_GET), 1);
  scene_end(x);
}

static void nothing_is_sent_again_before_the_listing(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N00007";
  scene_rows(x, 10);
  OK(x, scene_sync(x));
  assert_int_equal(x->request[0].status, 400);
  assert_int_equal(x->request[1].method, EXCHANGE_GET);
  assert_int_equal(x->request[2].method, EXCHANGE_PUT);
  scene_end(x);
}

static void a_part_that_was_applied_is_held_and_not_sent_again(void **unused) {
  (void)unused;
  for (int applies = SCENE_GOOD_ROWS; applies <= SCENE_ROWS_BEFORE; applies++) {
    struct scene *x = scene_begin();
    struct settled settled;
    x->refuses = "N00007";
    x->applies = (enum scene_applies)applies;
    scene_rows(x, 10);
    OK(x, scene_sync(x));
    assert_int_equal(tally(x)->held, 10);
    assert_int_equal(scene_count(x, EXCHANGE_PUT), 1);
    assert_true(scene_warned(x, "applied a part"));
    OK(x, scene_settle(x, true, &settled));
    assert_int_equal(settled.adopted, applies == SCENE_GOOD_ROWS ? 9 : 7);
    assert_int_equal(settled.twins, 0);
    for (size_t i = 0; i < x->partners_len; i++)
      assert_int_equal(scene_named(x, x->partners[i].name), 1);
    scene_end(x);
  }
}

static void what_settling_sends_again_is_looked_for_in_the_same_way(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  struct settled settled;
  x->refuses = "N00007";
  x->applies = SCENE_ROWS_BEFORE;
  scene_rows(x, 10);
  OK(x, scene_sync(x));
  OK(x, scene_settle(x, false, &settled)); /* the window is 0 */
  assert_int_equal(settled.adopted, 7);
  assert_int_equal(settled.resent, 2);
  assert_int_equal(settled.resend.rejected, 1);
  assert_int_equal(settled.held, 0);
  assert_int_equal(x->partners_len, 9);
  scene_end(x);
}

static void one_row_refused_shows_nothing_about_many(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "bad";
  x->applies = SCENE_GOOD_ROWS;
  x->options.batch_rows = 1;
  scene_row(x, "a", "bad", NULL);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 1);
  scene_next(x);
  x->options.batch_rows = 2;
  scene_row(x, "b", "bad 2", NULL);
  scene_row(x, "c", "bad 3", NULL);
  scene_row(x, "d", "good", NULL);
  OK(x, scene_sync(x));
  assert_int_equal(scene_named(x, "good"), 1);
  scene_end(x);
}

static void partners_that_others_made_before_are_not_what_was_left_behind(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N00007";
  scene_partner(x, "N00001", NULL);
  x->partners[0].created_ms -= 10 * 60 * 1000;
  scene_rows(x, 10);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, 9);
  assert_int_equal(tally(x)->rejected, 1);
  scene_end(x);
}

static void a_server_whose_clock_is_behind_hides_nothing(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N00007";
  x->applies = SCENE_GOOD_ROWS;
  x->skew_ms = -60 * 60 * 1000;
  struct settled settled;
  scene_rows(x, 10);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->held, 10);
  OK(x, scene_settle(x, true, &settled));
  assert_int_equal(settled.adopted, 9);
  scene_end(x);
}

static void equal_rows_made_before_in_the_run_are_ours(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->options.has_key = false;
  x->options.batch_rows = 2;
  x->refuses = "bad";
  scene_row(x, NULL, "A", NULL);
  scene_row(x, NULL, "B", NULL);
  scene_row(x, NULL, "A", NULL);
  scene_row(x, NULL, "bad", NULL);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, 3);
  assert_int_equal(tally(x)->rejected, 1);
  assert_int_equal(scene_named(x, "A"), 2);
  scene_end(x);
}

static void a_key_that_may_not_list_holds_what_is_refused(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N0000";
  x->may_not_list = true;
  x->options.batch_rows = 5;
  scene_rows(x, 15);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->held, 10);
  assert_int_equal(tally(x)->created, 5);
  assert_int_equal(scene_count(x, EXCHANGE_GET), 1);
  assert_true(scene_warned(x, "creates that Hoko refuses are held"));
  scene_end(x);
}

static void a_stop_while_it_is_looked_holds_the_rows(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N00007";
  scene_meets(x, (struct scene_fate){.nth = 2, .end = EXCHANGE_TLS_REFUSED});
  scene_rows(x, 10);
  OK(x, scene_sync(x));
  assert_non_null(sync_error(x->sync));
  assert_int_equal(tally(x)->held, 10);
  scene_end(x);
}

static void listings_count_towards_the_limit(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N0";
  x->options.bisect_limit = 1;
  scene_rows(x, 100);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 100);
  assert_string_equal(x->refusal[0].code, "unclear");
  assert_int_equal(x->requests_len, 2);
  scene_end(x);
}

static void without_a_request_left_to_look_the_rows_are_held(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N00007";
  x->options.bisect_limit = 0;
  scene_rows(x, 10);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->held, 10);
  assert_int_equal(x->requests_len, 1);
  scene_end(x);
}

static void updates_need_no_listing(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  scene_row(x, "a", "A", NULL);
  scene_row(x, "b", "B", NULL);
  OK(x, scene_sync(x));
  scene_next(x);
  x->refuses = "bad";
  scene_row(x, "a", "bad", NULL);
  scene_row(x, "b", "B2", NULL);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 1);
  assert_int_equal(tally(x)->updated, 1);
  assert_int_equal(scene_count(x, EXCHANGE_GET), 0);
  scene_end(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_listing_makes_the_refusals_of_a_run_believed),
      cmocka_unit_test(nothing_is_sent_again_before_the_listing),
      cmocka_unit_test(a_part_that_was_applied_is_held_and_not_sent_again),
      cmocka_unit_test(what_settling_sends_again_is_looked_for_in_the_same_way),
      cmocka_unit_test(one_row_refused_shows_nothing_about_many),
      cmocka_unit_test(partners_that_others_made_before_are_not_what_was_left_behind),
      cmocka_unit_test(a_server_whose_clock_is_behind_hides_nothing),
      cmocka_unit_test(equal_rows_made_before_in_the_run_are_ours),
      cmocka_unit_test(a_key_that_may_not_list_holds_what_is_refused),
      cmocka_unit_test(a_stop_while_it_is_looked_holds_the_rows),
      cmocka_unit_test(listings_count_towards_the_limit),
      cmocka_unit_test(without_a_request_left_to_look_the_rows_are_held),
      cmocka_unit_test(updates_need_no_listing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
