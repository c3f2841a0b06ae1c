#include "worker/bind/phone.h"

#include <ctype.h>

enum { DIGITS_MAX = 15, RAW_MAX = 32, ABROAD_MIN = 8, FIRST_NUMBER_MIN = 5 };

/* The value of the digit that begins at AT, with its length; -1: none begins there. */
static int digit_at(const char *at, const char *end, size_t *len) {
  unsigned char c = (unsigned char)at[0];
  *len = 1;
  if (c < 0x80) return c >= '0' && c <= '9' ? c - '0' : -1;
  unsigned char second = end - at > 1 ? (unsigned char)at[1] : 0,
                third = end - at > 2 ? (unsigned char)at[2] : 0;
  *len = 2;
  if (c == 0xd9 && second >= 0xa0 && second <= 0xa9) return second - 0xa0; /* U+0660 to U+0669 */
  if (c == 0xdb && second >= 0xb0 && second <= 0xb9) return second - 0xb0; /* U+06F0 to U+06F9 */
  *len = 3;
  if (c == 0xef && second == 0xbc && third >= 0x90 && third <= 0x99)
    return third - 0x90; /* U+FF10 to U+FF19 */
  *len = 1;
  return -1;
}

size_t phone_digits(char *to, struct slice text) {
  size_t n = 0, len;
  for (const char *at = text.ptr, *end = at + text.len; at < end; at += len) {
    int digit = digit_at(at, end, &len);
    if (digit >= 0) to[n++] = (char)('0' + digit);
  }
  return n;
}

struct dialled {
  char digit[RAW_MAX];
  size_t len;
  bool is_abroad; /* a plus stands before the first digit */
};

/* What begins an extension or another number, once there is a number. */
static bool is_behind(char c) { return c != '\0' && strchr("/,;#xXeE|", c); }

static bool read_dialled(struct slice text, struct dialled *d) {
  size_t len;
  *d = (struct dialled){.len = 0};
  for (const char *at = text.ptr, *end = at + text.len; at < end; at += len) {
    int digit = digit_at(at, end, &len);
    if (digit < 0 && d->len >= FIRST_NUMBER_MIN && is_behind(*at)) break;
    if (digit < 0 && *at == '+' && d->len > 0) return false;
    if (digit < 0 && *at == '+') d->is_abroad = true;
    if (digit < 0) continue;
    if (d->len == RAW_MAX) return false;
    d->digit[d->len++] = (char)('0' + digit);
  }
  return true;
}

static bool begins(struct slice digits, const char *prefix) {
  size_t len = strlen(prefix);
  return len > 0 && digits.len > len && memcmp(digits.ptr, prefix, len) == 0;
}

static struct slice behind(struct slice digits, size_t len) {
  return (struct slice){digits.ptr + len, digits.len - len};
}

static bool is_national(const struct phone_country *c, struct slice n) {
  if (n.len < c->min || n.len > c->max) return false;
  if (n.ptr[0] == '0') return c->plan == PHONE_KEEPS_ZERO;
  return c->plan != PHONE_NANP || (n.ptr[0] >= '2' && n.ptr[3] >= '2');
}

/* Leaves the national number in *n: without its trunk prefix where one was written. */
static bool take_national(const struct phone_country *c, struct slice *n) {
  struct slice bare = begins(*n, c->trunk) ? behind(*n, strlen(c->trunk)) : *n;
  bool is_bare = bare.len < n->len && is_national(c, bare);
  if (is_bare && !(c->trunk[0] != '0' && is_national(c, *n))) *n = bare;
  return is_national(c, *n);
}

static bool put(char to[PHONE_SIZE], struct slice code, struct slice national) {
  if (code.len + national.len > DIGITS_MAX) return false;
  to[0] = '+';
  memcpy(to + 1, code.ptr, code.len);
  memcpy(to + 1 + code.len, national.ptr, national.len);
  to[1 + code.len + national.len] = '\0';
  return true;
}

/* DIGITS begin with a country's code: HOME's, or another's. */
static bool read_abroad(struct slice digits, const struct phone_country *home,
                        char to[PHONE_SIZE]) {
  size_t n = 1;
  const struct phone_country *c = home;
  if (!begins(digits, home->code)) c = phone_countries(&n);
  for (; n > 0; n--, c++) {
    if (!begins(digits, c->code)) continue;
    struct slice national = behind(digits, strlen(c->code));
    return take_national(c, &national) && put(to, slice_of(c->code), national);
  }
  bool can_be = digits.len >= ABROAD_MIN && digits.len <= DIGITS_MAX && digits.ptr[0] != '0';
  return can_be && put(to, (struct slice){"", 0}, digits);
}

/* What HOME dials before a country's code. */
static const char *exit_prefix(const struct phone_country *home) {
  if (home->plan == PHONE_NANP) return "011";
  return strcmp(home->iso, "AU") == 0 ? "0011" : "00";
}

bool phone_read(struct slice text, const struct phone_country *home, char to[PHONE_SIZE]) {
  struct dialled d;
  if (!read_dialled(text, &d) || d.len == 0) return false;
  struct slice digits = {d.digit, d.len}, national = digits;
  if (d.is_abroad) return read_abroad(begins(digits, "00") ? behind(digits, 2) : digits, home, to);
  if (begins(digits, exit_prefix(home)))
    return read_abroad(behind(digits, strlen(exit_prefix(home))), home, to);
  if (begins(digits, "00")) return read_abroad(behind(digits, 2), home, to);
  if (take_national(home, &national)) return put(to, slice_of(home->code), national);
  return begins(digits, home->code) && read_abroad(digits, home, to);
}

const struct phone_country *phone_country(struct slice iso) {
  size_t n;
  const struct phone_country *c = phone_countries(&n);
  for (; n > 0 && iso.len == 2; n--, c++)
    if (toupper((unsigned char)iso.ptr[0]) == c->iso[0] &&
        toupper((unsigned char)iso.ptr[1]) == c->iso[1])
      return c;
  return NULL;
}
