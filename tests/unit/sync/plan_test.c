/* What is to be done with one row, by what the state knows. */
#include "sync/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define OTHER "c2a9b7d4-88f1-4f6d-b0e6-91d27a5c4402"

static struct row row_of(const char *key, const char *id, const char *name, const char *email) {
  struct row r = {.key = slice_of(key), .id = slice_of(id)};
  r.field[ROW_NAME] = slice_of(name);
  r.field[ROW_EMAIL] = slice_of(email);
  return r;
}

static struct known known_as(const char *name, const char *email) {
  struct known k = {.seq = 3};
  if (!uuid_parse(SLICE(ID), &k.id)) k.seq = 0;
  k.field[ROW_NAME] = slice_of(name);
  k.field[ROW_EMAIL] = slice_of(email);
  return k;
}

static struct plan plan_of(struct row *row, struct known *known) {
  struct plan_facts f = {.row = row, .known = known, .has_key = row->key.len > 0};
  return plan_row(&f);
}

static void an_unknown_key_is_created_whole(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", "\"a@b.co\"");
  struct known none = {.seq = 0};
  struct plan p = plan_of(&row, &none);
  assert_int_equal(p.what, PLAN_SEND);
  assert_int_equal(p.kind, BATCH_CREATE);
  assert_int_equal(p.as.mask, 1 << ROW_NAME | 1 << ROW_EMAIL);
}

static void a_known_key_sends_only_what_differs(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", "\"new@b.co\"");
  struct known known = known_as("\"A\"", "\"a@b.co\"");
  struct plan p = plan_of(&row, &known);
  assert_int_equal(p.what, PLAN_SEND);
  assert_int_equal(p.kind, BATCH_UPDATE);
  assert_int_equal(p.as.mask, 1 << ROW_EMAIL);
  assert_true(uuid_equal(&p.as.id, &known.id));
}

static void an_unchanged_row_is_not_sent(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", "\"a@b.co\"");
  struct known known = known_as("\"A\"", "\"a@b.co\"");
  assert_int_equal(plan_of(&row, &known).what, PLAN_UNCHANGED);
}

static void send_all_sends_an_unchanged_row_whole(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", "\"a@b.co\"");
  struct known known = known_as("\"A\"", "\"a@b.co\"");
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true, .sends_all = true};
  struct plan p = plan_row(&f);
  assert_int_equal(p.what, PLAN_SEND);
  assert_int_equal(p.as.mask, 1 << ROW_NAME | 1 << ROW_EMAIL);
}

static void clearing_a_field_is_a_change(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", "null");
  struct known known = known_as("\"A\"", "\"a@b.co\"");
  assert_int_equal(plan_of(&row, &known).as.mask, 1 << ROW_EMAIL);
}

static void a_create_without_a_name_is_rejected(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, NULL, "\"a@b.co\"");
  struct known none = {.seq = 0};
  struct plan p = plan_of(&row, &none);
  assert_int_equal(p.what, PLAN_REJECT);
  assert_string_equal(p.code, "name_missing");
}

static void a_key_bound_to_another_partner_is_a_conflict(void **unused) {
  (void)unused;
  struct row row = row_of("k", OTHER, "\"A\"", NULL);
  struct known known = known_as("\"A\"", NULL);
  struct plan p = plan_of(&row, &known);
  assert_int_equal(p.what, PLAN_REJECT);
  assert_string_equal(p.code, "key_conflict");
}

static void a_row_of_a_held_create_waits(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", NULL);
  struct known known = {.is_held = true};
  assert_int_equal(plan_of(&row, &known).what, PLAN_PENDING);
}

static void a_rejected_row_is_sent_again_only_when_it_changed(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", NULL);
  struct known known = {.is_rejected = true, .rejected_content = 77};
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true, .content = 77};
  assert_int_equal(plan_row(&f).what, PLAN_REFUSED);
  f.content = 78;
  assert_int_equal(plan_row(&f).what, PLAN_SEND);
  f.content = 77;
  f.retries_rejects = true;
  assert_int_equal(plan_row(&f).what, PLAN_SEND);
}

static void a_gone_partner_is_made_anew_only_on_request(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, NULL, "\"new@b.co\"");
  struct known known = known_as("\"A\"", "\"a@b.co\"");
  known.is_gone = known.is_rejected = true;
  known.rejected_content = 77;
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true, .content = 78};
  struct plan p = plan_row(&f);
  assert_int_equal(p.what, PLAN_REJECT);
  assert_string_equal(p.code, "unknown_id");
  f.recreates = true;
  p = plan_row(&f);
  assert_int_equal(p.kind, BATCH_CREATE);
  assert_true(slice_is(p.row.field[ROW_NAME], "\"A\"")); /* gets back what was acknowledged */
  assert_true(slice_is(p.row.field[ROW_EMAIL], "\"new@b.co\""));
}

static void a_rejected_row_of_a_gone_partner_is_made_anew_on_request(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", NULL);
  struct known known = known_as("\"A\"", NULL);
  known.is_gone = known.is_rejected = true;
  known.rejected_content = 77;
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true, .content = 77};
  assert_int_equal(plan_row(&f).what, PLAN_REFUSED);
  f.recreates = true;
  assert_int_equal(plan_row(&f).kind, BATCH_CREATE);
  f.recreates = false;
  row.id = SLICE(OTHER); /* binds the key to a partner that is there */
  assert_int_equal(plan_row(&f).what, PLAN_SEND);
}

static void a_gone_partner_is_tried_again_whole_once_its_reject_is_retried(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", NULL);
  struct known known = known_as("\"A\"", NULL);
  known.is_gone = true;
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true};
  struct plan p = plan_row(&f);
  assert_int_equal(p.kind, BATCH_UPDATE);
  assert_int_equal(p.as.mask, 1 << ROW_NAME);
}

static void an_equal_create_without_key_that_was_made_is_unchanged(void **unused) {
  (void)unused;
  struct row row = row_of(NULL, NULL, "\"A\"", NULL);
  struct known known = {.is_made = true};
  assert_int_equal(plan_of(&row, &known).what, PLAN_UNCHANGED);
}

static void an_id_is_an_update_of_all_that_the_row_has(void **unused) {
  (void)unused;
  struct row row = row_of(NULL, ID, "\"A\"", "null");
  struct known none = {.seq = 0};
  struct plan p = plan_of(&row, &none);
  assert_int_equal(p.kind, BATCH_UPDATE);
  assert_int_equal(p.as.mask, 1 << ROW_NAME | 1 << ROW_EMAIL);
}

static void a_known_key_with_its_own_id_sends_only_what_differs(void **unused) {
  (void)unused;
  struct row row = row_of("k", ID, "\"A\"", "\"new@b.co\"");
  struct known known = known_as("\"A\"", "\"a@b.co\"");
  assert_int_equal(plan_of(&row, &known).as.mask, 1 << ROW_EMAIL);
  row.field[ROW_EMAIL] = SLICE("\"a@b.co\"");
  assert_int_equal(plan_of(&row, &known).what, PLAN_UNCHANGED);
  known.is_gone = true; /* what was known of it says nothing of the one that has the id now */
  assert_int_equal(plan_of(&row, &known).as.mask, 1 << ROW_NAME | 1 << ROW_EMAIL);
}

static void a_null_name_makes_no_partner(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "null", "\"a@b.co\"");
  struct known none = {.seq = 0};
  struct plan p = plan_of(&row, &none);
  assert_int_equal(p.what, PLAN_REJECT);
  assert_string_equal(p.code, "name_missing");
}

static void a_row_of_a_held_create_without_key_is_held(void **unused) {
  (void)unused;
  struct row row = row_of(NULL, NULL, "\"A\"", NULL);
  struct known known = {.is_held = true};
  assert_int_equal(plan_of(&row, &known).what, PLAN_HELD);
}

static void an_update_of_nothing_is_rejected_where_nothing_is_known(void **unused) {
  (void)unused;
  struct row row = row_of(NULL, ID, NULL, NULL);
  struct known none = {.seq = 0};
  struct plan p = plan_of(&row, &none);
  assert_int_equal(p.what, PLAN_REJECT);
  assert_string_equal(p.code, "no_change");
}

static void what_is_adopted_is_what_the_state_does_not_know(void **unused) {
  (void)unused;
  struct row row = row_of("k", ID, "\"A\"", NULL);
  struct known known = known_as("\"B\"", NULL), none = {.seq = 0};
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true, .adopts = true};
  assert_int_equal(plan_row(&f).what, PLAN_UNCHANGED);
  f.known = &none;
  struct plan p = plan_row(&f);
  assert_int_equal(p.what, PLAN_SEND);
  assert_int_equal(p.kind, BATCH_UPDATE);
}

static void a_row_that_was_refused_before_it_was_one_is_tried_again(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", NULL);
  struct known known = {.is_rejected = true, .rejected_content = 7};
  struct plan_facts f = {.row = &row, .known = &known, .has_key = true};
  assert_int_equal(plan_row(&f).what, PLAN_SEND); /* it has no content to compare with */
}

static void all_rejects_that_are_retried_try_a_gone_partner_too(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", NULL);
  struct known gone = known_as("\"A\"", NULL);
  gone.is_gone = gone.is_rejected = true;
  gone.rejected_content = 7;
  struct plan_facts f = {
      .row = &row, .known = &gone, .content = 7, .has_key = true, .retries_rejects = true};
  struct plan p = plan_row(&f);
  assert_int_equal(p.what, PLAN_SEND);
  assert_int_equal(p.kind, BATCH_UPDATE);
}

static void why_a_row_is_sent_is_told_with_it(void **unused) {
  (void)unused;
  struct row row = row_of("k", NULL, "\"A\"", "\"new@b.co\""), named = row;
  named.id = SLICE(ID);
  struct known none = {.seq = 0}, known = known_as("\"A\"", "\"a@b.co\""), gone = known;
  gone.is_gone = true;
  const struct {
    struct plan_facts facts;
    enum why why;
  } cases[] = {
      {{.row = &row, .known = &none}, WHY_NEW},
      {{.row = &row, .known = &gone, .recreates = true}, WHY_ANEW},
      {{.row = &row, .known = &known}, WHY_CHANGED},
      {{.row = &named, .known = &known}, WHY_CHANGED},
      {{.row = &row, .known = &known, .sends_all = true}, WHY_ALL},
      {{.row = &named, .known = &none}, WHY_BOUND},
      {{.row = &named, .known = &gone}, WHY_BOUND},
      {{.row = &row, .known = &gone}, WHY_TRIED},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct plan_facts f = cases[i].facts;
    f.has_key = true;
    struct plan p = plan_row(&f);
    assert_int_equal(p.what, PLAN_SEND);
    assert_int_equal(p.as.why, cases[i].why);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_rejects_that_are_retried_try_a_gone_partner_too),
      cmocka_unit_test(why_a_row_is_sent_is_told_with_it),
      cmocka_unit_test(a_null_name_makes_no_partner),
      cmocka_unit_test(a_row_of_a_held_create_without_key_is_held),
      cmocka_unit_test(an_update_of_nothing_is_rejected_where_nothing_is_known),
      cmocka_unit_test(what_is_adopted_is_what_the_state_does_not_know),
      cmocka_unit_test(a_row_that_was_refused_before_it_was_one_is_tried_again),
      cmocka_unit_test(an_unknown_key_is_created_whole),
      cmocka_unit_test(a_known_key_sends_only_what_differs),
      cmocka_unit_test(an_unchanged_row_is_not_sent),
      cmocka_unit_test(send_all_sends_an_unchanged_row_whole),
      cmocka_unit_test(clearing_a_field_is_a_change),
      cmocka_unit_test(a_create_without_a_name_is_rejected),
      cmocka_unit_test(a_key_bound_to_another_partner_is_a_conflict),
      cmocka_unit_test(a_row_of_a_held_create_waits),
      cmocka_unit_test(a_rejected_row_is_sent_again_only_when_it_changed),
      cmocka_unit_test(a_gone_partner_is_made_anew_only_on_request),
      cmocka_unit_test(a_gone_partner_is_tried_again_whole_once_its_reject_is_retried),
      cmocka_unit_test(a_rejected_row_of_a_gone_partner_is_made_anew_on_request),
      cmocka_unit_test(an_equal_create_without_key_that_was_made_is_unchanged),
      cmocka_unit_test(an_id_is_an_update_of_all_that_the_row_has),
      cmocka_unit_test(a_known_key_with_its_own_id_sends_only_what_differs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
