#include "mock/normal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static struct change change_of(const char *name, const char *email, const char *phone) {
  const char *const text[] = {name, email, phone};
  struct change c = {0};
  for (int f = 0; f < PARTNER_FIELDS; f++)
    if (text[f]) c.field[f] = (struct change_text){CHANGE_TEXT, slice_of(text[f])};
  return c;
}

static void check_field(const struct change *c, enum partner_field f, const char *text) {
  if (!slice_is(c->field[f].text, text))
    fail_msg("%.*s, not %s", SLICE_ARG(c->field[f].text), text);
}

static void trimming_takes_white_space_at_both_ends(void **state) {
  struct change list[] = {change_of(" a b \t", "a@b.example", "\u00a0+1 2 "),
                          change_of(" ", NULL, NULL)};
  (void)state;
  normal_trim(list, 2);
  check_field(&list[0], PARTNER_NAME, "a b");
  check_field(&list[0], PARTNER_EMAIL, "a@b.example");
  check_field(&list[0], PARTNER_PHONE, "+1 2");
  check_field(&list[1], PARTNER_NAME, " "); /* nothing would be left */
  assert_int_equal(list[1].field[PARTNER_PHONE].state, CHANGE_ABSENT);
}

static void folding_brings_texts_to_one_form(void **state) {
  struct change list[] = {change_of("Zoe\u0308", "A.b@C.Example", "+966 (50) 123-4567"),
                          change_of("a", NULL, "00966+5"), change_of("b", NULL, "none")};
  struct buf text;
  struct error err;
  (void)state;
  list[1].field[PARTNER_EMAIL].state = CHANGE_NULL;
  assert_int_equal(normal_fold(list, 3, &text, &err), 0);
  check_field(&list[0], PARTNER_NAME, "Zo\u00eb");
  check_field(&list[0], PARTNER_EMAIL, "a.b@c.example");
  check_field(&list[0], PARTNER_PHONE, "+966501234567");
  check_field(&list[1], PARTNER_PHONE, "009665");
  check_field(&list[2], PARTNER_PHONE, "none");
  assert_int_equal(list[1].field[PARTNER_EMAIL].state, CHANGE_NULL);
  buf_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(trimming_takes_white_space_at_both_ends),
      cmocka_unit_test(folding_brings_texts_to_one_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
