#include "base/json_scan.h"

#include "base/hex.h"
#include "base/json_span.h"
#include "base/utf8.h"

#include <assert.h>

/* What may come next. */
enum {
  EXPECT_VALUE,        /* also the state before the outermost value */
  EXPECT_VALUE_OR_END, /* behind '[' */
  EXPECT_KEY_OR_END,   /* behind '{' */
  EXPECT_KEY,          /* behind ',' in an object */
  EXPECT_COLON,
  EXPECT_COMMA_OR_END,
  EXPECT_REPORT,  /* the outermost value is read, JSON_END_OF_VALUE is not given yet */
  EXPECT_NOTHING, /* it is given */
  EXPECT_RESET,   /* after an error */
};

static void move_to(struct json_scan *s, const char *to) {
  s->offset += (uint64_t)(to - s->at);
  s->at = to;
}

static enum json_token fail_at(struct json_scan *s, const char *at, const char *reason) {
  move_to(s, at);
  s->reason = reason;
  s->expect = EXPECT_RESET;
  return JSON_ERROR;
}

/* The bytes end at END inside the token that begins at s->at. */
static enum json_token cut_off(struct json_scan *s) {
  if (!s->is_final) return JSON_NEED_MORE;
  return fail_at(s, s->end, "the text ends too early");
}

static enum json_token give(struct json_scan *s, const char *end, enum json_token token) {
  move_to(s, end);
  s->expect = s->depth > 0 ? EXPECT_COMMA_OR_END : EXPECT_REPORT;
  return token;
}

static bool is_in_object(const struct json_scan *s) {
  unsigned level = s->depth - 1;
  return (s->is_object[level / 64] >> (level % 64) & 1) != 0;
}

static enum json_token open_level(struct json_scan *s, bool is_object) {
  if (s->depth >= s->depth_max) return fail_at(s, s->at, "nested too deeply");
  uint64_t *bits = &s->is_object[s->depth / 64], bit = UINT64_C(1) << (s->depth % 64);
  *bits = is_object ? *bits | bit : *bits & ~bit;
  s->depth++;
  move_to(s, s->at + 1);
  s->expect = is_object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  return is_object ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN;
}

static enum json_token close_level(struct json_scan *s, enum json_token token) {
  s->depth--;
  return give(s, s->at + 1, token);
}

/* Where the escape whose backslash is at AT ends; AT: the bytes end inside it;
 * NULL: there is no such escape. */
static const char *escape_end(const char *at, const char *end) {
  if (end - at < 2) return at;
  if (at[1] != 'u') return memchr("\"\\/bfnrt", at[1], 8) ? at + 2 : NULL;
  for (int i = 2; i < 6; i++) {
    if (at + i == end) return at;
    if (hex_value(at[i]) < 0) return NULL;
  }
  return at + 6;
}

static enum json_token scan_string(struct json_scan *s, enum json_token token) {
  const char *begin = s->at + 1, *at = begin;
  bool has_high = false;
  s->has_escape = false;
  for (;;) {
    at = json_span_end(at, s->end, &has_high);
    if (at == s->end) return cut_off(s);
    if (*at == '"') break;
    if (*at != '\\') return fail_at(s, at, "a control character in a string is not escaped");
    const char *behind = escape_end(at, s->end);
    if (!behind) return fail_at(s, at, "no such escape in a string");
    if (behind == at) return cut_off(s);
    s->has_escape = true;
    at = behind;
  }
  s->text = (struct slice){begin, (size_t)(at - begin)};
  if (has_high) {
    size_t valid = utf8_check(s->text);
    if (valid < s->text.len) return fail_at(s, begin + valid, "a string is not valid UTF-8");
  }
  return give(s, at + 1, token);
}

static enum json_token scan_key(struct json_scan *s) {
  if (*s->at != '"') return fail_at(s, s->at, "expected a key in double quotes");
  enum json_token token = scan_string(s, JSON_KEY);
  if (token == JSON_KEY) s->expect = EXPECT_COLON;
  return token;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Moves *AT behind the digits there; false: there is none. */
static bool take_digits(const char **at, const char *end) {
  const char *from = *at;
  while (*at < end && is_digit(**at)) ++*at;
  return *at > from;
}

/* Where the number at AT ends; *is_whole tells whether that is one. */
static const char *number_end(const char *at, const char *end, bool *is_whole) {
  *is_whole = false;
  if (*at == '-') at++;
  if (at < end && *at == '0') {
    at++;
  } else if (!take_digits(&at, end)) {
    return at;
  }
  if (at < end && *at == '.') {
    at++;
    if (!take_digits(&at, end)) return at;
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at < end && (*at == '+' || *at == '-')) at++;
    if (!take_digits(&at, end)) return at;
  }
  *is_whole = true;
  return at;
}

static enum json_token scan_number(struct json_scan *s) {
  bool is_whole;
  const char *begin = s->at, *at = number_end(begin, s->end, &is_whole);
  if (at == s->end && !(is_whole && s->is_final)) return cut_off(s);
  if (!is_whole) return fail_at(s, at, "a number lacks a digit");
  s->text = (struct slice){begin, (size_t)(at - begin)};
  s->has_escape = false;
  return give(s, at, JSON_NUMBER);
}

static enum json_token scan_word(struct json_scan *s, struct slice word, enum json_token token) {
  size_t have = (size_t)(s->end - s->at), i = 0;
  while (i < have && i < word.len && s->at[i] == word.ptr[i]) i++;
  if (i == word.len) return give(s, s->at + i, token);
  if (i == have) return cut_off(s);
  return fail_at(s, s->at, "expected a value");
}

static enum json_token scan_value(struct json_scan *s) {
  switch (*s->at) {
  case '"': return scan_string(s, JSON_STRING);
  case '{': return open_level(s, true);
  case '[': return open_level(s, false);
  case 't': return scan_word(s, SLICE("true"), JSON_TRUE);
  case 'f': return scan_word(s, SLICE("false"), JSON_FALSE);
  case 'n': return scan_word(s, SLICE("null"), JSON_NULL);
  }
  if (*s->at == '-' || is_digit(*s->at)) return scan_number(s);
  return fail_at(s, s->at, "expected a value");
}

/* Moves to the next byte that is no white space; false: there is none yet. */
static bool skip_blank(struct json_scan *s) {
  const char *at = s->at;
  for (; at < s->end && (unsigned char)*at <= ' '; at++) {
    if (*at == '\n') {
      s->lines++;
      s->line_start = s->offset + (uint64_t)(at + 1 - s->at);
    } else if (*at != ' ' && *at != '\t' && *at != '\r') {
      break;
    }
  }
  move_to(s, at);
  return at < s->end;
}

static enum json_token end_of_bytes(struct json_scan *s) {
  bool is_between = s->expect == EXPECT_NOTHING || (s->expect == EXPECT_VALUE && s->depth == 0);
  return is_between ? JSON_NEED_MORE : cut_off(s);
}

void json_init(struct json_scan *s, unsigned depth_max) {
  assert(depth_max <= JSON_DEPTH_MAX);
  *s = (struct json_scan){.depth_max = depth_max, .expect = EXPECT_VALUE};
}

void json_reset(struct json_scan *s) {
  s->depth = 0;
  s->expect = EXPECT_VALUE;
  s->reason = NULL;
}

void json_feed(struct json_scan *s, struct slice bytes, bool is_final) {
  s->at = bytes.ptr;
  s->end = bytes.len > 0 ? bytes.ptr + bytes.len : bytes.ptr;
  s->is_final = is_final;
}

enum json_token json_next(struct json_scan *s) {
  if (s->expect == EXPECT_REPORT) {
    s->expect = EXPECT_NOTHING;
    return JSON_END_OF_VALUE;
  }
  while (s->expect != EXPECT_RESET) {
    if (!skip_blank(s)) return end_of_bytes(s);
    char c = *s->at;
    switch (s->expect) {
    case EXPECT_VALUE_OR_END:
      if (c == ']') return close_level(s, JSON_ARRAY_END);
      return scan_value(s);
    case EXPECT_VALUE: return scan_value(s);
    case EXPECT_KEY_OR_END:
      if (c == '}') return close_level(s, JSON_OBJECT_END);
      return scan_key(s);
    case EXPECT_KEY: return scan_key(s);
    case EXPECT_COLON:
      if (c != ':') return fail_at(s, s->at, "expected ':' behind a key");
      s->expect = EXPECT_VALUE;
      break;
    case EXPECT_COMMA_OR_END:
      if (c == ']' && !is_in_object(s)) return close_level(s, JSON_ARRAY_END);
      if (c == '}' && is_in_object(s)) return close_level(s, JSON_OBJECT_END);
      if (c != ',') {
        return fail_at(s, s->at, is_in_object(s) ? "expected ',' or '}'" : "expected ',' or ']'");
      }
      s->expect = is_in_object(s) ? EXPECT_KEY : EXPECT_VALUE;
      break;
    default: return fail_at(s, s->at, "expected nothing behind the value");
    }
    move_to(s, s->at + 1);
  }
  return JSON_ERROR;
}

bool json_take_key(struct json_scan *s, struct slice key) {
  const char *at = s->at;
  if (s->expect == EXPECT_COMMA_OR_END && is_in_object(s)) {
    if (at == s->end || *at++ != ',') return false;
    if (at < s->end && *at == ' ') at++;
  } else if (s->expect != EXPECT_KEY_OR_END) {
    return false;
  }
  if ((size_t)(s->end - at) < key.len + 3 || at[0] != '"' || at[key.len + 1] != '"' ||
      at[key.len + 2] != ':' || memcmp(at + 1, key.ptr, key.len) != 0)
    return false;
  s->text = (struct slice){at + 1, key.len};
  s->has_escape = false;
  s->expect = EXPECT_VALUE;
  move_to(s, at + key.len + 3);
  return true;
}

uint64_t json_line(const struct json_scan *s) { return s->lines + 1; }
uint64_t json_column(const struct json_scan *s) { return s->offset - s->line_start + 1; }
