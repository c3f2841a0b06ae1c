#include "base/printable.h"

#include "base/utf8.h"

/* Each byte is shown as four at most, and no more of them than fit are looked at: what
 * a cut there leaves of a character lies behind the cut of the result. */
void printable_copy(char *to, size_t size, struct slice text) {
  struct buf b = BUF_WITH_LIMIT(4 * (size + 4));
  if (text.len > size + 4) text.len = size + 4;
  utf8_printable(&b, text);
  size_t len = buf_ok(&b) ? b.len : 0;
  if (len >= size) {
    len = size - 1;
    while (len > 0 && ((unsigned char)b.ptr[len] & 0xc0) == 0x80) len--;
  }
  if (len > 0) memcpy(to, b.ptr, len);
  to[len] = '\0';
  buf_free(&b);
}
