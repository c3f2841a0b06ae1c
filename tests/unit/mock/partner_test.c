#include "mock/partner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void an_array_shows_texts_nulls_and_whole_seconds(void **state) {
  struct partner p = {.text = {SLICE("\u0646\"\n"), {NULL, 0}, SLICE("+1")},
                      .created_s = 1767323045,
                      .updated_s = 1767323046};
  struct partner_writer w;
  struct buf b = BUF_WITH_LIMIT(4096);
  (void)state;
  assert_true(uuid_parse(SLICE("7B1F0C52-3d0e-4c8a-9a55-0f6f2d1e8c11"), &p.id));
  partner_writer_begin(&w, &b);
  partner_write(&w, &p);
  p.text[PARTNER_NAME] = SLICE("b");
  p.updated_s = p.created_s;
  partner_write(&w, &p);
  partner_writer_end(&w);
  assert_string_equal(
      buf_text(&b),
      "[{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\",\"name\":\"\u0646\\\"\\n\",\"email\":null,"
      "\"phone\":\"+1\",\"createdAt\":\"2026-01-02T03:04:05Z\",\"updatedAt\":\"2026-01-02T03:04:"
      "06Z\"},"
      "{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11\",\"name\":\"b\",\"email\":null,"
      "\"phone\":\"+1\",\"createdAt\":\"2026-01-02T03:04:05Z\",\"updatedAt\":\"2026-01-02T03:04:"
      "05Z\"}]");
  buf_free(&b);
}

static void an_array_of_none_is_empty(void **state) {
  struct partner_writer w;
  struct buf b = BUF_WITH_LIMIT(16);
  (void)state;
  partner_writer_begin(&w, &b);
  partner_writer_end(&w);
  assert_string_equal(buf_text(&b), "[]");
  buf_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_array_shows_texts_nulls_and_whole_seconds),
      cmocka_unit_test(an_array_of_none_is_empty),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
