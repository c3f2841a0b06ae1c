#include "scene.h"

static void expect(struct scene *x, const char *scope, const char *name, const char *value) {
  struct buf b = BUF_WITH_LIMIT(4096);
  bool is_there;
  OK(x, store_get(x->s, slice_of(scope), slice_of(name), &b, &is_there, &x->err));
  assert_int_equal(is_there, value != NULL);
  if (value) assert_string_equal(buf_text(&b), value);
  buf_free(&b);
}

static void a_value_lasts_until_it_is_replaced_or_deleted(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  expect(&x, "job", "cursor", NULL);
  struct store_value v[] = {{SLICE("job"), SLICE("cursor"), SLICE("{\"page\":3}")},
                            {SLICE("job"), SLICE("other"), SLICE("1")}};
  OK(&x, store_set(x.s, v, 2, &x.err));
  scene_reopen(&x);
  expect(&x, "job", "cursor", "{\"page\":3}");
  v[0].value = SLICE("null");
  v[1].value = SLICE("");
  OK(&x, store_set(x.s, v, 2, &x.err));
  expect(&x, "job", "cursor", "null");
  expect(&x, "job", "other", NULL);
  scene_end(&x);
}

static void jobs_do_not_see_each_others_values(void **state) {
  struct scene x;
  (void)state;
  scene_begin(&x);
  struct store_value v[] = {{SLICE("a"), SLICE("bc"), SLICE("1")},
                            {SLICE(""), SLICE(""), SLICE("2")}};
  OK(&x, store_set(x.s, v, 2, &x.err));
  expect(&x, "ab", "c", NULL);
  expect(&x, "", "bc", NULL);
  expect(&x, "a", "bc", "1");
  expect(&x, "", "", "2");
  scene_end(&x);
}

static void a_value_that_does_not_fit_is_an_error(void **state) {
  struct scene x;
  struct buf small = BUF_WITH_LIMIT(2);
  bool is_there;
  (void)state;
  scene_begin(&x);
  struct store_value v = {SLICE("a"), SLICE("b"), SLICE("12345")};
  OK(&x, store_set(x.s, &v, 1, &x.err));
  assert_int_equal(store_get(x.s, SLICE("a"), SLICE("b"), &small, &is_there, &x.err), -1);
  assert_int_equal(x.err.code, ERROR_MEMORY);
  buf_free(&small);
  scene_end(&x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_value_lasts_until_it_is_replaced_or_deleted),
      cmocka_unit_test(jobs_do_not_see_each_others_values),
      cmocka_unit_test(a_value_that_does_not_fit_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
