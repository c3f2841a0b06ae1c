#include "cli/scdoc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct scdoc_style marked = {"<b>", "<u>", "</>", 30};
static const struct scdoc_style bare = {"", "", "", 30};

struct row {
  const char *source, *shown;
  const struct scdoc_style *style;
};

static const struct row rows[] = {
    {"# NAME\n\ntext\n", "NAME\n  text\n", &bare},
    {"# NAME\n\ntext\n\n# NEXT\n\nmore\n", "<b>NAME</>\n  text\n\n<b>NEXT</>\n  more\n", &marked},
    {"*bold* and _under_, a_b_c\n", "  <b>bold</> and <u>under</>, a_b_c\n", &marked},
    {"\\*no\\* \\_no\\_ \\\\\n", "  *no* _no_ \\\n", &marked},
    {"one two three four five six seven\n", "  one two three four five six\n  seven\n", &bare},
    {"one\ntwo\n\nthree\n", "  one two\n\n  three\n", &bare},
    {"a\n\tits meaning, which is longer than a line\nb\n\tshort\n",
     "  a\n        its meaning, which is\n        longer than a line\n  b\n        short\n", &bare},
    {"- first item\n- second item that is longer than it\n",
     "  - first item\n  - second item that is longer\n    than it\n", &bare},
    {"one++\ntwo\n", "  one\n  two\n", &bare},
    {"```\n  as it  is *here*\n\nend\n```\ntext\n", "      as it  is *here*\n\n    end\n  text\n",
     &bare},
    {"مرحبا بالعالم هذا نص عربي طويل جدا\n", "  مرحبا بالعالم هذا نص عربي\n  طويل جدا\n", &bare},
    {"a-word-that-is-longer-than-the-whole-line b\n",
     "  a-word-that-is-longer-than-the-whole-line\n  b\n", &bare},
    {"", "", &bare},
};

static void each_form_is_shown_as_the_header_says(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    scdoc_show(&b, slice_of(rows[i].source), rows[i].style);
    buf_add_text(&b, ""); /* so that there is a text even of nothing */
    assert_true(buf_ok(&b));
    assert_string_equal(buf_text(&b), rows[i].shown);
    buf_free(&b);
  }
}

static void what_is_escaped_is_shown_as_it_was(void **state) {
  (void)state;
  const char *const texts[] = {"*", "_a_ *b*", "a\\b", "FILE_NAME", "\\", "*_\\"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct buf source = BUF_WITH_LIMIT(1 << 10), shown = BUF_WITH_LIMIT(1 << 10);
    scdoc_escape(&source, texts[i]);
    scdoc_show(&shown, buf_slice(&source), &marked);
    assert_memory_equal(buf_text(&shown), "  ", 2);
    buf_drop(&shown, 2);
    shown.len--; /* the line's end */
    assert_string_equal(buf_text(&shown), texts[i]);
    buf_free(&source);
    buf_free(&shown);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_form_is_shown_as_the_header_says),
      cmocka_unit_test(what_is_escaped_is_shown_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
