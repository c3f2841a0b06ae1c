/* What an exchange means for its rows: each line of the table is one rule. */
#include "sync/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct rule {
  enum exchange_end end;
  int status;
  bool is_match, is_hoko_error;
  enum outcome of_update, of_create;
};

#define AN EXCHANGE_ANSWERED
static const struct rule rules[] = {
    {AN, 200, true, false, OUTCOME_ACKNOWLEDGED, OUTCOME_ACKNOWLEDGED},
    {AN, 201, true, false, OUTCOME_ACKNOWLEDGED, OUTCOME_ACKNOWLEDGED},
    {AN, 200, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 202, true, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 204, true, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 301, false, false, OUTCOME_STOP, OUTCOME_STOP},
    {AN, 308, false, false, OUTCOME_STOP, OUTCOME_STOP},
    {AN, 400, false, true, OUTCOME_REFUSED, OUTCOME_REFUSED},
    {AN, 400, false, false, OUTCOME_REFUSED, OUTCOME_UNCLEAR},
    {AN, 401, false, true, OUTCOME_STOP_AUTH, OUTCOME_STOP_AUTH},
    {AN, 402, false, true, OUTCOME_STOP, OUTCOME_STOP},
    {AN, 402, false, false, OUTCOME_STOP, OUTCOME_STOP_UNCLEAR},
    {AN, 403, false, false, OUTCOME_STOP_AUTH, OUTCOME_STOP_AUTH},
    {AN, 404, false, false, OUTCOME_STOP, OUTCOME_STOP_UNCLEAR},
    {AN, 405, false, true, OUTCOME_STOP, OUTCOME_STOP},
    {AN, 408, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 409, false, true, OUTCOME_REFUSED, OUTCOME_REFUSED},
    {AN, 410, false, false, OUTCOME_STOP, OUTCOME_STOP_UNCLEAR},
    {AN, 413, false, false, OUTCOME_TOO_LARGE, OUTCOME_TOO_LARGE},
    {AN, 422, false, true, OUTCOME_REFUSED, OUTCOME_REFUSED},
    {AN, 425, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 429, false, true, OUTCOME_LIMITED, OUTCOME_LIMITED},
    {AN, 500, false, true, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 502, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 503, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 504, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {AN, 524, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {EXCHANGE_NOT_SENT, 0, false, false, OUTCOME_AGAIN, OUTCOME_AGAIN},
    {EXCHANGE_TLS_REFUSED, 0, false, false, OUTCOME_STOP, OUTCOME_STOP},
    {EXCHANGE_BROKEN, 0, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {EXCHANGE_BROKEN, 200, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
    {EXCHANGE_CANCELLED, 0, false, false, OUTCOME_AGAIN, OUTCOME_UNCLEAR},
};

static void every_exchange_has_one_outcome(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    const struct rule *r = &rules[i];
    struct outcome_facts f = {r->end, r->status, false, r->is_match, false, r->is_hoko_error};
    if (outcome_of(&f) != r->of_update)
      fail_msg("an update with %d: %d", r->status, outcome_of(&f));
    f.is_create = true;
    if (outcome_of(&f) != r->of_create) fail_msg("a create with %d: %d", r->status, outcome_of(&f));
  }
}

/* Hoko's documents know no 404 of a partner, but only one row and its own form could mean it. */
static void a_404_is_about_a_partner_only_where_one_row_was_sent(void **unused) {
  (void)unused;
  struct outcome_facts f = {EXCHANGE_ANSWERED, 404, false, false, true, true};
  assert_int_equal(outcome_of(&f), OUTCOME_REFUSED);
  f.is_alone = false;
  assert_int_equal(outcome_of(&f), OUTCOME_STOP);
  f.is_alone = true;
  f.is_hoko_error = false;
  assert_int_equal(outcome_of(&f), OUTCOME_STOP);
}

/* The promise of no twin hangs on it. */
static void no_create_that_may_have_been_applied_is_sent_again(void **unused) {
  (void)unused;
  for (int status = 100; status < 600; status++)
    for (int has_form = 0; has_form < 2; has_form++) {
      struct outcome_facts f = {EXCHANGE_ANSWERED, status, true, false, false, has_form != 0};
      assert_int_not_equal(outcome_of(&f), OUTCOME_AGAIN);
      assert_int_not_equal(outcome_of(&f), OUTCOME_ACKNOWLEDGED);
    }
}

/* From a transport that knows more than we do. */
static void an_end_that_nobody_knows_is_unclear(void **unused) {
  (void)unused;
  struct outcome_facts f = {.end = (enum exchange_end)(EXCHANGE_CANCELLED + 100)};
  assert_int_equal(outcome_of(&f), OUTCOME_UNCLEAR);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_exchange_has_one_outcome),
      cmocka_unit_test(a_404_is_about_a_partner_only_where_one_row_was_sent),
      cmocka_unit_test(an_end_that_nobody_knows_is_unclear),
      cmocka_unit_test(no_create_that_may_have_been_applied_is_sent_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
