#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* What a table of these cells looks like in a file. */
static void expect(const char *const *heads, const char *const *cells, const char *wanted) {
  char text[1024] = "";
  struct table t;
  int fd = memfd_create("out", 0);
  struct term_setup setup = {.in_fd = 0, .out_fd = fd, .err_fd = 2, .has_no_color = true};
  struct term *term = term_new(&setup, &clock_real);
  assert_non_null(term);
  table_begin(&t, heads);
  for (; *cells; cells++) table_add(&t, slice_of(*cells));
  table_end(&t, term);
  term_flush(term);
  assert_true(pread(fd, text, sizeof text - 1, 0) >= 0);
  assert_string_equal(text, wanted);
  term_free(term);
  close(fd);
}

static void columns_are_as_wide_as_their_widest_cell(void **state) {
  (void)state;
  expect((const char *[]){"A", ">N", "LAST", NULL},
         (const char *[]){"x", "1", "y", "longer", "1,000", "z", NULL},
         "A           N  LAST\n"
         "x           1  y\n"
         "longer  1,000  z\n");
}

static void width_is_what_a_terminal_takes(void **state) {
  (void)state;
  expect((const char *[]){"NAME", "B", NULL},
         (const char *[]){"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96", "1", "e\xcc\x81t\xc3\xa9", "2",
                          NULL},
         "NAME    B\n"
         "\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96  1\n"
         "e\xcc\x81t\xc3\xa9     2\n");
}

static void text_from_outside_is_made_visible_and_nothing_is_a_dash(void **state) {
  (void)state;
  expect((const char *[]){"A", "B", NULL}, (const char *[]){"a\x1b[2J\n", "", NULL},
         "A           B\n"
         "a\\x1b[2J\\n  -\n");
}

static void a_table_without_rows_prints_nothing(void **state) {
  (void)state;
  expect((const char *[]){"A", NULL}, (const char *[]){NULL}, "");
}

static void a_time_is_of_the_second_and_none_is_a_dash(void **state) {
  struct table t;
  (void)state;
  table_begin(&t, (const char *[]){"A", NULL});
  table_add_time(&t, 1764000000123);
  table_add_time(&t, 0);
  table_add_number(&t, 1234567);
  assert_int_equal(t.cells, 3);
  assert_string_equal(t.text.ptr, "2025-11-24 16:00:00");
  assert_string_equal(t.text.ptr + 20, "-");
  assert_string_equal(t.text.ptr + 22, "1,234,567");
  buf_free(&t.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
      cmocka_unit_test(width_is_what_a_terminal_takes),
      cmocka_unit_test(text_from_outside_is_made_visible_and_nothing_is_a_dash),
      cmocka_unit_test(a_table_without_rows_prints_nothing),
      cmocka_unit_test(a_time_is_of_the_second_and_none_is_a_dash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
