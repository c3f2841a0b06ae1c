/* Offsets stay within the text and between characters; what is made is valid. */
#include "base/utf8.h"

#include "check.h"

enum { LIMIT = 1 << 24 };

static void check_mapping(int (*map)(struct buf *, struct slice), struct slice text) {
  struct buf once = BUF_WITH_LIMIT(LIMIT);
  check(map(&once, text) == 0);
  check(utf8_check(buf_slice(&once)) == once.len);
  buf_free(&once);
}

static void check_nfc_is_stable(struct slice text) {
  struct buf once = BUF_WITH_LIMIT(LIMIT), twice = BUF_WITH_LIMIT(LIMIT);
  check(utf8_nfc(&once, text) == 0 && utf8_nfc(&twice, buf_slice(&once)) == 0);
  check(slice_equal(buf_slice(&once), buf_slice(&twice)));
  buf_free(&once);
  buf_free(&twice);
}

static void check_printable(struct slice text) {
  struct buf b = BUF_WITH_LIMIT(LIMIT);
  utf8_printable(&b, text);
  check(buf_ok(&b) && utf8_check(buf_slice(&b)) == b.len);
  for (size_t i = 0; i < b.len; i++) check((unsigned char)b.ptr[i] >= 0x20 && b.ptr[i] != 0x7f);
  buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len < 1) return 0;
  struct slice text = {(const char *)data + 1, len - 1};
  size_t valid = utf8_check(text), columns = data[0] % 16;
  check(valid <= text.len);
  size_t prefix = utf8_prefix(text, columns);
  check(prefix <= text.len && utf8_width((struct slice){text.ptr, prefix}) <= columns);
  if (valid == text.len) check(utf8_check((struct slice){text.ptr, prefix}) == prefix);
  struct slice trimmed = utf8_trim(text);
  check(trimmed.len <= text.len && slice_equal(utf8_trim(trimmed), trimmed));
  check_printable(text);
  check_mapping(utf8_nfc, (struct slice){text.ptr, valid});
  check_mapping(utf8_fold, (struct slice){text.ptr, valid});
  check_nfc_is_stable((struct slice){text.ptr, valid});
  return 0;
}
