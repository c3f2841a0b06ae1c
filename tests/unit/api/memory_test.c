/* Every allocation of the room fails once: it is told, and nothing leaks. */
#include "api/listing.h"
#include "memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

enum { PARTNERS = 300 };

static void put_answer(struct buf *b) {
  buf_add_char(b, '[');
  for (int i = 0; i < PARTNERS; i++)
    buf_printf(b, "%s{\"id\":\"7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e%04x\",\"name\":\"\\u0633%d\"}",
               i ? "," : "", i, i);
  buf_add_char(b, ']');
}

static int read_answer(struct answer *a, struct slice body) {
  static const struct answer_options options = {
      .partners_max = PARTNERS, .bytes_max = 1 << 20, .keeps_text = true, .key = {1, 2}};
  struct error err;
  if (answer_init(a, &options, &err) != 0) {
    assert_int_equal(err.code, ERROR_MEMORY);
    return -1;
  }
  for (size_t at = 0; at < body.len; at += 100) {
    size_t len = body.len - at < 100 ? body.len - at : 100;
    if (!answer_feed(a, (struct slice){body.ptr + at, len})) break;
  }
  answer_end(a);
  return 0;
}

static void an_answer_without_memory_is_wrong(void **state) {
  (void)state;
  struct buf body = BUF_WITH_LIMIT(1 << 20);
  bool is_met = true;
  put_answer(&body);
  for (unsigned n = 1; is_met; n++) {
    struct answer a = {0};
    memory_fault_begin(n);
    int result = read_answer(&a, buf_slice(&body));
    is_met = memory_fault_end();
    if (result == 0) {
      assert_int_equal(a.state, is_met ? ANSWER_WRONG : ANSWER_COMPLETE);
      assert_int_equal(is_met, a.reason != NULL);
    }
    answer_free(&a);
  }
  buf_free(&body);
}

static void a_listing_without_memory_fails(void **state) {
  (void)state;
  struct listing_options options = {
      .page_rows = 1000, .overlap_rows = 100, .passes_max = 1, .partners_max = 1000, .key = {1, 2}};
  struct buf body = BUF_WITH_LIMIT(1 << 20);
  struct answer page;
  bool is_met = true;
  put_answer(&body);
  assert_int_equal(read_answer(&page, buf_slice(&body)), 0);
  for (unsigned n = 1; is_met; n++) {
    struct listing *l = NULL;
    struct error err = {0};
    memory_fault_begin(n);
    enum listing_step step = LISTING_FAILED;
    if (listing_new(&l, &options, &err) == 0) step = listing_take(l, &page, &err);
    is_met = memory_fault_end();
    assert_int_equal(step, is_met ? LISTING_FAILED : LISTING_DONE);
    assert_int_equal(err.code, is_met ? ERROR_MEMORY : ERROR_NONE);
    listing_free(l);
  }
  answer_free(&page);
  buf_free(&body);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_answer_without_memory_is_wrong),
      cmocka_unit_test(a_listing_without_memory_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
