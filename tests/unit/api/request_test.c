#include "api/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"

struct request_case {
  const char *id, *name, *email, *phone; /* JSON; NULL: absent */
  bool is_create;
  const char *object;
};

static const struct request_case cases[] = {
    {ID, "\"a\"", "\"b@c.example\"", "\"+1\"", false,
     "{\"id\":\"" ID "\",\"name\":\"a\",\"email\":\"b@c.example\",\"phone\":\"+1\"}"},
    {ID, NULL, "null", NULL, false, "{\"id\":\"" ID "\",\"email\":null}"},
    {ID, NULL, NULL, NULL, false, "{\"id\":\"" ID "\"}"},
    {"", "\"a\"", "null", "null", true, "{\"name\":\"a\"}"},
    {"", "\"a\"", "null", "\"+1\"", true, "{\"name\":\"a\",\"phone\":\"+1\"}"},
    {"", "\"a\\\"\"", "\"b@c.example\"", NULL, true,
     "{\"name\":\"a\\\"\",\"email\":\"b@c.example\"}"},
};

static void a_row_becomes_exactly_the_object_that_was_announced(void **state) {
  (void)state;
  struct buf body = BUF_WITH_LIMIT(4096);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct request_case *c = &cases[i];
    struct row row = {.id = slice_of(c->id),
                      .field = {slice_of(c->name), slice_of(c->email), slice_of(c->phone)}};
    buf_clear(&body);
    request_put_row(&body, &row, c->is_create, true);
    assert_true(slice_is(buf_slice(&body), c->object));
    assert_int_equal(request_row_size(&row, c->is_create), body.len + 1);
    request_put_row(&body, &row, c->is_create, false);
    assert_int_equal(body.ptr[strlen(c->object)], ',');
    assert_int_equal(body.len, 2 * strlen(c->object) + 1);
  }
  buf_free(&body);
}

static void a_full_body_fails_whole(void **state) {
  (void)state;
  struct row row = {.id = SLICE(ID)};
  struct buf body = BUF_WITH_LIMIT(20);
  request_put_row(&body, &row, false, true);
  assert_false(buf_ok(&body));
  assert_int_equal(body.len, 0);
  buf_free(&body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_row_becomes_exactly_the_object_that_was_announced),
      cmocka_unit_test(a_full_body_fails_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
