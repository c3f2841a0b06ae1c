/* What a dry run's lines have that the ones before had not. */
#include "cli/plan_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
  const char *before, *now, *shown;
} rows[] = {
    {"", "", ""},
    {"a\n", "a\n", ""},
    {"a\nb\n", "b\na\n", ""}, /* order is no change */
    {"", "b\na\n", "+ b\n+ a\n"},
    {"b\na\n", "", "- b\n- a\n"},
    {"a\nb\nc\n", "a\nx\nc\n", "- b\n+ x\n"},
    {"a\n", "a\na\n", "+ a\n"},
    {"a\na\n", "a\n", "- a\n"},
    {"ab\n", "a\n", "- ab\n+ a\n"},
    {"a", "a\n", ""},
    {"\n", "", "- \n"},
};

static void lines_that_differ_are_shown_in_their_order(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf to = BUF_WITH_LIMIT(4096);
    struct error err;
    assert_int_equal(plan_diff_put(&to, slice_of(rows[i].before), slice_of(rows[i].now), &err), 0);
    assert_string_equal(buf_text(&to), rows[i].shown);
    buf_free(&to);
  }
}

static void many_are_cut_with_a_count(void **unused) {
  struct buf now = BUF_WITH_LIMIT(1 << 20), to = BUF_WITH_LIMIT(1 << 20);
  struct error err;
  (void)unused;
  for (int i = 0; i < PLAN_DIFF_SHOWN + 1234; i++) buf_printf(&now, "line %d\n", i);
  assert_int_equal(plan_diff_put(&to, SLICE(""), buf_slice(&now), &err), 0);
  assert_non_null(strstr(buf_text(&to), "+ line 49\n+ … 1,234 more\n"));
  buf_free(&now);
  buf_free(&to);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(lines_that_differ_are_shown_in_their_order),
                                     cmocka_unit_test(many_are_cut_with_a_count)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
