/* What is read is within its range; a whole number is written as it was read. */
#include "base/number.h"
#include "base/uuid.h"

#include "check.h"

static void check_int64(struct slice text) {
  struct buf b = BUF_WITH_LIMIT(100);
  int64_t n, back;
  if (number_int64(text, INT64_MIN, INT64_MAX, &n) != 0) return;
  buf_printf(&b, "%lld", (long long)n);
  check(number_int64(buf_slice(&b), n, n, &back) == 0 && back == n);
  buf_clear(&b);
  number_put_grouped(&b, n);
  number_put_duration(&b, n);
  number_put_size(&b, n);
  check(buf_ok(&b));
  buf_free(&b);
}

static void check_uuid(struct slice text) {
  struct uuid id, same;
  char written[UUID_TEXT_LEN];
  if (!uuid_parse(text, &id)) return;
  uuid_format(&id, written);
  check(uuid_parse((struct slice){written, sizeof written}, &same) && uuid_equal(&id, &same));
  check(strncasecmp(written, text.ptr, sizeof written) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct slice text = {(const char *)data, len};
  int64_t n;
  check_int64(text);
  check_uuid(text);
  if (number_duration_ms(text, &n) == 0) check(n >= 0 && n <= INT64_C(864000000000));
  if (number_size_bytes(text, &n) == 0) check(n >= 0 && n < INT64_C(1) << 53);
  return 0;
}
