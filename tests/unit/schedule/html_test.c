#include "schedule/html.h"

#include "schedule/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void expect(struct buf *b, const char *text) {
  assert_non_null(buf_text(b));
  assert_string_equal(buf_text(b), text);
  buf_free(b);
}

static void text_from_outside_is_only_text(void **state) {
  struct buf b = BUF_WITH_LIMIT(4096);
  (void)state;
  html_put_text(&b, SLICE("<b a='1' c=\"2\">&amp;\xff</b>\x01"));
  expect(&b, "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;\\xff&lt;/b&gt;\\x01");
  html_put_query(&b, SLICE("a b&c=d/\xd9\x85?#%"));
  expect(&b, "a%20b%26c%3Dd%2F%D9%85%3F%23%25");
}

static void every_word_is_there_in_both_languages(void **state) {
  (void)state;
  for (int word = 0; word < WORD_COUNT; word++)
    for (int language = 0; language < HTML_LANGUAGES; language++)
      assert_non_null(html_word((enum html_language)language, (enum html_word)word));
}

static void arabic_is_chosen_where_it_comes_first(void **state) {
  (void)state;
  assert_int_equal(html_language_of(SLICE("ar")), HTML_ARABIC);
  assert_int_equal(html_language_of(SLICE("AR-sa,en;q=0.5")), HTML_ARABIC);
  assert_int_equal(html_language_of(SLICE("ar;q=0.9")), HTML_ARABIC);
  assert_int_equal(html_language_of(SLICE("arn")), HTML_ENGLISH);
  assert_int_equal(html_language_of(SLICE("en,ar")), HTML_ENGLISH);
  assert_int_equal(html_language_of(SLICE("a")), HTML_ENGLISH);
  assert_int_equal(html_language_of((struct slice){0}), HTML_ENGLISH);
}

static void a_picture_says_each_day_in_words_and_time_runs_as_the_language_does(void **state) {
  const struct run_day days[] = {
      {.day = 100, .runs = 4, .failed = 1, .rows = 1200, .took_ms = 8000},
      {.day = 129, .runs = 0, .not_run = 2}};
  struct buf b = BUF_WITH_LIMIT(1 << 16);
  (void)state;
  picture_put(&b, HTML_ENGLISH, days, 2, 129);
  assert_non_null(strstr(buf_text(&b),
                         "1970-04-11. Runs: 4, failed: 1, did not start: 0, Rows: 1,200, Took: 2"));
  assert_non_null(
      strstr(buf_text(&b), "<rect class=\"r\" x=\"3\" y=\"0\" width=\"14\" height=\"60\"/>"));
  assert_non_null(
      strstr(buf_text(&b), "<rect class=\"f\" x=\"3\" y=\"60\" width=\"14\" height=\"20\"/>"));
  assert_non_null(strstr(buf_text(&b), "<circle class=\"m\" cx=\"590\""));
  buf_clear(&b);
  picture_put(&b, HTML_ARABIC, days, 2, 129);
  assert_non_null(strstr(buf_text(&b), "<rect class=\"f\" x=\"583\""));
  buf_clear(&b);
  picture_put(&b, HTML_ENGLISH, NULL, 0, 129);
  assert_null(strstr(buf_text(&b), "<rect"));
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_from_outside_is_only_text),
      cmocka_unit_test(every_word_is_there_in_both_languages),
      cmocka_unit_test(arabic_is_chosen_where_it_comes_first),
      cmocka_unit_test(a_picture_says_each_day_in_words_and_time_runs_as_the_language_does),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
