#include "base/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#define LEN(rows) (sizeof(rows) / sizeof(rows)[0])

static void names_are_joined_with_one_slash(void **state) {
  static const struct {
    const char *dir, *name, *joined;
  } rows[] = {
      {"a", "b", "a/b"},       {"a/", "b", "a/b"},  {"/", "b", "/b"},
      {"", "b", "b"},          {".", "b", "b"},     {"a", "/b", "/b"},
      {"/a", "b/c", "/a/b/c"}, {"..", "b", "../b"}, {"a", "", "a/"},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    char to[PATH_SIZE];
    assert_int_equal(path_join(to, rows[i].dir, rows[i].name), 0);
    assert_string_equal(to, rows[i].joined);
  }
}

static void the_folder_of_a_name_is_found(void **state) {
  static const struct {
    const char *path, *dir;
  } rows[] = {
      {"a/b", "a"}, {"/a/b", "/a"}, {"a", "."},    {"/a", "/"},  {"/", "/"},
      {"", "."},    {"a/b/", "a"},  {"a//b", "a"}, {"//a", "/"}, {"a/", "."},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    char to[PATH_SIZE];
    assert_int_equal(path_dir(to, rows[i].path), 0);
    assert_string_equal(to, rows[i].dir);
  }
}

static void dots_are_resolved(void **state) {
  static const struct {
    const char *path, *normal;
  } rows[] = {
      {"/", "/"},        {"//", "/"},
      {"/a", "/a"},      {"/a/", "/a"},
      {"/a//b", "/a/b"}, {"/a/./b/.", "/a/b"},
      {"/a/../b", "/b"}, {"/a/b/..", "/a"},
      {"/..", "/"},      {"/../../a", "/a"},
      {"/a/..", "/"},    {"/a/b/../../../c", "/c"},
      {"/...", "/..."},  {"/.a/..b", "/.a/..b"},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    char to[PATH_SIZE];
    assert_int_equal(path_normal(to, rows[i].path), 0);
    assert_string_equal(to, rows[i].normal);
  }
}

static void a_relative_path_has_no_normal_form(void **state) {
  char to[PATH_SIZE];
  (void)state;
  assert_int_equal(path_normal(to, "a/b"), -1);
  assert_int_equal(path_normal(to, ""), -1);
}

static void the_longest_path_fits_and_no_longer_one(void **state) {
  char name[PATH_SIZE + 1], to[PATH_SIZE];
  (void)state;
  memset(name, 'x', sizeof name);
  name[0] = '/';
  name[PATH_SIZE - 1] = '\0';
  assert_int_equal(path_normal(to, name), 0);
  assert_int_equal(strlen(to), PATH_SIZE - 1);
  assert_int_equal(path_join(to, "a", name), 0);
  assert_int_equal(path_join(to, "a", name + 1), -1);
  assert_int_equal(path_join(to, "a", name + 2), 0);
  assert_int_equal(strlen(to), PATH_SIZE - 1);
  name[PATH_SIZE - 1] = 'x';
  name[PATH_SIZE] = '\0';
  assert_int_equal(path_normal(to, name), -1);
  assert_int_equal(path_join(to, "a", name), -1);
}

static void only_what_is_in_a_folder_is_beneath_it(void **state) {
  static const struct {
    const char *dir, *path, *rest; /* NULL: not beneath */
  } rows[] = {
      {"/a", "/a", ""},    {"/a", "/a/b", "b"},  {"/a", "/a/b/c", "b/c"},
      {"/a", "/ab", NULL}, {"/a", "/", NULL},    {"/a/b", "/a", NULL},
      {"/", "/", ""},      {"/", "/a/b", "a/b"}, {"/a", "/b/a", NULL},
  };
  (void)state;
  for (size_t i = 0; i < LEN(rows); i++) {
    const char *rest = NULL;
    assert_int_equal(path_beneath(rows[i].dir, rows[i].path, &rest), rows[i].rest != NULL);
    if (rows[i].rest) assert_string_equal(rest, rows[i].rest);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_joined_with_one_slash),
      cmocka_unit_test(the_folder_of_a_name_is_found),
      cmocka_unit_test(dots_are_resolved),
      cmocka_unit_test(a_relative_path_has_no_normal_form),
      cmocka_unit_test(the_longest_path_fits_and_no_longer_one),
      cmocka_unit_test(only_what_is_in_a_folder_is_beneath_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
