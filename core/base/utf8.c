#include "base/utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <utf8proc.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The length of the character at AT, which is not ASCII, with its code point; 0:
 * no valid one begins there.  The ranges are those of table 3-7 of Unicode. */
static size_t decode(const unsigned char *at, size_t len, uint32_t *code) {
  unsigned lead = at[0], least = 0x80, most = 0xbf; /* of the second byte */
  size_t need = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || len < need) return 0;
  if (lead == 0xe0) least = 0xa0;
  if (lead == 0xed) most = 0x9f;
  if (lead == 0xf0) least = 0x90;
  if (lead == 0xf4) most = 0x8f;
  if (at[1] < least || at[1] > most) return 0;
  uint32_t value = (lead & (0xffu >> (need + 1))) << 6 | (at[1] & 0x3fu);
  for (size_t i = 2; i < need; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
    value = value << 6 | (at[i] & 0x3fu);
  }
  *code = value;
  return need;
}

/* The same for any character; an invalid byte is 1 long and U+FFFD. */
static size_t decode_any(struct slice s, uint32_t *code, bool *is_valid) {
  const unsigned char *at = (const unsigned char *)s.ptr;
  *code = at[0];
  *is_valid = true;
  if (at[0] < 0x80) return 1;
  size_t len = decode(at, s.len, code);
  if (len > 0) return len;
  *is_valid = false;
  *code = 0xfffd;
  return 1;
}

/* The first byte from AT on that is not ASCII, or END. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)(const void *)at));
    if (high != 0) return at + __builtin_ctz((unsigned)high);
  }
#endif
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (at < end && *at < 0x80) at++;
  return at;
}

size_t utf8_check(struct slice s) {
  if (s.len == 0) return 0;
  const unsigned char *begin = (const unsigned char *)s.ptr, *at = begin, *end = begin + s.len;
  while (at < end) {
    if (*at < 0x80) {
      at = skip_ascii(at, end);
      continue;
    }
    uint32_t code;
    size_t len = decode(at, (size_t)(end - at), &code);
    if (len == 0) break;
    at += len;
  }
  return (size_t)(at - begin);
}

static size_t width_of(uint32_t code) {
  int width = utf8proc_charwidth((utf8proc_int32_t)code);
  return width > 0 ? (size_t)width : 0;
}

size_t utf8_width(struct slice s) {
  size_t columns = 0;
  while (s.len > 0) {
    uint32_t code;
    bool is_valid;
    size_t len = decode_any(s, &code, &is_valid);
    columns += width_of(code);
    s = (struct slice){s.ptr + len, s.len - len};
  }
  return columns;
}

size_t utf8_prefix(struct slice s, size_t columns) {
  size_t at = 0, whole = 0, used = 0; /* WHOLE: the end of the last grapheme that fits */
  utf8proc_int32_t state = 0;
  uint32_t last = 0;
  while (at < s.len) {
    uint32_t code;
    bool is_valid;
    size_t len = decode_any((struct slice){s.ptr + at, s.len - at}, &code, &is_valid);
    if (at == 0 ||
        utf8proc_grapheme_break_stateful((utf8proc_int32_t)last, (utf8proc_int32_t)code, &state))
      whole = at;
    used += width_of(code);
    if (used > columns) return whole;
    last = code;
    at += len;
  }
  return s.len;
}

/* ASCII is in NFC, and its folding is lower case, so most text never gets further. */
static bool is_ascii(struct slice s) {
  const unsigned char *begin = (const unsigned char *)s.ptr;
  return s.len == 0 || skip_ascii(begin, begin + s.len) == begin + s.len;
}

static int put_mapped(struct buf *b, struct slice s, unsigned how) {
  utf8proc_uint8_t *mapped = NULL;
  if (s.len > SIZE_MAX / 64) return -1;
  utf8proc_ssize_t len =
      utf8proc_map((const utf8proc_uint8_t *)s.ptr, (utf8proc_ssize_t)s.len, &mapped,
                   (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE | how));
  if (len < 0) return -1;
  buf_add(b, mapped, (size_t)len);
  free(mapped);
  return buf_ok(b) ? 0 : -1;
}

int utf8_nfc(struct buf *b, struct slice s) {
  if (!is_ascii(s)) return put_mapped(b, s, 0);
  buf_add_slice(b, s);
  return buf_ok(b) ? 0 : -1;
}

int utf8_fold(struct buf *b, struct slice s) {
  if (!is_ascii(s)) return put_mapped(b, s, UTF8PROC_CASEFOLD);
  char *to = buf_room(b, s.len);
  if (!to && s.len > 0) return -1;
  for (size_t i = 0; i < s.len; i++)
    to[i] = (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + ('a' - 'A') : s.ptr[i]);
  b->len += s.len;
  return buf_ok(b) ? 0 : -1;
}

static bool is_white(uint32_t code) {
  return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
         code == 0x202f || code == 0x205f || code == 0x3000;
}

/* The length of the white-space character that S ends with, or 0. */
static size_t white_at_end(struct slice s) {
  for (size_t len = 1; len <= 3 && len <= s.len; len++) {
    uint32_t code;
    bool is_valid;
    struct slice last = {s.ptr + s.len - len, len};
    if (decode_any(last, &code, &is_valid) == len && is_white(code)) return len;
  }
  return 0;
}

struct slice utf8_trim(struct slice s) {
  while (s.len > 0) {
    uint32_t code;
    bool is_valid;
    size_t len = decode_any(s, &code, &is_valid);
    if (!is_white(code)) break;
    s = (struct slice){s.ptr + len, s.len - len};
  }
  for (size_t len; (len = white_at_end(s)) > 0;) s.len -= len;
  return s;
}

/* What a terminal obeys or what turns the order of text around: C0, DEL, C1, line
 * and paragraph separators, bidirectional embeddings and isolates. */
static bool is_control(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

void utf8_printable(struct buf *b, struct slice s) {
  while (s.len > 0) {
    uint32_t code;
    bool is_valid;
    size_t len = decode_any(s, &code, &is_valid);
    if (code == '\n') {
      buf_add(b, "\\n", 2);
    } else if (is_valid && !is_control(code)) {
      buf_add(b, s.ptr, len);
    } else {
      for (size_t i = 0; i < len; i++) buf_printf(b, "\\x%02x", (unsigned)(unsigned char)s.ptr[i]);
    }
    s = (struct slice){s.ptr + len, s.len - len};
  }
}
