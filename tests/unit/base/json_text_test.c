#include "base/json_text.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { LIMIT = 1 << 20 };

static void only_what_must_be_is_escaped(void **state) {
  static const struct {
    struct slice plain;
    const char *written;
  } rows[] = {
      {SLICE_INIT(""), "\"\""},
      {SLICE_INIT("a"), "\"a\""},
      {SLICE_INIT("\"\\/"), "\"\\\"\\\\/\""},
      {SLICE_INIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},
      {SLICE_INIT("\0\x01\x0b\x1f\x7f"), "\"\\u0000\\u0001\\u000b\\u001f\x7f\""},
      {SLICE_INIT("\xc3\xa9\xf0\x9f\x98\x80\xe2\x80\xa8"),
       "\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x80\xa8\""},
      {SLICE_INIT("0123456789abcdef\"0123456789abcdef"),
       "\"0123456789abcdef\\\"0123456789abcdef\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    json_put_string(&b, rows[i].plain);
    assert_string_equal(buf_text(&b), rows[i].written);
    buf_free(&b);
  }
}

static void the_empty_slice_without_bytes_is_written(void **state) {
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  (void)state;
  json_put_string(&b, (struct slice){NULL, 0});
  assert_string_equal(buf_text(&b), "\"\"");
  buf_free(&b);
}

/* The wide steps see each byte in each of their places. */
static void each_byte_is_found_at_each_place(void **state) {
  (void)state;
  for (unsigned c = 0; c < 128; c++) {
    for (size_t len = 1; len < 40; len++) {
      for (size_t at = 0; at < len; at++) {
        char text[40];
        memset(text, 'x', sizeof text);
        text[at] = (char)c;
        bool is_special = c < 0x20 || c == '"' || c == '\\';
        bool is_short = c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11);
        struct buf b = BUF_WITH_LIMIT(LIMIT), back = BUF_WITH_LIMIT(LIMIT);
        json_put_string(&b, (struct slice){text, len});
        assert_int_equal(b.len, len + 2 + (is_special ? (is_short ? 1 : 5) : 0));
        assert_int_equal(json_unescape(&back, (struct slice){b.ptr + 1, b.len - 2}), 0);
        assert_true(slice_equal(buf_slice(&back), (struct slice){text, len}));
        buf_free(&b);
        buf_free(&back);
      }
    }
  }
}

static void the_bound_on_the_length_is_reached_and_kept(void **state) {
  char text[100] = {0};
  struct buf b = BUF_WITH_LIMIT(json_string_max(sizeof text));
  (void)state;
  json_put_string(&b, (struct slice){text, sizeof text});
  assert_true(buf_ok(&b));
  assert_int_equal(b.len, json_string_max(sizeof text));
  buf_free(&b);
}

static void a_string_beyond_the_limit_fails_the_buffer(void **state) {
  struct buf b = BUF_WITH_LIMIT(4);
  (void)state;
  json_put_string(&b, SLICE("abc"));
  assert_false(buf_ok(&b));
  buf_free(&b);
}

static void escapes_are_read_back(void **state) {
  static const struct {
    struct slice text, plain;
  } rows[] = {
      {SLICE_INIT(""), SLICE_INIT("")},
      {SLICE_INIT("\\\"\\\\\\/\\b\\f\\n\\r\\t"), SLICE_INIT("\"\\/\b\f\n\r\t")},
      {SLICE_INIT("\\u0000"), SLICE_INIT("\0")},
      {SLICE_INIT("\\u007F\\u0080\\u07ff"), SLICE_INIT("\x7f\xc2\x80\xdf\xbf")},
      {SLICE_INIT("\\u0800\\uD7FF\\uE000\\uffff"),
       SLICE_INIT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf")},
      {SLICE_INIT("\\uD800\\uDC00\\uDBFF\\uDFFF"), SLICE_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
      {SLICE_INIT("a\\u00e9b"), SLICE_INIT("a\xc3\xa9"
                                           "b")},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    assert_int_equal(json_unescape(&b, rows[i].text), 0);
    assert_true(slice_equal(buf_slice(&b), rows[i].plain));
    buf_free(&b);
  }
}

static void wrong_escapes_and_lone_surrogates_are_refused(void **state) {
  static const struct slice rows[] = {
      SLICE_INIT("\\"),
      SLICE_INIT("\\x"),
      SLICE_INIT("\\u"),
      SLICE_INIT("\\u12"),
      SLICE_INIT("\\u12g4"),
      SLICE_INIT("\\ud800"),
      SLICE_INIT("\\udc00"),
      SLICE_INIT("\\ud800a"),
      SLICE_INIT("\\ud800\\n"),
      SLICE_INIT("\\ud800\\u0041"),
      SLICE_INIT("\\ud800\\ud800"),
      SLICE_INIT("\\udc00\\ud800"),
      SLICE_INIT("\\ud800\\udc0"),
      SLICE_INIT("\\ud800\\"),
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct buf b = BUF_WITH_LIMIT(LIMIT);
    buf_add_text(&b, "kept");
    assert_int_equal(json_unescape(&b, rows[i]), -1);
    assert_true(slice_is(buf_slice(&b), "kept"));
    buf_free(&b);
  }
}

static void each_code_point_survives_its_escape(void **state) {
  struct buf escape = BUF_WITH_LIMIT(LIMIT), plain = BUF_WITH_LIMIT(LIMIT);
  (void)state;
  for (unsigned code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    buf_clear(&escape);
    buf_clear(&plain);
    if (code < 0x10000) {
      buf_printf(&escape, "\\u%04x", code);
    } else {
      buf_printf(&escape, "\\u%04x\\u%04x", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
    }
    assert_int_equal(json_unescape(&plain, buf_slice(&escape)), 0);
    assert_int_equal(utf8_check(buf_slice(&plain)), plain.len);
    assert_int_equal(plain.len, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
  }
  buf_free(&escape);
  buf_free(&plain);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_what_must_be_is_escaped),
      cmocka_unit_test(the_empty_slice_without_bytes_is_written),
      cmocka_unit_test(each_byte_is_found_at_each_place),
      cmocka_unit_test(the_bound_on_the_length_is_reached_and_kept),
      cmocka_unit_test(a_string_beyond_the_limit_fails_the_buffer),
      cmocka_unit_test(escapes_are_read_back),
      cmocka_unit_test(wrong_escapes_and_lone_surrogates_are_refused),
      cmocka_unit_test(each_code_point_survives_its_escape),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
