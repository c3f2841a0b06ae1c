/* Answers against sent rows: only a full match counts. */
#include "sync/match.h"

#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>

enum { ROWS = 16 };

#define A "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define B "c2a9b7d4-88f1-4f6d-b0e6-91d27a5c4402"
#define C "5e90b2f7-1c6a-47d8-a3b4-70c9e8d21f36"

static const struct hash_key key = {1, 2};
static struct batch batch;
static struct flight flight;
static struct matching matching;

static int begin(enum batch_kind kind) {
  struct error err;
  struct batch_limits limits = {
      .rows_max = ROWS, .body_max = 4096, .answer_bytes_max = 1 << 16, .key = key};
  if (batch_init(&batch, 1, &limits, &err) || flight_init(&flight, &limits, &err) ||
      matching_init(&matching, ROWS, &err))
    return -1;
  batch_begin(&batch, kind);
  batch.flight = &flight;
  return 0;
}

static int begin_updates(void **unused) {
  (void)unused;
  return begin(BATCH_UPDATE);
}
static int begin_creates(void **unused) {
  (void)unused;
  return begin(BATCH_CREATE);
}

static int end(void **unused) {
  (void)unused;
  batch_free(&batch);
  flight_free(&flight);
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

static void add_whole(const char *name, const char *email, const char *phone) {
  struct row row = {.field = {slice_of(name), slice_of(email), slice_of(phone)}};
  assert_true(batch_add(&batch, &row, &(struct batch_row){.mask = BATCH_ALL_FIELDS}));
}

static void answer(const char *text) {
  batch.ranges[0] = (struct range){.to = batch.rows_len};
  batch.ranges_len = 1;
  answer_reset(&flight.answer);
  (void)answer_feed(&flight.answer, slice_of(text));
  answer_end(&flight.answer);
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
      {"[{\"id\":\"" B "\"},{\"id\":\"" B "\"}]", MATCH_FOREIGN},
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
  answer("[{\"id\":\"" A "\",\"name\":\"Bob\",\"email\":null},{\"id\":\"" B
         "\",\"name\":\"Ann\",\"email\":\"a@b.co\"}]");
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
  answer("[{\"id\":\"" A "\",\"name\":\"Ann\",\"email\":\"ann@b.co\"},{\"id\":\"" B
         "\",\"name\":\"Bob\"}]");
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
  assert_int_equal(match_changed_fields(&batch, 0, &flight.answer.partners[0], &key),
                   1 << ROW_EMAIL);
}

/* The hashes of sixteen meet each other in the table; with a BLANK they do folded only. */
static void match_sixteen(const char *blank) {
  struct buf text = BUF_WITH_LIMIT(1 << 14);
  for (int i = 0; i < ROWS; i++) {
    char id[UUID_TEXT_LEN + 1], name[16];
    (void)snprintf(id, sizeof id, "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c%02d", i);
    (void)snprintf(name, sizeof name, "\"%sn%d\"", blank, i);
    add(batch.kind == BATCH_UPDATE ? id : NULL, name, NULL);
  }
  for (int i = ROWS; i-- > 0;)
    buf_printf(&text, "%s{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c%02d\",\"name\":\"n%d\"}",
               text.len ? "," : "[", i, i);
  buf_add_char(&text, ']');
  answer(buf_text(&text));
  enum match match = batch.kind == BATCH_UPDATE ? match_updates(&matching, &batch)
                                                : match_creates(&matching, &batch, &key);
  assert_int_equal(match, MATCH_FULL);
  for (uint32_t i = 0; i < ROWS; i++) assert_int_equal(matching.partner_of[i], ROWS - 1 - i);
  buf_free(&text);
}

static void equal_rows_that_came_back_folded_get_an_id_each(void **unused) {
  (void)unused;
  add(NULL, "\" Ann\"", NULL);
  add(NULL, "\" Ann\"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Ann\"},{\"id\":\"" B "\",\"name\":\"Ann\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FULL);
  assert_int_not_equal(matching.partner_of[0], matching.partner_of[1]);
}

static void sixteen_rows_match_from_the_last_to_the_first(void **unused) {
  (void)unused;
  match_sixteen("");
}

static void sixteen_rows_that_came_back_folded_match(void **unused) {
  (void)unused;
  match_sixteen(" ");
}

static void without_the_text_of_an_answer_nothing_is_folded(void **unused) {
  (void)unused;
  answer_keep_text(&flight.answer, false);
  add(NULL, "\" Ann \"", NULL);
  answer("[{\"id\":\"" A "\",\"name\":\"Ann\"}]");
  assert_int_equal(match_creates(&matching, &batch, &key), MATCH_FOREIGN);
}

/* 0 is "no row has it": fields are chosen that come to it, which nobody meets by chance. */
static void no_content_is_0(void **unused) {
  (void)unused;
  uint64_t field[ROW_FIELDS] = {5, 6, 0}, h = 1;
  for (int f = 0; f < ROW_FIELDS - 1; f++) {
    h = (h ^ field[f]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 32;
  }
  field[ROW_FIELDS - 1] = h;
  assert_int_equal(match_content(field), 1);
}

/* Nothing is left of white space, of half a surrogate and of bytes that are no text. */
static void what_cannot_be_folded_is_like_nothing(void **unused) {
  (void)unused;
  static const char *const texts[] = {"\"  \"", "\"\\ud800\"", "\"\xff\"", "5", "\""};
  struct slice none[ROW_FIELDS] = {{NULL, 0}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct slice field[ROW_FIELDS] = {{NULL, 0}};
    field[ROW_EMAIL] = slice_of(texts[i]);
    if (match_fold(field, &key) != match_fold(none, &key)) fail_msg("%s", texts[i]);
  }
}

/* A guess would make a partner twice. */
static void without_memory_nothing_is_acknowledged(void **unused) {
  (void)unused;
  bool is_met = true;
  add_whole("\" Ann \"", "\"Ann@B.co\"", "\"+1 2\"");
  add(NULL, "\"Bob\"", NULL);
  answer("[{\"id\":\"" A
         "\",\"name\":\"Ann\",\"email\":\"ann@b.co\",\"phone\":\"+12\"},{\"id\":\"" B
         "\",\"name\":\"Bob\"}]");
  for (unsigned n = 1; is_met; n++) {
    memory_fault_begin(n);
    enum match match = match_creates(&matching, &batch, &key);
    is_met = memory_fault_end();
    assert_true(is_met ? match != MATCH_FULL : match == MATCH_FULL);
  }
}

static void without_memory_there_is_no_table(void **unused) {
  (void)unused;
  for (unsigned n = 1; n <= 2; n++) {
    struct matching m = {0};
    struct error err;
    memory_fault_begin(n);
    assert_int_equal(matching_init(&m, ROWS, &err), -1);
    assert_true(memory_fault_end());
    assert_int_equal(err.code, ERROR_MEMORY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(updates_match_by_id_in_any_order, begin_updates, end),
      cmocka_unit_test_setup_teardown(other_answers_to_updates_do_not_count, begin_updates, end),
      cmocka_unit_test_setup_teardown(creates_match_by_content_in_any_order, begin_creates, end),
      cmocka_unit_test_setup_teardown(twins_in_a_request_get_each_id_once, begin_creates, end),
      cmocka_unit_test_setup_teardown(creates_that_came_back_folded_match_where_that_is_unique,
                                      begin_creates, end),
      cmocka_unit_test_setup_teardown(creates_that_fold_alike_are_no_guess, begin_creates, end),
      cmocka_unit_test_setup_teardown(a_foreign_object_among_creates_does_not_count, begin_creates,
                                      end),
      cmocka_unit_test_setup_teardown(a_changed_field_is_named, begin_updates, end),
      cmocka_unit_test_setup_teardown(sixteen_rows_match_from_the_last_to_the_first, begin_updates,
                                      end),
      cmocka_unit_test_setup_teardown(sixteen_rows_match_from_the_last_to_the_first, begin_creates,
                                      end),
      cmocka_unit_test_setup_teardown(equal_rows_that_came_back_folded_get_an_id_each,
                                      begin_creates, end),
      cmocka_unit_test_setup_teardown(sixteen_rows_that_came_back_folded_match, begin_creates, end),
      cmocka_unit_test_setup_teardown(without_the_text_of_an_answer_nothing_is_folded,
                                      begin_creates, end),
      cmocka_unit_test(no_content_is_0),
      cmocka_unit_test(what_cannot_be_folded_is_like_nothing),
      cmocka_unit_test_setup_teardown(without_memory_nothing_is_acknowledged, begin_creates, end),
      cmocka_unit_test(without_memory_there_is_no_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
