#include "base/number.h"

#include <inttypes.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

int number_int64(struct slice s, int64_t min, int64_t max, int64_t *out) {
  bool is_negative = s.len > 0 && s.ptr[0] == '-';
  size_t i = is_negative ? 1 : 0;
  int64_t n = 0; /* the number's negative, since INT64_MIN has no positive */
  if (i == s.len) return -1;
  for (; i < s.len; i++) {
    if (!is_digit(s.ptr[i])) return -1;
    if (__builtin_mul_overflow(n, 10, &n)) return -1;
    if (__builtin_sub_overflow(n, s.ptr[i] - '0', &n)) return -1;
  }
  if (!is_negative && __builtin_sub_overflow(0, n, &n)) return -1;
  if (n < min || n > max) return -1;
  *out = n;
  return 0;
}

struct unit {
  const char *name;
  int64_t factor;
};

/* A whole number with the name of one of UNITS behind it, at most MAX. */
static int parse_with_unit(struct slice s, const struct unit *units, size_t units_len, int64_t max,
                           int64_t *out) {
  size_t digits = 0;
  int64_t n;
  while (digits < s.len && is_digit(s.ptr[digits])) digits++;
  if (number_int64((struct slice){s.ptr, digits}, 0, max, &n) != 0) return -1;
  struct slice rest = {s.ptr + digits, s.len - digits};
  for (size_t i = 0; i < units_len; i++) {
    if (!slice_is(rest, units[i].name)) continue;
    if (n > max / units[i].factor) return -1;
    *out = n * units[i].factor;
    return 0;
  }
  return -1;
}

int number_duration_ms(struct slice s, int64_t *out) {
  static const struct unit units[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
  return parse_with_unit(s, units, sizeof units / sizeof units[0], INT64_C(10000) * 86400000, out);
}

int number_size_bytes(struct slice s, int64_t *out) {
  static const struct unit units[] = {
      {"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}};
  return parse_with_unit(s, units, sizeof units / sizeof units[0], (INT64_C(1) << 53) - 1, out);
}

void number_put_grouped(struct buf *b, int64_t n) {
  char text[32];
  size_t at = sizeof text, digits = 0;
  uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
  do {
    if (digits > 0 && digits % 3 == 0) text[--at] = ',';
    text[--at] = (char)('0' + rest % 10);
    rest /= 10;
    digits++;
  } while (rest > 0);
  if (n < 0) text[--at] = '-';
  buf_add(b, text + at, sizeof text - at);
}

/* TENTHS of UNIT: "2.5 s", "2 s". */
static void put_tenths(struct buf *b, uint64_t tenths, const char *unit) {
  buf_printf(b, "%" PRIu64, tenths / 10);
  if (tenths % 10 != 0) buf_printf(b, ".%" PRIu64, tenths % 10);
  buf_printf(b, " %s", unit);
}

/* COUNT of the smaller unit, PER of which make the larger: "3 min 20 s", "3 min". */
static void put_pair(struct buf *b, uint64_t count, uint64_t per, const char *large,
                     const char *small) {
  buf_printf(b, "%" PRIu64 " %s", count / per, large);
  if (count % per != 0) buf_printf(b, " %" PRIu64 " %s", count % per, small);
}

void number_put_duration(struct buf *b, int64_t ms) {
  uint64_t n = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
  uint64_t tenths = (n + 50) / 100, seconds = (n + 500) / 1000, minutes = (n + 30000) / 60000;
  if (ms < 0) buf_add_char(b, '-');
  if (n < 1000) {
    buf_printf(b, "%" PRIu64 " ms", n);
  } else if (tenths < 600) {
    put_tenths(b, tenths, "s");
  } else if (seconds < 3600) {
    put_pair(b, seconds, 60, "min", "s");
  } else {
    put_pair(b, minutes, 60, "h", "min");
  }
}

void number_put_size(struct buf *b, int64_t bytes) {
  static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  uint64_t n = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;
  if (bytes < 0) buf_add_char(b, '-');
  if (n < 1024) {
    buf_printf(b, "%" PRIu64 " B", n);
    return;
  }
  size_t i = 0;
  uint64_t tenths = n / 1024 * 10 + (n % 1024 * 10 + 512) / 1024;
  for (; tenths >= 10240 && i + 1 < sizeof unit / sizeof unit[0]; i++)
    tenths = (tenths + 512) / 1024;
  put_tenths(b, tenths, unit[i]);
}
