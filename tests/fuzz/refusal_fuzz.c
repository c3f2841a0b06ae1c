/* Whatever an error body holds, what is kept of it can be printed. */
#include "api/refusal.h"

#include "base/utf8.h"
#include "check.h"

#include <math.h>

static void check_text(const char *text, size_t size) {
  size_t len = strnlen(text, size);
  check(len < size);
  check(utf8_check((struct slice){text, len}) == len);
  for (size_t i = 0; i < len; i++) check((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct refusal r;
  refusal_parse(&r, (struct slice){(const char *)data, len});
  check_text(r.en, sizeof r.en);
  check_text(r.ar, sizeof r.ar);
  check_text(r.plain, sizeof r.plain);
  check(r.scopes_len <= REFUSAL_SCOPES_MAX);
  for (size_t i = 0; i < r.scopes_len; i++) check_text(r.scopes[i], sizeof r.scopes[i]);
  check(!r.has_retry_after || isfinite(r.retry_after_s));
  return 0;
}
