/* A head of any bytes leaves printable texts and numbers that are -1 or more. */
#include "net/headers.h"

#include "base/utf8.h"
#include "check.h"

#include <math.h>

static void check_text(const char *text, size_t size) {
  size_t len = strnlen(text, size);
  check(len < size);
  check(utf8_check((struct slice){text, len}) == len);
  for (size_t i = 0; i < len; i++) check((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_number(double number) { check(isfinite(number) && number >= -1); }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const char *at = (const char *)data, *end = at + len;
  struct headers h;
  headers_reset(&h);
  while (at < end) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    if (!line_end) line_end = end;
    headers_line(&h, (struct slice){at, (size_t)(line_end - at)}, INT64_C(1764000000000));
    at = line_end + 1;
  }
  check(h.status >= 0 && h.status <= 999);
  check_text(h.content_type, sizeof h.content_type);
  check_text(h.location, sizeof h.location);
  check_number(h.limits.limit);
  check_number(h.limits.remaining);
  check_number(h.limits.reset);
  check_number(h.limits.retry_after_s);
  return 0;
}
