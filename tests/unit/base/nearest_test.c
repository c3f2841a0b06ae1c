#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const char *const names[] = {"run",   "jobs",   "keys",  "settle", "partners",
                                    "serve", "status", "check", "init",   "requests_per_minute"};

static void the_name_that_was_meant_is_found(void **state) {
  static const struct {
    const char *word, *name;
  } rows[] = {
      {"run", "run"},
      {"rnu", "run"},   /* swapped */
      {"runn", "run"},  /* one too many */
      {"jbs", "jobs"},  /* one too few */
      {"kezs", "keys"}, /* one wrong */
      {"setle", "settle"},
      {"partner", "partners"},
      {"stauts", "status"},
      {"partnesr", "partners"},
      {"request_per_minutes", "requests_per_minute"},
      {"rqst_pr_minute", NULL}, /* 5 changes are too many for 14 letters */
      {"something", NULL},
      {"xxxxxx", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const char *name = nearest_name(slice_of(rows[i].word), names, sizeof names / sizeof names[0]);
    if (!rows[i].name) assert_null(name);
    if (rows[i].name && (!name || strcmp(name, rows[i].name) != 0))
      fail_msg("%s: %s", rows[i].word, name ? name : "none");
  }
}

static void the_nearer_of_two_wins_and_the_first_of_equals(void **state) {
  static const char *const near[] = {"abcdxx", "abcdex", "abcdey"};
  (void)state;
  assert_string_equal(nearest_name(SLICE("abcdef"), near, 3), "abcdex");
}

static void no_names_give_none(void **state) {
  (void)state;
  assert_null(nearest_name(SLICE("run"), NULL, 0));
}

static void a_word_too_long_to_be_a_name_gives_none(void **state) {
  char word[1000];
  const char *const one[] = {"aaaa"};
  (void)state;
  memset(word, 'a', sizeof word);
  assert_null(nearest_name((struct slice){word, sizeof word}, one, 1));
  word[999] = '\0';
  const char *const longer[] = {word};
  assert_null(nearest_name(SLICE("aaaa"), longer, 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_name_that_was_meant_is_found),
      cmocka_unit_test(the_nearer_of_two_wins_and_the_first_of_equals),
      cmocka_unit_test(no_names_give_none),
      cmocka_unit_test(a_word_too_long_to_be_a_name_gives_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
