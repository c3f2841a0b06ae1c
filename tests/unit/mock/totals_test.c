#include "mock/totals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void what_happened_is_one_object(void **state) {
  struct totals t = {.created = 3, .updated = 2, .unchanged = 1, .resets = 1};
  struct buf b = BUF_WITH_LIMIT(1024);
  (void)state;
  totals_begin(&t, METHOD_PUT);
  totals_begin(&t, method_named(SLICE("PATCH")));
  t.in_flight--;
  totals_begin(&t, METHOD_PUT);
  totals_status(&t, 200);
  totals_status(&t, 599);
  totals_status(&t, 200);
  totals_put(&b, &t, (struct totals_store){.partners = 3, .twins = 2});
  assert_string_equal(
      buf_text(&b),
      "{\"requests\":3,\"requests_by_method\":{\"PUT\":2,\"other\":1},"
      "\"by_status\":{\"200\":2,\"599\":1,\"reset\":1},\"created\":3,\"updated\":2,"
      "\"unchanged\":1,\"deleted\":0,\"partners\":3,\"twins\":2,\"max_in_flight\":2}");
  buf_free(&b);
}

static void nothing_is_an_object_too(void **state) {
  struct totals t = {0};
  struct buf b = BUF_WITH_LIMIT(1024);
  (void)state;
  totals_put(&b, &t, (struct totals_store){.twins = -1});
  assert_string_equal(buf_text(&b), "{\"requests\":0,\"requests_by_method\":{},\"by_status\":{},"
                                    "\"created\":0,\"updated\":0,\"unchanged\":0,\"deleted\":0,"
                                    "\"partners\":0,\"max_in_flight\":0}");
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_happened_is_one_object),
      cmocka_unit_test(nothing_is_an_object_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
