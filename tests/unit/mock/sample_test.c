#include "mock/sample.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

struct place {
  char folder[32], path[64];
};

static struct place place_new(const char *content) {
  struct place at = {.folder = "/tmp/hoko-sample-XXXXXX"};
  struct error err;
  assert_non_null(mkdtemp(at.folder));
  (void)snprintf(at.path, sizeof at.path, "%s/partners.json", at.folder);
  if (content) assert_int_equal(file_replace(at.path, slice_of(content), 0600, &err), 0);
  return at;
}

static void place_free(const struct place *at) {
  (void)unlink(at->path); /* a test may have none */
  assert_int_equal(rmdir(at->folder), 0);
}

static struct partners *store_new(void) {
  struct error err;
  struct partners *p = partners_new(&err);
  assert_non_null(p);
  return p;
}

static struct partner named(const struct partners *p, const char *id) {
  struct uuid uuid;
  assert_true(uuid_parse(slice_of(id), &uuid));
  uint32_t index = partners_find(p, &uuid);
  assert_int_not_equal(index, PARTNERS_NONE);
  return partners_get(p, index);
}

static void partners_made_up_have_numbered_ids_and_differ(void **state) {
  struct partners *p = store_new();
  struct error err;
  (void)state;
  assert_int_equal(sample_make(p, 25000, 100, &err), 0);
  assert_int_equal(partners_len(p), 25000);
  assert_int_equal(partners_twins(p), 0);
  assert_true(slice_is(named(p, "00000000-0000-4000-8000-000000000001").text[0], "Partner 1"));
  assert_true(slice_is(named(p, "00000000-0000-4000-8000-000000025000").text[1],
                       "partner25000@example.com"));
  partners_free(p);
}

static void what_was_saved_is_loaded_again(void **state) {
  struct place at = place_new(NULL);
  struct partners *p = store_new(), *again = store_new();
  struct buf before = BUF_WITH_LIMIT(1 << 24), after = BUF_WITH_LIMIT(1 << 24);
  struct error err;
  (void)state;
  assert_int_equal(sample_make(p, 12345, 1767323045, &err), 0);
  assert_int_equal(sample_save(p, at.path, &err), 0);
  assert_int_equal(sample_load(again, at.path, 2000000000, &err), 0);
  sample_put(&before, p);
  sample_put(&after, again);
  assert_true(slice_equal(buf_slice(&before), buf_slice(&after)));
  buf_free(&before);
  buf_free(&after);
  partners_free(p);
  partners_free(again);
  place_free(&at);
}

static void a_file_may_leave_out_what_the_mock_can_make(void **state) {
  struct place at =
      place_new("[{\"name\":\"late\",\"createdAt\":\"2026-01-02T00:00:00Z\"},"
                "{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\",\"name\":\"early\","
                "\"email\":null,\"createdAt\":\"2025-01-02T00:00:00Z\"},{\"name\":\"now\"}]");
  struct partners *p = store_new();
  struct error err;
  (void)state;
  assert_int_equal(sample_load(p, at.path, 2000000000, &err), 0);
  assert_int_equal(partners_len(p), 3);
  assert_true(slice_is(partners_get(p, partners_at(p, 0)).text[0], "early"));
  assert_true(slice_is(partners_get(p, partners_at(p, 2)).text[0], "now"));
  assert_int_equal(partners_get(p, partners_at(p, 2)).created_s, 2000000000);
  assert_int_equal(named(p, "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11").created_s, 1735776000);
  partners_free(p);
  place_free(&at);
}

static void an_empty_array_and_no_file_are_no_partners(void **state) {
  struct place at = place_new("[]\n");
  struct partners *p = store_new();
  struct error err;
  (void)state;
  assert_int_equal(sample_load(p, at.path, 1, &err), 0);
  assert_int_equal(unlink(at.path), 0);
  assert_int_equal(sample_load(p, at.path, 1, &err), 0);
  assert_int_equal(partners_len(p), 0);
  partners_free(p);
  place_free(&at);
}

static void a_wrong_file_is_refused_by_name(void **state) {
  static const char *const contents[] = {
      "",
      "{}",
      "[{\"name\":\"a\"}",
      "[{\"name\":\"a\",\"age\":1}]",
      ("[{\"name\":\"a\",\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\"},"
       "{\"name\":\"b\",\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\"}]"),
  };
  (void)state;
  for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
    struct place at = place_new(contents[i]);
    struct partners *p = store_new();
    struct error err;
    assert_int_equal(sample_load(p, at.path, 1, &err), -1);
    assert_non_null(strstr(err.message, at.path));
    partners_free(p);
    place_free(&at);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(partners_made_up_have_numbered_ids_and_differ),
      cmocka_unit_test(what_was_saved_is_loaded_again),
      cmocka_unit_test(a_file_may_leave_out_what_the_mock_can_make),
      cmocka_unit_test(an_empty_array_and_no_file_are_no_partners),
      cmocka_unit_test(a_wrong_file_is_refused_by_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
