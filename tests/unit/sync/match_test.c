/* Answers against sent rows: only a full match counts. */
#include "sync/match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { ROWS = 16 };

#define A "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define B "c2a9b7d4-88f1-4f6d-b0e6-91d27a5c4402"
#define C "5e90b2f7-1c6a-47d8-a3b4-70c9e8d21f36"

static const struct hash_key key = {1, 2};
static struct batch batch;
static struct matching matching;

static int begin(enum batch_kind kind) {
  struct error err;
  struct batch_limits limits = {.rows_max = ROWS, .body_max = 4096, .answer_bytes_max = 1 << 16, .key = key};
  if (batch_init(&batch, 1, &limits, &err) || matching_init(&matching, ROWS, &err)) return -1;
  batch_begin(&batch, kind, true);
  return 0;
}

static int begin_updates(void **unused) { (void)unused; return begin(BATCH_UPDATE); }
static int begin_creates(void **unused) { (void)unused; return begin(BATCH_CREATE); }

static int end(void **unused) {
  (void)unused;
  batch_free(&batch);
  matching_free(&matching);
  return 0;
}

static void add(const char *id, const char *name, const char *email) {
  struct row row = {.id = slice_of(id)};
  struct batch_row as = {.mask = BATCH_ALL_FIELDS};
  row.field[ROW_NAME] = slice_of(name);
  row.field[ROW_EMAIL] = slice_of(email);
  if (id) assert_true(uuid_parse(row.id, &as.id));
  assert_true(batch_add(&batch, &row, &as));
}

static void answer(const char *text) {
  batch.ranges[0] = (struct range){0, batch.rows_len, 0};
  batch.ranges_len = 1;
  answer_reset(&batch.answer);
  (void)answer_feed(&batch.answer, slice_of(text));
  answer_end(&batch.answer);
}

static void updates_match_by_id_in_any_order(void **unused) {
  (void)unused;
  add(A, "\"a\"", NULL);
  add(B, "\"b\"", NULL);
  add(C, "\"c\"", NULL);
  answer("[{\"id\":\"" C "\"},{\"id\":\"" A "\"},{\"id\":\"" B "\"}]");
  assert_int_equal(match_updates(&matching, &batch), MATCH_FULL);
  assert_int_equal(matching.partner_of[0], 1);
  assert_int_equal(matching.partner_of[1], 2);
  assert_int_equal(matching.partner_of[2], 0);
}

struct wrong {
  const char *answer;
  enum match match;
};

static void other_answers_to_updates_do_not_count(void **unused) {
  (void)unused;
  static const struct wrong wrong[] = {
      {"[]", MATCH_COUNT},
      {"[{\"id\":\"" A "\"}]", MATCH_COUNT},
      {"[{\"id\":\"" A "\"},{\"id\":\"" A "\"}]", MATCH_FOREIGN},
      {"[{\"id\":\"" A "\"},{\"id\":\"" C "\"}]", MATCH_FOREIGN},
      {"[{\"id\":\"" A "\"},{\"id\":\"" B "\"}", MATCH_INCOMPLETE},
      {"null", MATCH_INCOMPLETE},
      {"{}", MATCH_INCOMPLETE},
      {"<html>", MATCH_INCOMPLETE},
      {"[{\"id\":\"" A "\"},{\"id\":\"" B "\"},{\"id\":\"" C "\"}]", MATCH_COUNT},
  };
  add(A, "\"a\"", NULL);
  add(B, "\"b\"", NULL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    answer(wrong[i].answer);
    if (match_updates(&matching, &batch) != wrong[i].match) fail_msg("%s", wrong[i].answer);
  }
}

static void creates_match_by_content_in_any_order(void **unused) {
  (void)unused;
  add(NULL, "\"Ann\"", "\"a@b.co\"");
  add(NULL, "\"Bob\"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Bob\",\"email\":null},{\"id\":\"" B "\",\"name\":\"Ann\",\"email\":\"a@b.co\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FULL);
  assert_int_equal(matching.partner_of[0], 1);
  assert_int_equal(matching.partner_of[1], 0);
}

static void twins_in_a_request_get_each_id_once(void **unused) {
  (void)unused;
  add(NULL, "\"Ann\"", NULL);
  add(NULL, "\"Ann\"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Ann\"},{\"id\":\"" B "\",\"name\":\"Ann\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FULL);
  assert_int_not_equal(matching.partner_of[0], matching.partner_of[1]);
}

static void creates_that_came_back_folded_match_where_that_is_unique(void **unused) {
  (void)unused;
  add(NULL, "\" Ann \"", "\"Ann@B.co\"");
  add(NULL, "\"Bob\"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Ann\",\"email\":\"ann@b.co\"},{\"id\":\"" B "\",\"name\":\"Bob\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FULL);
  assert_int_equal(matching.partner_of[0], 0);
}

static void creates_that_fold_alike_are_no_guess(void **unused) {
  (void)unused;
  add(NULL, "\" Ann\"", NULL);
  add(NULL, "\"Ann \"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Ann\"},{\"id\":\"" B "\",\"name\":\"Ann\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FOREIGN);
}

static void a_foreign_object_among_creates_does_not_count(void **unused) {
  (void)unused;
  add(NULL, "\"Ann\"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Eve\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FOREIGN);
}

static void a_changed_field_is_named(void **unused) {
  (void)unused;
  add(A, "\"a\"", "\"x@y.co\"");
  answer("[{\"id\":\"" A "\",\"name\":\"a\",\"email\":\"X@y.co\"}]");
  assert_int_equal(match_updates(&matching, &batch), MATCH_FULL);
  assert_int_equal(match_changed_fields(&batch, 0, &batch.answer.partners[0], &key), 1 << ROW_EMAIL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(updates_match_by_id_in_any_order, begin_updates, end),
      cmocka_unit_test_setup_teardown(other_answers_to_updates_do_not_count, begin_updates, end),
      cmocka_unit_test_setup_teardown(creates_match_by_content_in_any_order, begin_creates, end),
      cmocka_unit_test_setup_teardown(twins_in_a_request_get_each_id_once, begin_creates, end),
      cmocka_unit_test_setup_teardown(creates_that_came_back_folded_match_where_that_is_unique, begin_creates, end),
      cmocka_unit_test_setup_teardown(creates_that_fold_alike_are_no_guess, begin_creates, end),
      cmocka_unit_test_setup_teardown(a_foreign_object_among_creates_does_not_count, begin_creates, end),
      cmocka_unit_test_setup_teardown(a_changed_field_is_named, begin_updates, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
