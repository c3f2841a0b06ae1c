#include "state/report_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char report[] =
    "{\"schema\":\"hoko.run/1\",\"created\":99,\"rows\":{\"submitted\":1234,\"created\":1200,"
    "\"inner\":{\"updated\":7},\"rejected\":34,\"held\":0},"
    "\"requests\":{\"sent\":2,\"by_status\":{\"200\":2}},\"peak_memory_bytes\":9437184,"
    "\"error\":{\"message\":\"it \\\"broke\\\"\",\"hint\":null}}";

static void a_number_is_found_where_it_is_and_nowhere_else(void **state) {
  static const struct {
    const char *object, *name;
    int64_t number;
  } cases[] = {
      {"rows", "created", 1200},  {NULL, "created", 99},  {"rows", "updated", 0},
      {"requests", "created", 0}, {"requests", "200", 0}, {NULL, "peak_memory_bytes", 9437184},
      {NULL, "schema", 0},        {"rows", "none", 0},    {"none", "created", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(report_view_number(slice_of(report), cases[i].object, cases[i].name),
                     cases[i].number);
}

static void a_text_is_found_as_a_person_reads_it(void **state) {
  struct buf b = BUF_WITH_LIMIT(256);
  (void)state;
  assert_true(report_view_text(slice_of(report), "error", "message", &b));
  assert_string_equal(buf_text(&b), "it \"broke\"");
  assert_false(report_view_text(slice_of(report), "error", "hint", &b));
  assert_false(report_view_text(slice_of(report), "error", "file", &b));
  buf_free(&b);
}

static void rows_are_told_by_what_became_of_them(void **state) {
  struct buf b = BUF_WITH_LIMIT(256);
  (void)state;
  report_view_put_rows(&b, slice_of(report));
  assert_string_equal(buf_text(&b), "1,200 created, 34 rejected");
  buf_free(&b);
}

static void what_is_no_report_has_nothing(void **state) {
  static const char *const texts[] = {"", "[", "{\"rows\":", "{\"rows\":{\"created\":\"x\"}}", "7"};
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(report_view_number(slice_of(texts[i]), "rows", "created"), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_number_is_found_where_it_is_and_nowhere_else),
      cmocka_unit_test(a_text_is_found_as_a_person_reads_it),
      cmocka_unit_test(rows_are_told_by_what_became_of_them),
      cmocka_unit_test(what_is_no_report_has_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
