/* Which row was it: how many requests that costs, and what is left alone. */
#include "scene.h"

#include <stdio.h>

static const struct tally *tally(const struct scene *x) { return sync_tally(x->sync); }

/* Makes COUNT partners that later upserts update. */
static struct scene *scene_of_updates(size_t count) {
  struct scene *x = scene_begin();
  scene_rows(x, count);
  OK(x, scene_sync(x));
  scene_next(x);
  x->requests_len = 0;
  return x;
}

/* The rows of scene_of_updates(), changed; BAD ones are refused. */
static void change(struct scene *x, size_t count, size_t bad_every, size_t bad_at) {
  char key[32], name[32];
  for (size_t i = 0; i < count; i++) {
    (void)snprintf(key, sizeof key, "N%05zu", i);
    (void)snprintf(name, sizeof name, "%s%05zu", i % bad_every == bad_at ? "Bad" : "Good", i);
    scene_row(x, key, name, NULL);
  }
  x->refuses = "Bad";
}

static size_t writes(const struct scene *x) { return scene_count(x, EXCHANGE_PUT); }

static void a3_one_bad_row_of_ten_thousand_takes_29_requests_at_most(void **unused) {
  (void)unused;
  static const size_t places[] = {0, 1, 3999, 4000, 4001, 5000, 7777, 9998, 9999};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct scene *x = scene_of_updates(10000);
    change(x, 10000, 10000, places[i]);
    OK(x, scene_sync(x));
    assert_int_equal(tally(x)->rejected, 1);
    assert_int_equal(tally(x)->updated, 9999);
    assert_string_equal(x->refusal[places[i]].code, "refused");
    assert_string_equal(x->refusal[places[i]].message, "Invalid request");
    assert_in_range(x->requests_len, 15, 29);
    scene_end(x);
  }
}

static void one_bad_create_of_ten_thousand_takes_as_many_and_a_listing(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->refuses = "N00000";
  scene_rows(x, 10000);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 1);
  assert_int_equal(tally(x)->created, 9999);
  assert_in_range(writes(x), 15, 28);
  assert_int_equal(scene_count(x, EXCHANGE_GET), 1);
  scene_end(x);
}

static void a_hundred_bad_rows_take_1370_requests_at_most(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(10000);
  change(x, 10000, 100, 37);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 100);
  assert_int_equal(tally(x)->updated, 9900);
  assert_in_range(x->requests_len, 300, 1370);
  scene_end(x);
}

/* ---- named --------------------------------------------------------------- */

static void a_row_that_the_message_names_is_tried_first(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(10000);
  change(x, 10000, 10000, 7777);
  x->message = "The name \\\"%s\\\" is not allowed";
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 1);
  assert_int_equal(tally(x)->updated, 9999);
  assert_int_equal(writes(x), 4); /* all, the row, what stands before it, what behind it */
  assert_int_equal(x->request[1].rows, 1);
  scene_end(x);
}

static void a_hundred_named_rows_take_three_requests_each(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(10000);
  change(x, 10000, 100, 37);
  x->message = "The name \\\"%s\\\" is not allowed";
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 100);
  assert_in_range(writes(x), 200, 302);
  scene_end(x);
}

static void a_message_that_names_the_wrong_row_costs_no_more_than_29(void **unused) {
  (void)unused;
  static const size_t places[] = {0, 3999, 5000, 9999};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct scene *x = scene_of_updates(10000);
    change(x, 10000, 10000, places[i]);
    x->message = "[4321].name: not allowed";
    OK(x, scene_sync(x));
    assert_int_equal(tally(x)->rejected, 1);
    assert_int_equal(tally(x)->updated, 9999);
    assert_in_range(x->requests_len, 15, 29);
    scene_end(x);
  }
}

static void the_only_row_with_a_field_that_is_named_is_tried_first(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  scene_row(x, "a", "A", NULL);
  scene_row(x, "b", "B", NULL);
  scene_row(x, "c", "Bad", "c@x.example");
  scene_row(x, "d", "D", NULL);
  x->refuses = "Bad";
  x->message = "Invalid email";
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, 3);
  assert_int_equal(writes(x), 4);
  assert_int_equal(x->request[2].rows, 1); /* behind the listing */
  assert_int_equal(x->request[2].status, 400);
  scene_end(x);
}

static void a_named_row_at_either_end_leaves_one_part_beside_it(void **unused) {
  (void)unused;
  static const size_t places[] = {0, 99};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct scene *x = scene_of_updates(100);
    change(x, 100, 100, places[i]);
    x->message = "The name \\\"%s\\\" is not allowed";
    OK(x, scene_sync(x));
    assert_int_equal(tally(x)->updated, 99);
    assert_int_equal(writes(x), 3);
    scene_end(x);
  }
}

/* ---- sizes --------------------------------------------------------------- */

static void a9c_a_413_shrinks_what_follows_and_rejects_no_row(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  scene_rows(x, 40);
  x->options.batch_rows = 20;
  scene_meets(x, (struct scene_fate){.nth = 1, .end = EXCHANGE_ANSWERED, .status = 413});
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, 40);
  assert_int_equal(tally(x)->rejected, 0);
  for (size_t i = 1; i < x->requests_len; i++) assert_in_range(x->request[i].rows, 1, 20);
  assert_int_equal(x->request[1].rows, 10);
  scene_end(x);
}

static void a9c_a_row_that_is_too_large_alone_is_rejected_as_such(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  scene_row(x, "a", "A", NULL);
  scene_meets(x, (struct scene_fate){.nth = 1, .end = EXCHANGE_ANSWERED, .status = 413});
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 1);
  assert_string_equal(x->refusal[0].code, "too_large");
  scene_end(x);
}

/* ---- not to the end ------------------------------------------------------ */

static void a4_a_cause_common_to_all_stops_early(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  scene_rows(x, 10000);
  x->refuses = "N";
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->rejected, 10000);
  assert_int_equal(x->partners_len, 0);
  assert_in_range(x->requests_len, 10, 30);
  scene_end(x);
}

/* Refuses, like a service with a limit of its own, any request of more than 5,000 rows:
 * the row that is refused is the 5,001st. */
static void a4_rows_that_are_refused_only_together_are_all_accepted_apart(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->rows_most = 5000;
  x->options.batch_rows = 10000;
  x->options.bisect_limit = 60;
  scene_rows(x, 11000);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, 11000);
  assert_int_equal(tally(x)->rejected, 0);
  assert_in_range(x->requests_len, 4, 30);
  scene_end(x);
}

/* The smallest requests shrink no further. */
static void a4_rows_that_are_taken_one_by_one_only_are_all_accepted(void **unused) {
  (void)unused;
  struct scene *x = scene_begin();
  x->rows_most = 1;
  x->options.batch_rows = 2;
  scene_rows(x, 6);
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, 6);
  assert_int_equal(tally(x)->rejected, 0);
  scene_end(x);
}

/* What is accepted at the limit makes no more parts: the rest is sent once, whole. */
static void at_the_limit_what_is_known_to_hold_the_cause_is_sent_whole(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(100);
  change(x, 100, 100, 99);
  x->options.bisect_limit = 1;
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->updated, 40);
  assert_int_equal(tally(x)->rejected, 60);
  assert_string_equal(x->refusal[99].code, "unclear");
  assert_int_equal(writes(x), 3);
  scene_end(x);
}

static void stop_at_once(void *user, uint64_t ordinal, const struct sync_refusal *why) {
  struct scene *x = user;
  struct error err;
  (void)ordinal, (void)why;
  (void)error_set(&err, ERROR_INTERRUPTED, "stopped by SIGINT");
  sync_stop(x->sync, &err);
}

static void a_stop_among_rows_of_one_cause_leaves_the_others_pending(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(100);
  change(x, 100, 1, 0);
  x->options.bisect_limit = 1;
  x->options.events.refused = stop_at_once;
  OK(x, scene_sync(x));
  assert_in_range(tally(x)->rejected, 1, 99);
  assert_int_equal(tally(x)->rejected + tally(x)->pending, 100);
  scene_end(x);
}

/* The sizes that a 413 left are smaller already. */
static void sizes_that_a_413_left_stay(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(40);
  change(x, 40, 41, 40);
  x->options.batch_rows = 20;
  x->options.concurrency = 2;
  x->rows_most = 10;
  scene_meets(x, (struct scene_fate){.nth = 2, .end = EXCHANGE_ANSWERED, .status = 413});
  scene_meets(x, (struct scene_fate){.nth = 4, .end = EXCHANGE_ANSWERED, .status = 413});
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->updated, 40);
  assert_int_equal(tally(x)->rejected, 0);
  scene_end(x);
}

/* A message that quotes ever shorter names, each of a row with another behind it: beyond so
 * many parts a row that is named is found by halving. */
static void a_row_that_is_named_too_deep_gets_no_part_of_its_own(void **unused) {
  static const char words[] = "a b c d e f g h i j k l m n o p q r s t";
  (void)unused;
  struct scene *x = scene_begin();
  scene_row(x, "bad", "Bad", NULL);
  for (size_t len = 3; len < sizeof words; len += 2) {
    char name[sizeof words], filler[32];
    (void)snprintf(name, sizeof name, "%.*s", (int)len, words);
    (void)snprintf(filler, sizeof filler, "filler%zu", len);
    scene_row(x, name, name, NULL);
    scene_row(x, filler, filler, NULL);
  }
  x->refuses = "Bad";
  x->message = words;
  OK(x, scene_sync(x));
  assert_int_equal(tally(x)->created, sizeof words - 2);
  assert_int_equal(tally(x)->rejected, 1);
  scene_end(x);
}

static void the_limit_on_requests_is_kept_and_the_rest_unclear(void **unused) {
  (void)unused;
  struct scene *x = scene_of_updates(1000);
  change(x, 1000, 10, 3);
  x->options.bisect_limit = 50;
  OK(x, scene_sync(x));
  assert_in_range(x->requests_len, 50, 62);
  assert_int_equal(tally(x)->rejected + tally(x)->updated, 1000);
  assert_string_equal(x->refusal[999].code, "unclear");
  scene_end(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a3_one_bad_row_of_ten_thousand_takes_29_requests_at_most),
      cmocka_unit_test(one_bad_create_of_ten_thousand_takes_as_many_and_a_listing),
      cmocka_unit_test(a_hundred_bad_rows_take_1370_requests_at_most),
      cmocka_unit_test(a_row_that_the_message_names_is_tried_first),
      cmocka_unit_test(a_hundred_named_rows_take_three_requests_each),
      cmocka_unit_test(a_message_that_names_the_wrong_row_costs_no_more_than_29),
      cmocka_unit_test(the_only_row_with_a_field_that_is_named_is_tried_first),
      cmocka_unit_test(a_named_row_at_either_end_leaves_one_part_beside_it),
      cmocka_unit_test(a9c_a_413_shrinks_what_follows_and_rejects_no_row),
      cmocka_unit_test(a9c_a_row_that_is_too_large_alone_is_rejected_as_such),
      cmocka_unit_test(a4_a_cause_common_to_all_stops_early),
      cmocka_unit_test(a4_rows_that_are_refused_only_together_are_all_accepted_apart),
      cmocka_unit_test(a4_rows_that_are_taken_one_by_one_only_are_all_accepted),
      cmocka_unit_test(at_the_limit_what_is_known_to_hold_the_cause_is_sent_whole),
      cmocka_unit_test(a_stop_among_rows_of_one_cause_leaves_the_others_pending),
      cmocka_unit_test(sizes_that_a_413_left_stay),
      cmocka_unit_test(a_row_that_is_named_too_deep_gets_no_part_of_its_own),
      cmocka_unit_test(the_limit_on_requests_is_kept_and_the_rest_unclear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
