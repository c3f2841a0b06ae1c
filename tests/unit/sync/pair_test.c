/* Held rows against partners that exist. */
#include "sync/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { MOST = 8 };

static struct pair_row rows[MOST];
static struct looked partners[MOST];
static bool is_claimed[MOST];

static void pair(size_t rows_len, size_t partners_len) {
  uint32_t scratch[2 * MOST];
  pair_rows(rows, rows_len, partners, partners_len, is_claimed, scratch);
}

static int clean(void **unused) {
  (void)unused;
  memset(rows, 0, sizeof rows);
  memset(partners, 0, sizeof partners);
  memset(is_claimed, 0, sizeof is_claimed);
  return 0;
}

static void an_equal_partner_is_found(void **unused) {
  (void)unused;
  rows[0] = (struct pair_row){.exact = 5, .folded = 50};
  partners[0] = (struct looked){.exact = 4, .folded = 40};
  partners[1] = (struct looked){.exact = 5, .folded = 50};
  pair(1, 2);
  assert_int_equal(rows[0].what, PAIR_FOUND);
  assert_int_equal(rows[0].partner, 1);
}

static void nothing_alike_is_lost(void **unused) {
  (void)unused;
  rows[0] = (struct pair_row){.exact = 5, .folded = 50};
  partners[0] = (struct looked){.exact = 4, .folded = 40};
  pair(1, 1);
  assert_int_equal(rows[0].what, PAIR_LOST);
}

static void a_claimed_partner_is_nobody_elses(void **unused) {
  (void)unused;
  rows[0] = (struct pair_row){.exact = 5, .folded = 50};
  partners[0] = (struct looked){.exact = 5, .folded = 50};
  is_claimed[0] = true;
  pair(1, 1);
  assert_int_equal(rows[0].what, PAIR_LOST);
}

static void each_partner_is_given_once(void **unused) {
  (void)unused;
  rows[0] = rows[1] = (struct pair_row){.exact = 5, .folded = 50};
  partners[0] = (struct looked){.exact = 5, .folded = 50};
  pair(2, 1);
  assert_int_equal(rows[0].what, PAIR_FOUND);
  assert_int_equal(rows[1].what, PAIR_LOST); /* one was applied, one was not */
}

static void a_folded_partner_counts_where_it_is_the_only_one(void **unused) {
  (void)unused;
  rows[0] = (struct pair_row){.exact = 5, .folded = 50};
  partners[0] = (struct looked){.exact = 6, .folded = 50};
  pair(1, 1);
  assert_int_equal(rows[0].what, PAIR_FOUND);
}

static void two_folded_candidates_are_never_created_again(void **unused) {
  (void)unused;
  rows[0] = (struct pair_row){.exact = 5, .folded = 50};
  partners[0] = (struct looked){.exact = 6, .folded = 50};
  partners[1] = (struct looked){.exact = 7, .folded = 50};
  pair(1, 2);
  assert_int_equal(rows[0].what, PAIR_UNSURE);
}

static void an_exact_pair_is_made_before_a_folded_one(void **unused) {
  (void)unused;
  rows[0] = (struct pair_row){.exact = 5, .folded = 50};
  rows[1] = (struct pair_row){.exact = 6, .folded = 50};
  partners[0] = (struct looked){.exact = 9, .folded = 50};
  partners[1] = (struct looked){.exact = 6, .folded = 50};
  pair(2, 2);
  assert_int_equal(rows[1].partner, 1);
  assert_int_equal(rows[0].what, PAIR_FOUND);
  assert_int_equal(rows[0].partner, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(an_equal_partner_is_found, clean),
      cmocka_unit_test_setup(nothing_alike_is_lost, clean),
      cmocka_unit_test_setup(a_claimed_partner_is_nobody_elses, clean),
      cmocka_unit_test_setup(each_partner_is_given_once, clean),
      cmocka_unit_test_setup(a_folded_partner_counts_where_it_is_the_only_one, clean),
      cmocka_unit_test_setup(two_folded_candidates_are_never_created_again, clean),
      cmocka_unit_test_setup(an_exact_pair_is_made_before_a_folded_one, clean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
