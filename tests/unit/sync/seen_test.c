/* Which partners the source has. */
#include "sync/seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool has(const struct seen *s, uint32_t seq) {
  return seq / 64 < s->words_len && (s->words[seq / 64] >> seq % 64 & 1);
}

static void those_are_seen_that_were_added_and_no_others(void **unused) {
  (void)unused;
  struct seen s = {.words = NULL};
  static const uint32_t added[] = {1, 63, 64, 65, 4095, 100000};
  for (size_t i = 0; i < sizeof added / sizeof *added; i++) seen_add(&s, added[i]);
  size_t n = 0;
  for (uint32_t seq = 0; seq <= 200000; seq++) n += has(&s, seq);
  assert_int_equal(n, sizeof added / sizeof *added);
  for (size_t i = 0; i < sizeof added / sizeof *added; i++) assert_true(has(&s, added[i]));
  seen_free(&s);
}

static void an_unknown_partner_is_nobody(void **unused) {
  (void)unused;
  struct seen s = {.words = NULL};
  seen_add(&s, 0);
  assert_int_equal(s.words_len, 0);
  seen_free(&s);
}

static void a_million_partners_take_less_than_200_kb(void **unused) {
  (void)unused;
  struct seen s = {.words = NULL};
  for (uint32_t seq = 1; seq <= 1000000; seq++) seen_add(&s, seq);
  assert_true(s.words_len * sizeof *s.words < 200000);
  assert_false(s.is_failed);
  seen_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(those_are_seen_that_were_added_and_no_others),
      cmocka_unit_test(an_unknown_partner_is_nobody),
      cmocka_unit_test(a_million_partners_take_less_than_200_kb),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
