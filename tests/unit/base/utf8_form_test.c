#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8_form.h"

struct form {
  int (*make)(struct buf *b, struct slice s);
  const char *from, *to;
};

static const struct form forms[] = {
    {utf8_form_lower, "", ""},
    {utf8_form_lower, "AbÇ ΣΑΣ", "abç σασ"},
    {utf8_form_lower, "ﬃ ß ＡＢ نورة", "ﬃ ß ａｂ نورة"},
    {utf8_form_loose, "ﬃ ß ＡＢ", "ffi ss ab"},
    {utf8_form_loose, "e\u0301\u200b", "é"},
    {utf8_form_loose, "ﻻ", "لا"},
    {utf8_form_squeeze, " \u00a0a\u2028\tb\u3000", "a b"},
    {utf8_form_squeeze, "a\u200bb", "a\u200bb"},
    {utf8_form_slug, "-Zoë--Müller!", "zoe-muller"},
    {utf8_form_slug, "أَحْمَد آل إبراهيم", "أحمد-آل-إبراهيم"},
    {utf8_form_slug, "हिन्दी 日本語", "हिन्दी-日本語"},
    {utf8_form_slug, "½ km²", "1-2-km2"},
    {utf8_form_slug, "…", ""},
};

static void each_form_is_what_the_table_says(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    struct buf b = BUF_WITH_LIMIT(1000);
    assert_int_equal(forms[i].make(&b, slice_of(forms[i].from)), 0);
    assert_string_equal(buf_text(&b), forms[i].to);
    buf_free(&b);
  }
}

static void the_limit_of_the_buffer_is_told(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (strlen(forms[i].to) <= 1) continue;
    struct buf b = BUF_WITH_LIMIT(1);
    assert_int_equal(forms[i].make(&b, slice_of(forms[i].from)), -1);
    buf_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_form_is_what_the_table_says),
      cmocka_unit_test(the_limit_of_the_buffer_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
