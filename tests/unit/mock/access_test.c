#include "mock/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void a_key_is_taken_with_or_without_its_scheme(void **state) {
  static const struct {
    struct slice sent;
    const char *key;
    bool is_right;
  } rows[] = {
      {SLICE_INIT("Bearer secret"), "secret", true},
      {SLICE_INIT("bearer secret"), "secret", true},
      {SLICE_INIT("secret"), "secret", true},
      {SLICE_INIT("Bearer  secret"), "secret", false},
      {SLICE_INIT("Bearer Secret"), "secret", false},
      {SLICE_INIT("Bearer secre"), "secret", false},
      {SLICE_INIT("Bearer secrets"), "secret", false},
      {SLICE_INIT("Basic secret"), "secret", false},
      {SLICE_INIT("Bearer"), "secret", false},
      {SLICE_INIT(""), "secret", false},
      {SLICE_INIT("Bearer anything"), NULL, true},
      {SLICE_INIT("anything"), NULL, true},
      {SLICE_INIT("Bearer "), NULL, false},
      {SLICE_INIT("Bearer"), NULL, false},
      {SLICE_INIT("Bearer two words"), NULL, false},
      {SLICE_INIT("Basic dXNlcg=="), NULL, false},
      {SLICE_INIT("Bearer k\xc3\xa9y"), NULL, false},
      {SLICE_INIT(""), NULL, false},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++)
    if (access_has_key(rows[i].sent, rows[i].key) != rows[i].is_right)
      fail_msg("\"%.*s\"", SLICE_ARG(rows[i].sent));
}

static void scopes_are_read_and_written_by_name(void **state) {
  struct buf b = BUF_WITH_LIMIT(256);
  struct error err;
  unsigned scopes;
  (void)state;
  assert_int_equal(access_scopes_parse(SLICE("linksWrite,partnersRead"), &scopes, &err), 0);
  assert_int_equal(scopes, SCOPE_LINKS_WRITE | SCOPE_PARTNERS_READ);
  access_put_scopes(&b, scopes);
  assert_string_equal(buf_text(&b), "[\"partnersRead\",\"linksWrite\"]");
  buf_free(&b);
}

static void a_wrong_scope_names_the_nearest(void **state) {
  struct error err;
  unsigned scopes;
  (void)state;
  assert_int_equal(access_scopes_parse(SLICE("partnersRaed"), &scopes, &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_non_null(strstr(err.hint, "partnersRead"));
  assert_int_equal(access_scopes_parse(SLICE("partnersRead,,"), &scopes, &err), -1);
}

static void each_method_needs_its_scope(void **state) {
  const unsigned either = SCOPE_LINKS_WRITE;
  (void)state;
  assert_int_equal(access_needed(METHOD_GET, either), SCOPE_PARTNERS_READ);
  assert_int_equal(access_needed(METHOD_POST, either), SCOPE_PARTNERS_WRITE);
  assert_int_equal(access_needed(METHOD_PUT, either), SCOPE_LINKS_WRITE);
  assert_int_equal(access_needed(METHOD_DELETE, either), SCOPE_LINKS_WRITE);
  assert_int_equal(access_needed(method_named(SLICE("PATCH")), either), 0);
  assert_int_equal(access_needed(method_named(SLICE("get")), either), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_key_is_taken_with_or_without_its_scheme),
      cmocka_unit_test(scopes_are_read_and_written_by_name),
      cmocka_unit_test(a_wrong_scope_names_the_nearest),
      cmocka_unit_test(each_method_needs_its_scope),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
