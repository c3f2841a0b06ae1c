/* Texts and what the rules say of them, a line each. */
#include "worker/row/rule.h"

#include "base/row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

struct text_case {
  struct slice text;
  enum rule as_name, as_email;
};

#define T(literal)                                                                                 \
  { literal, sizeof literal - 1 }
static const struct text_case cases[] = {
    {T(""), RULE_EMPTY, RULE_EMPTY},
    {T("a"), RULE_OK, RULE_BAD_EMAIL},
    {T(" "), RULE_OK, RULE_BAD_EMAIL},
    {T("سارة"), RULE_OK, RULE_BAD_EMAIL},
    {T("a\0b"), RULE_NUL, RULE_NUL},
    {T("\0"), RULE_NUL, RULE_NUL},
    {T("\0\xff"), RULE_NUL, RULE_NUL},
    {T("\xff"), RULE_UTF8, RULE_UTF8},
    {T("a@b.co\xc3"), RULE_UTF8, RULE_UTF8},
    {T("\xed\xa0\x80"), RULE_UTF8, RULE_UTF8},     /* half of a surrogate pair */
    {T("\xf4\x90\x80\x80"), RULE_UTF8, RULE_UTF8}, /* behind U+10FFFF */
    {T("\xc0\x80"), RULE_UTF8, RULE_UTF8},         /* a NUL the long way */
    {T("a@b"), RULE_OK, RULE_OK},
    {T("a@b.co"), RULE_OK, RULE_OK},
    {T("o'brien+tag@sub.example.com"), RULE_OK, RULE_OK},
    {T("\"quoted\"@b.co"), RULE_OK, RULE_OK},
    {T("ü@münchen.example"), RULE_OK, RULE_OK},
    {T("@b.co"), RULE_OK, RULE_BAD_EMAIL},
    {T("a@"), RULE_OK, RULE_BAD_EMAIL},
    {T("@"), RULE_OK, RULE_BAD_EMAIL},
    {T("@@"), RULE_OK, RULE_BAD_EMAIL},
    {T("a@b@c"), RULE_OK, RULE_BAD_EMAIL},
    {T("a b@c.de"), RULE_OK, RULE_BAD_EMAIL},
    {T(" a@c.de"), RULE_OK, RULE_BAD_EMAIL},
    {T("a@c.de "), RULE_OK, RULE_BAD_EMAIL},
    {T("a@c.de\n"), RULE_OK, RULE_BAD_EMAIL},
    {T("a\t@c.de"), RULE_OK, RULE_BAD_EMAIL},
    {T("a\x7f@c.de"), RULE_OK, RULE_BAD_EMAIL},
    {T("a@.de"), RULE_OK, RULE_BAD_EMAIL},
    {T("a@c."), RULE_OK, RULE_BAD_EMAIL},
};

static void each_text_meets_its_rule(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct text_case *c = &cases[i];
    if (rule_text(c->text, false) != c->as_name)
      fail_msg("name %.*s: %s", SLICE_ARG(c->text), rule_code(rule_text(c->text, false)));
    if (rule_text(c->text, true) != c->as_email)
      fail_msg("email %.*s: %s", SLICE_ARG(c->text), rule_code(rule_text(c->text, true)));
  }
}

static void the_longest_text_has_10000_bytes(void **unused) {
  (void)unused;
  char *text = malloc(ROW_FIELD_MAX + 1);
  memset(text, 'x', ROW_FIELD_MAX + 1);
  assert_int_equal(rule_text((struct slice){text, ROW_FIELD_MAX}, false), RULE_OK);
  assert_int_equal(rule_text((struct slice){text, ROW_FIELD_MAX + 1}, false), RULE_TOO_LONG);
  text[ROW_FIELD_MAX] = '\xff';
  assert_int_equal(rule_text((struct slice){text, ROW_FIELD_MAX + 1}, true), RULE_TOO_LONG);
  free(text);
}

/* The codes of contract 4.1 that are found before sending, in its words. */
static void each_rule_has_a_code_and_a_sentence(void **unused) {
  static const struct {
    enum rule rule;
    const char *code;
  } codes[] = {{RULE_UNKNOWN_FIELD, "unknown_field"},
               {RULE_WRONG_TYPE, "wrong_type"},
               {RULE_ID_TYPE, "wrong_type"},
               {RULE_KEY_TYPE, "wrong_type"},
               {RULE_EMPTY, "empty"},
               {RULE_UTF8, "utf8"},
               {RULE_NUL, "nul"},
               {RULE_BAD_ID, "bad_id"},
               {RULE_NAME_MISSING, "name_missing"},
               {RULE_NAME_NULL, "name_null"},
               {RULE_BAD_EMAIL, "bad_email"},
               {RULE_TOO_LONG, "too_long"},
               {RULE_NO_CHANGE, "no_change"},
               {RULE_TOO_LARGE, "too_large"},
               {RULE_KEY_MISSING, "key_missing"},
               {RULE_SOURCE, "source"},
               {RULE_TRANSFORM, "transform"}};
  (void)unused;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    assert_string_equal(rule_code(codes[i].rule), codes[i].code);
    assert_true(strlen(rule_message(codes[i].rule)) > 10);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_text_meets_its_rule),
      cmocka_unit_test(the_longest_text_has_10000_bytes),
      cmocka_unit_test(each_rule_has_a_code_and_a_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
