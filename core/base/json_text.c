#include "base/json_text.h"

#include "base/hex.h"
#include "base/json_span.h"

#include <stdint.h>

static void put_escape(struct buf *b, char c) {
  static const char letter[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\'};
  unsigned value = (unsigned char)c;
  if (letter[value]) {
    buf_add(b, (char[]){'\\', letter[value]}, 2);
  } else {
    buf_add(b, (char[]){'\\', 'u', '0', '0', hex_digit(value >> 4), hex_digit(value)}, 6);
  }
}

void json_put_string(struct buf *b, struct slice s) {
  bool has_high = false;
  buf_add_char(b, '"');
  while (s.len > 0) {
    size_t plain = (size_t)(json_span_end(s.ptr, s.ptr + s.len, &has_high) - s.ptr);
    buf_add(b, s.ptr, plain);
    if (plain == s.len) break;
    put_escape(b, s.ptr[plain]);
    s = (struct slice){s.ptr + plain + 1, s.len - plain - 1};
  }
  buf_add_char(b, '"');
}

/* The number that four digits at AT stand for; -1: they are not there. */
static int32_t read_hex4(const char *at, const char *end) {
  int32_t value = 0;
  if (end - at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

static void put_utf8(struct buf *b, uint32_t code) {
  static const unsigned lead[] = {[1] = 0, [2] = 0xc0, [3] = 0xe0, [4] = 0xf0};
  size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  char bytes[4];
  for (size_t i = len - 1; i > 0; i--, code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3f));
  bytes[0] = (char)(lead[len] | code);
  buf_add(b, bytes, len);
}

/* Reads what stands behind "\u" at AT, a second escape with it where the first is
 * half of a pair.  Returns where it ends, or NULL. */
static const char *unescape_unicode(struct buf *b, const char *at, const char *end) {
  int32_t code = read_hex4(at, end);
  if (code < 0 || (code >= 0xdc00 && code <= 0xdfff)) return NULL;
  at += 4;
  if (code >= 0xd800 && code <= 0xdbff) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return NULL;
    int32_t low = read_hex4(at + 2, end);
    if (low < 0xdc00 || low > 0xdfff) return NULL;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    at += 6;
  }
  put_utf8(b, (uint32_t)code);
  return at;
}

/* The same for the escape whose backslash is at AT. */
static const char *unescape_one(struct buf *b, const char *at, const char *end) {
  if (end - at < 2) return NULL;
  char c = at[1];
  switch (c) {
  case '"':
  case '\\':
  case '/': break;
  case 'b': c = '\b'; break;
  case 'f': c = '\f'; break;
  case 'n': c = '\n'; break;
  case 'r': c = '\r'; break;
  case 't': c = '\t'; break;
  case 'u': return unescape_unicode(b, at + 2, end);
  default: return NULL;
  }
  buf_add_char(b, c);
  return at + 2;
}

int json_unescape(struct buf *b, struct slice text) {
  if (text.len == 0) return 0;
  const char *at = text.ptr, *end = text.ptr + text.len;
  while (at < end) {
    const char *backslash = memchr(at, '\\', (size_t)(end - at));
    if (!backslash) backslash = end;
    buf_add(b, at, (size_t)(backslash - at));
    if (backslash == end) break;
    at = unescape_one(b, backslash, end);
    if (!at) return -1;
  }
  return 0;
}
