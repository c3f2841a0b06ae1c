#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { LIMIT = 1 << 20 };

static void what_is_no_utf8_is_found_at_its_byte(void **state) {
  static const struct {
    struct slice text;
    size_t valid;
  } rows[] = {
      {SLICE_INIT(""), 0},
      {SLICE_INIT("abc\0\x7f"), 5},
      {SLICE_INIT("\xc2\x80\xdf\xbf"), 4},
      {SLICE_INIT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), 12},
      {SLICE_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), 8},
      {SLICE_INIT("a\x80"), 1}, /* continuation alone */
      {SLICE_INIT("a\xbf"), 1},
      {SLICE_INIT("a\xc0\x80"), 1}, /* overlong */
      {SLICE_INIT("a\xc1\xbf"), 1},
      {SLICE_INIT("a\xe0\x9f\xbf"), 1},
      {SLICE_INIT("a\xf0\x8f\xbf\xbf"), 1},
      {SLICE_INIT("a\xed\xa0\x80"), 1}, /* surrogate */
      {SLICE_INIT("a\xed\xbf\xbf"), 1},
      {SLICE_INIT("a\xf4\x90\x80\x80"), 1}, /* beyond U+10FFFF */
      {SLICE_INIT("a\xf5\x80\x80\x80"), 1},
      {SLICE_INIT("a\xff"), 1},
      {SLICE_INIT("a\xc3"), 1}, /* cut off */
      {SLICE_INIT("a\xe2\x82"), 1},
      {SLICE_INIT("a\xf0\x9f\x98"), 1},
      {SLICE_INIT("a\xe2\x82z"), 1},
      {SLICE_INIT("a\xf0\x9f\x98z"), 1},
      {SLICE_INIT("0123456789abcdef01234567\xc3\xa9\xff"), 26},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(utf8_check(rows[i].text), rows[i].valid);
}

static void one_wrong_byte_is_found_at_each_place(void **state) {
  char text[50];
  (void)state;
  for (size_t len = 1; len < sizeof text; len++) {
    for (size_t at = 0; at < len; at++) {
      memset(text, 'x', sizeof text);
      text[at] = (char)0x80;
      assert_int_equal(utf8_check((struct slice){text, len}), at);
    }
  }
}

/* Against the definition: the shortest form of each scalar value and nothing else. */
static void three_bytes_are_valid_only_as_the_shortest_form_of_a_scalar(void **state) {
  (void)state;
  for (unsigned bits = 0; bits < 1u << 24; bits += bits % 7 + 1) {
    unsigned a = bits >> 16, b = bits >> 8 & 0xff, c = bits & 0xff;
    if (a < 0xe0 || a >= 0xf0) continue;
    char text[3] = {(char)a, (char)b, (char)c};
    unsigned code = (a & 0xf) << 12 | (b & 0x3f) << 6 | (c & 0x3f);
    bool is_valid = (b & 0xc0) == 0x80 && (c & 0xc0) == 0x80 && code >= 0x800 &&
                    !(code >= 0xd800 && code <= 0xdfff);
    assert_int_equal(utf8_check((struct slice){text, 3}), is_valid ? 3 : 0);
  }
}

static void width_is_in_columns(void **state) {
  static const struct {
    struct slice text;
    size_t columns;
  } rows[] = {
      {SLICE_INIT(""), 0},
      {SLICE_INIT("abc"), 3},
      {SLICE_INIT("a\tb\n\x1b"), 2},
      {SLICE_INIT("\xc3\xa9"), 1},                 /* e acute */
      {SLICE_INIT("e\xcc\x81"), 1},                /* e, combining acute */
      {SLICE_INIT("\xe6\x97\xa5\xe6\x9c\xac"), 4}, /* two ideographs */
      {SLICE_INIT("\xf0\x9f\x98\x80"), 2},         /* an emoji */
      {SLICE_INIT("\xd8\xb9\xd9\x85\xd8\xb1"), 3}, /* Arabic */
      {SLICE_INIT("\xff"), 1},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(utf8_width(rows[i].text), rows[i].columns);
}

static void a_prefix_ends_between_graphemes(void **state) {
  static const struct {
    struct slice text;
    size_t columns;
    size_t len;
  } rows[] = {
      {SLICE_INIT("abc"), 0, 0},
      {SLICE_INIT("abc"), 2, 2},
      {SLICE_INIT("abc"), 9, 3},
      {SLICE_INIT(""), 3, 0},
      {SLICE_INIT("ae\xcc\x81z"), 1, 1},
      {SLICE_INIT("ae\xcc\x81z"), 2, 4},
      {SLICE_INIT("\xe6\x97\xa5\xe6\x9c\xac"), 3, 3},
      {SLICE_INIT("\xe6\x97\xa5\xe6\x9c\xac"), 1, 0},
      /* a family joined of two emoji: whole or not at all */
      {SLICE_INIT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"), 3, 0},
      {SLICE_INIT("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7"), 4, 11},
      {SLICE_INIT("a\xff\xff"), 2, 2},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(utf8_prefix(rows[i].text, rows[i].columns), rows[i].len);
}

struct mapped {
  struct slice from, to;
};

static void check_mapping(int (*map)(struct buf *, struct slice), const struct mapped *rows,
                          size_t rows_len) {
  for (size_t i = 0; i < rows_len; i++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    assert_int_equal(map(&b, rows[i].from), 0);
    assert_true(slice_equal(buf_slice(&b), rows[i].to));
    buf_free(&b);
  }
}

static void nfc_composes(void **state) {
  static const struct mapped rows[] = {
      {SLICE_INIT(""), SLICE_INIT("")},
      {SLICE_INIT("Abc\0"), SLICE_INIT("Abc\0")},
      {SLICE_INIT("e\xcc\x81"), SLICE_INIT("\xc3\xa9")},
      {SLICE_INIT("\xc3\xa9"), SLICE_INIT("\xc3\xa9")},
      {SLICE_INIT("\xe2\x84\xab"), SLICE_INIT("\xc3\x85")}, /* angstrom sign */
      {SLICE_INIT("a\xcc\xa7\xcc\x81"), SLICE_INIT("\xc3\xa1\xcc\xa7")},
      {SLICE_INIT("a\0e\xcc\x81"), SLICE_INIT("a\0\xc3\xa9")},
      {SLICE_INIT("\xef\xac\x81"), SLICE_INIT("\xef\xac\x81")}, /* the fi ligature stays */
  };
  (void)state;
  check_mapping(utf8_nfc, rows, sizeof rows / sizeof rows[0]);
}

static void folding_makes_equal_what_differs_in_case(void **state) {
  static const struct mapped rows[] = {
      {SLICE_INIT(""), SLICE_INIT("")},
      {SLICE_INIT("ABC xyz @[`{"), SLICE_INIT("abc xyz @[`{")},
      {SLICE_INIT("\xc3\x89"), SLICE_INIT("\xc3\xa9")},
      {SLICE_INIT("E\xcc\x81"), SLICE_INIT("\xc3\xa9")},
      {SLICE_INIT("Stra\xc3\x9f"
                  "e"),
       SLICE_INIT("strasse")},
      {SLICE_INIT("\xce\xa3\xcf\x82"), SLICE_INIT("\xcf\x83\xcf\x83")}, /* sigmas */
  };
  (void)state;
  check_mapping(utf8_fold, rows, sizeof rows / sizeof rows[0]);
}

static size_t put_code(char to[4], unsigned code) {
  static const unsigned lead[] = {[1] = 0, [2] = 0xc0, [3] = 0xe0, [4] = 0xf0};
  size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--, code >>= 6) to[i] = (char)(0x80 | (code & 0x3f));
  to[0] = (char)(lead[len] | code);
  return len;
}

static void what_is_mapped_once_stays(int (*map)(struct buf *, struct slice)) {
  struct buf once = BUF_WITH_LIMIT(LIMIT), twice = BUF_WITH_LIMIT(LIMIT);
  for (unsigned code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    char text[4];
    size_t len = put_code(text, code);
    buf_clear(&once);
    buf_clear(&twice);
    assert_int_equal(map(&once, (struct slice){text, len}), 0);
    assert_int_equal(map(&twice, buf_slice(&once)), 0);
    if (!slice_equal(buf_slice(&once), buf_slice(&twice))) fail_msg("U+%04X", code);
  }
  buf_free(&once);
  buf_free(&twice);
}

static void nfc_of_nfc_is_the_same(void **state) {
  (void)state;
  what_is_mapped_once_stays(utf8_nfc);
}

static void folding_of_what_is_folded_is_the_same(void **state) {
  (void)state;
  what_is_mapped_once_stays(utf8_fold);
}

static void what_the_buffer_cannot_hold_is_an_error(void **state) {
  struct buf b = BUF_WITH_LIMIT(1);
  (void)state;
  assert_int_equal(utf8_nfc(&b, SLICE("\xc3\xa9")), -1);
  buf_clear(&b);
  assert_int_equal(utf8_nfc(&b, SLICE("ab")), -1);
  buf_clear(&b);
  assert_int_equal(utf8_fold(&b, SLICE("AB")), -1);
  buf_free(&b);
}

static void trimming_takes_unicode_white_space(void **state) {
  static const struct mapped rows[] = {
      {SLICE_INIT(""), SLICE_INIT("")},
      {SLICE_INIT(" \t\r\n\v\f"), SLICE_INIT("")},
      {SLICE_INIT("a"), SLICE_INIT("a")},
      {SLICE_INIT("  a b  "), SLICE_INIT("a b")},
      {SLICE_INIT("\xc2\x85\xc2\xa0 a \xc2\xa0"), SLICE_INIT("a")},
      {SLICE_INIT("\xe1\x9a\x80\xe2\x80\x80z\xe2\x80\x8a\xe2\x80\xaf\xe2\x81\x9f\xe3\x80\x80"),
       SLICE_INIT("z")},
      {SLICE_INIT("\xe2\x80\xa8\xe2\x80\xa9"), SLICE_INIT("")},
      {SLICE_INIT("\xe2\x80\x8b"
                  "a"),
       SLICE_INIT("\xe2\x80\x8b"
                  "a")},                                /* zero width space */
      {SLICE_INIT("\xd8\xa0"), SLICE_INIT("\xd8\xa0")}, /* ends as U+00A0 does */
      {SLICE_INIT("\xa0 "), SLICE_INIT("\xa0")},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_true(slice_equal(utf8_trim(rows[i].from), rows[i].to));
}

static void what_a_terminal_obeys_is_shown_instead(void **state) {
  static const struct mapped rows[] = {
      {SLICE_INIT(""), SLICE_INIT("")},
      {SLICE_INIT("a \xc3\xa9 \xd8\xb9"), SLICE_INIT("a \xc3\xa9 \xd8\xb9")},
      {SLICE_INIT("a\nb\r\n"), SLICE_INIT("a\\nb\\x0d\\n")},
      {SLICE_INIT("\0\t\x1b[31m\x7f"), SLICE_INIT("\\x00\\x09\\x1b[31m\\x7f")},
      {SLICE_INIT("\xc2\x9b"
                  "1m"),
       SLICE_INIT("\\xc2\\x9b"
                  "1m")},
      {SLICE_INIT("\xff\xc3"), SLICE_INIT("\\xff\\xc3")},
      {SLICE_INIT("\xe2\x80\xae"
                  "a\xe2\x81\xa6"),
       SLICE_INIT("\\xe2\\x80\\xae"
                  "a\\xe2\\x81\\xa6")},
      {SLICE_INIT("\xe2\x80\x8d"), SLICE_INIT("\xe2\x80\x8d")}, /* joins emoji */
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    utf8_printable(&b, rows[i].from);
    assert_true(slice_equal(buf_slice(&b), rows[i].to));
    buf_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_utf8_is_found_at_its_byte),
      cmocka_unit_test(one_wrong_byte_is_found_at_each_place),
      cmocka_unit_test(three_bytes_are_valid_only_as_the_shortest_form_of_a_scalar),
      cmocka_unit_test(width_is_in_columns),
      cmocka_unit_test(a_prefix_ends_between_graphemes),
      cmocka_unit_test(nfc_composes),
      cmocka_unit_test(folding_makes_equal_what_differs_in_case),
      cmocka_unit_test(nfc_of_nfc_is_the_same),
      cmocka_unit_test(folding_of_what_is_folded_is_the_same),
      cmocka_unit_test(what_the_buffer_cannot_hold_is_an_error),
      cmocka_unit_test(trimming_takes_unicode_white_space),
      cmocka_unit_test(what_a_terminal_obeys_is_shown_instead),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
