#include "base/utf8_form.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <utf8proc.h>

/* The next character of *s, which is valid and not empty; *s moves behind it. */
static utf8proc_int32_t take(struct slice *s) {
  utf8proc_int32_t code;
  utf8proc_ssize_t len =
      utf8proc_iterate((const utf8proc_uint8_t *)s->ptr, (utf8proc_ssize_t)s->len, &code);
  if (len <= 0) len = 1; /* S is valid, so only a mistake of the caller comes here */
  *s = (struct slice){s->ptr + len, s->len - (size_t)len};
  return code;
}

static void put(struct buf *b, utf8proc_int32_t code) {
  utf8proc_uint8_t bytes[4];
  if (code < 0x80)
    buf_add_char(b, (char)code);
  else
    buf_add(b, bytes, (size_t)utf8proc_encode_char(code, bytes));
}

static bool is_white(utf8proc_int32_t code) {
  if (code <= 0x20) return code == 0x20 || (code >= 0x09 && code <= 0x0d);
  if (code < 0x85) return false;
  utf8proc_category_t category = utf8proc_category(code);
  return code == 0x85 || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

int utf8_form_lower(struct buf *b, struct slice s) {
  while (s.len) put(b, utf8proc_tolower(take(&s)));
  return buf_ok(b) ? 0 : -1;
}

static int put_mapped(struct buf *b, struct slice s, int options) {
  utf8proc_uint8_t *mapped = NULL;
  if (s.len > SIZE_MAX / 64) return -1;
  utf8proc_ssize_t len =
      utf8proc_map((const utf8proc_uint8_t *)s.ptr, (utf8proc_ssize_t)s.len, &mapped,
                   (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                       UTF8PROC_IGNORE | options));
  if (len < 0) return -1;
  buf_add(b, mapped, (size_t)len);
  free(mapped);
  return buf_ok(b) ? 0 : -1;
}

int utf8_form_loose(struct buf *b, struct slice s) { return put_mapped(b, s, UTF8PROC_COMPOSE); }

int utf8_form_squeeze(struct buf *b, struct slice s) {
  bool is_between = false;
  for (s = utf8_trim(s); s.len;) {
    utf8proc_int32_t code = take(&s);
    if (is_white(code)) {
      is_between = true;
      continue;
    }
    if (is_between) buf_add_char(b, ' ');
    is_between = false;
    put(b, code);
  }
  return buf_ok(b) ? 0 : -1;
}

enum slug_part { SLUG_KEEP, SLUG_DROP, SLUG_BREAK };

/* Accents leave Latin letters only: elsewhere a mark may make another letter (й, أ). */
static bool is_dropped_mark(utf8proc_int32_t code, utf8proc_int32_t before) {
  if (code >= 0x0300 && code <= 0x036f) return before >= 'a' && before <= 'z';
  return (code >= 0x064b && code <= 0x0652) || code == 0x0670; /* Arabic vowel signs */
}

static enum slug_part slug_part(utf8proc_int32_t code, utf8proc_int32_t before) {
  if (code == '\'' || code == 0x2019 || code == 0x02bc || code == 0x0640)
    return SLUG_DROP; /* apostrophes, tatweel */
  switch (utf8proc_category(code)) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_NO: return SLUG_KEEP;
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME: return is_dropped_mark(code, before) ? SLUG_DROP : SLUG_KEEP;
  default: return SLUG_BREAK;
  }
}

/* DECOMPOSED is folded, with its marks apart. */
static void put_slug(struct buf *b, struct slice decomposed) {
  utf8proc_int32_t before = 0;
  bool is_between = false;
  size_t begin = b->len;
  while (decomposed.len) {
    utf8proc_int32_t code = take(&decomposed);
    enum slug_part part = slug_part(code, before);
    if (part == SLUG_DROP) continue;
    before = code;
    if (part == SLUG_BREAK) {
      is_between = true;
      continue;
    }
    if (is_between && b->len > begin) buf_add_char(b, '-');
    is_between = false;
    put(b, code);
  }
}

int utf8_form_slug(struct buf *b, struct slice s) {
  struct buf decomposed = BUF_WITH_LIMIT(b->limit), slug = BUF_WITH_LIMIT(b->limit);
  int rc = put_mapped(&decomposed, s, UTF8PROC_DECOMPOSE);
  if (rc == 0) put_slug(&slug, buf_slice(&decomposed));
  if (!buf_ok(&slug)) rc = -1;
  if (rc == 0) rc = utf8_nfc(b, buf_slice(&slug));
  buf_free(&decomposed);
  buf_free(&slug);
  return rc;
}
