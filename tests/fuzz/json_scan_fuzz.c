/* A text is read the same whole, in pieces and with its keys guessed; a string that is read can be
 * written and read again; a number has the form that RFC 8259 gives it. */
#include "base/json_scan.h"

#include "base/hash.h"
#include "base/json_text.h"
#include "base/utf8.h"

#include "check.h"

enum { LIMIT = 1 << 24 };

static void check_string(struct slice text, bool has_escape) {
  struct buf plain = BUF_WITH_LIMIT(LIMIT), written = BUF_WITH_LIMIT(LIMIT),
             back = BUF_WITH_LIMIT(LIMIT);
  check(has_escape == (text.len > 0 && memchr(text.ptr, '\\', text.len) != NULL));
  check(utf8_check(text) == text.len);
  if (json_unescape(&plain, text) == 0) {
    check(utf8_check(buf_slice(&plain)) == plain.len);
    json_put_string(&written, buf_slice(&plain));
    check(written.len <= json_string_max(plain.len));
    struct json_scan s;
    json_init(&s, 0);
    json_feed(&s, buf_slice(&written), true);
    check(json_next(&s) == JSON_STRING);
    check(json_unescape(&back, s.text) == 0);
    check(slice_equal(buf_slice(&back), buf_slice(&plain)));
    check(json_next(&s) == JSON_END_OF_VALUE);
  }
  buf_free(&plain);
  buf_free(&written);
  buf_free(&back);
}

static void check_number(struct slice text) {
  char end;
  char *copy = strndup(text.ptr, text.len), *rest = &end;
  check(copy != NULL);
  (void)strtod(copy, &rest);
  check(*rest == '\0' && rest == copy + text.len);
  free(copy);
}

/* The key read last is tried first; true: it was there, and is S's text. */
static bool took_guess(struct json_scan *s, struct slice *guess) {
  return guess && guess->ptr && json_take_key(s, *guess);
}

/* Hashes the tokens of TEXT, which comes STEP bytes at a time; GUESS, where keys are guessed,
 * wants it whole. */
static uint64_t scan(struct slice text, size_t step, bool is_checked, struct slice *guess) {
  static const struct hash_key key = {1, 2};
  uint64_t hash = 0;
  size_t read = 0, given = 0;
  enum json_token token;
  struct json_scan s;
  json_init(&s, 32);
  do {
    given = text.len - given < step ? text.len : given + step;
    char *block = malloc(given - read + 1);
    check(block != NULL);
    memcpy(block, text.ptr + read, given - read);
    char *exact = realloc(block, given - read > 0 ? given - read : 1);
    check(exact != NULL);
    json_feed(&s, (struct slice){exact, given - read}, given == text.len);
    while ((token = took_guess(&s, guess) ? JSON_KEY : json_next(&s)) != JSON_NEED_MORE &&
           token != JSON_ERROR) {
      bool is_text = token == JSON_KEY || token == JSON_STRING || token == JSON_NUMBER;
      hash = hash * 31 + token + (is_text ? hash_slice(&key, s.text) : 0);
      if (is_checked && (token == JSON_KEY || token == JSON_STRING))
        check_string(s.text, s.has_escape);
      if (guess && token == JSON_KEY && !s.has_escape) *guess = s.text;
      if (is_checked && token == JSON_NUMBER) check_number(s.text);
      if (token == JSON_END_OF_VALUE) json_reset(&s);
    }
    read = given - json_rest(&s).len;
    check(read == s.offset);
    check(json_column(&s) >= 1);
    free(exact);
  } while (token != JSON_ERROR && given < text.len);
  check(token != JSON_ERROR || s.reason != NULL);
  return hash * 31 + token;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len < 1) return 0;
  struct slice text = {(const char *)data + 1, len - 1};
  struct slice guess = {NULL, 0};
  uint64_t whole = scan(text, SIZE_MAX, true, NULL);
  check(whole == scan(text, 1 + data[0] % 32, false, NULL));
  check(whole == scan(text, SIZE_MAX, false, &guess));
  return 0;
}
