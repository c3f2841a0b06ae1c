#include "mock/email.h"

enum { EMAIL_MAX = 254, LOCAL_MAX = 64, LABEL_MAX = 63 }; /* RFC 5321, 4.5.3.1; RFC 1035, 2.3.4 */

static bool is_letter_or_digit(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static bool is_local(struct slice s) {
  if (s.len == 0 || s.len > LOCAL_MAX || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.') return false;
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.ptr[i];
    if (c == '.' && s.ptr[i + 1] == '.') return false; /* the last byte is no dot */
    if (!is_letter_or_digit(c) && !(c && strchr(".!#$%&'*+-/=?^_`{|}~", c))) return false;
  }
  return true;
}

static bool is_label(struct slice s) {
  if (s.len == 0 || s.len > LABEL_MAX || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-') return false;
  for (size_t i = 0; i < s.len; i++)
    if (!is_letter_or_digit((unsigned char)s.ptr[i]) && s.ptr[i] != '-') return false;
  return true;
}

static bool is_domain(struct slice s) {
  size_t labels = 0;
  for (;;) {
    const char *dot = s.len ? memchr(s.ptr, '.', s.len) : NULL;
    struct slice label = {s.ptr, dot ? (size_t)(dot - s.ptr) : s.len};
    if (!is_label(label)) return false;
    labels++;
    if (!dot) return labels >= 2;
    s = (struct slice){dot + 1, s.len - label.len - 1};
  }
}

bool email_is_valid(struct slice s) {
  const char *at = s.len && s.len <= EMAIL_MAX ? memchr(s.ptr, '@', s.len) : NULL;
  if (!at) return false;
  size_t local_len = (size_t)(at - s.ptr);
  return is_local((struct slice){s.ptr, local_len}) &&
         is_domain((struct slice){at + 1, s.len - local_len - 1});
}
