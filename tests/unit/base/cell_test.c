#include "base/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void what_is_put_is_taken_and_no_beginning_of_it_is_a_whole(void **state) {
  (void)state;
  struct buf b = BUF_WITH_LIMIT(1000);
  cell_put(&b, CELL_NULL);
  cell_put(&b, CELL_TRUE);
  cell_put_integer(&b, INT64_MIN);
  cell_put_float(&b, 0.1);
  cell_put_text(&b, (struct slice){"a\0b", 3});
  cell_put_text(&b, (struct slice){NULL, 0});
  assert_true(buf_ok(&b));
  for (size_t len = 0; len <= b.len; len++) {
    struct slice rest = {b.ptr, len};
    struct cell cell[7];
    size_t n = 0;
    while (n < 7 && cell_take(&rest, &cell[n])) n++;
    assert_int_equal(n == 6, len == b.len);
    if (n < 6) continue;
    assert_int_equal(cell[0].kind, CELL_NULL);
    assert_int_equal(cell[1].kind, CELL_TRUE);
    assert_true(cell[2].kind == CELL_INTEGER && cell[2].integer == INT64_MIN);
    assert_true(cell[3].kind == CELL_FLOAT && cell[3].real == 0.1);
    assert_true(cell[4].kind == CELL_TEXT && cell[4].text.len == 3 &&
                memcmp(cell[4].text.ptr, "a\0b", 3) == 0);
    assert_true(cell[5].kind == CELL_TEXT && cell[5].text.len == 0);
  }
  buf_free(&b);
}

static void an_unknown_kind_is_damage(void **state) {
  (void)state;
  struct slice rest = {"\x06", 1};
  struct cell cell;
  assert_false(cell_take(&rest, &cell));
}

static void a_full_buffer_says_so(void **state) {
  (void)state;
  struct buf b = BUF_WITH_LIMIT(8);
  cell_put_integer(&b, 1);
  assert_false(buf_ok(&b));
  assert_int_equal(b.len, 0);
  buf_free(&b);
}

static void short_ascii_is_put_as_any_text_and_nothing_else_is(void **state) {
  (void)state;
  char text[CELL_SHORT_MAX + 1];
  struct buf b = BUF_WITH_LIMIT(1000), same = BUF_WITH_LIMIT(1000);
  for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('0' + i);
  for (size_t len = 0; len <= sizeof text; len++) {
    struct slice s = {text, len};
    buf_clear(&b), buf_clear(&same);
    assert_int_equal(cell_put_ascii(&b, s), len <= CELL_SHORT_MAX);
    if (len <= CELL_SHORT_MAX) cell_put_text(&same, s);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&same)));
    for (size_t i = 0; i < len; i++) {
      size_t before = b.len;
      text[i] ^= (char)0x80;
      assert_false(cell_put_ascii(&b, s));
      assert_int_equal(b.len, before);
      text[i] ^= (char)0x80;
    }
  }
  buf_free(&b);
  buf_free(&same);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_put_is_taken_and_no_beginning_of_it_is_a_whole),
      cmocka_unit_test(an_unknown_kind_is_damage),
      cmocka_unit_test(a_full_buffer_says_so),
      cmocka_unit_test(short_ascii_is_put_as_any_text_and_nothing_else_is),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
