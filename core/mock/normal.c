#include "mock/normal.h"

#include "base/utf8.h"

void normal_trim(struct change *list, size_t len) {
  static const enum partner_field fields[] = {PARTNER_NAME, PARTNER_PHONE};
  for (size_t i = 0; i < len; i++)
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
      struct change_text *t = &list[i].field[fields[k]];
      struct slice trimmed = t->state == CHANGE_TEXT ? utf8_trim(t->text) : t->text;
      if (trimmed.len) t->text = trimmed;
    }
}

static int put_lower(struct buf *b, struct slice s) {
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    buf_add_char(b, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
  }
  return 0;
}

/* As it is where it has no digit. */
static int put_digits(struct buf *b, struct slice s) {
  size_t before = b->len;
  for (size_t i = 0; i < s.len; i++)
    if ((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] == '+' && b->len == before))
      buf_add_char(b, s.ptr[i]);
  if (b->len > before && b->ptr[b->len - 1] != '+') return 0;
  b->len = before;
  buf_add_slice(b, s);
  return 0;
}

/* NFC makes at most three times as many bytes of UTF-8 (Unicode Annex 15, 12.3). */
enum { GROWTH_MAX = 3 };

int normal_fold(struct change *list, size_t len, struct buf *text, struct error *err) {
  static int (*const put[PARTNER_FIELDS])(struct buf *, struct slice) = {
      [PARTNER_NAME] = utf8_nfc, [PARTNER_EMAIL] = put_lower, [PARTNER_PHONE] = put_digits};
  size_t sum = 0;
  for (size_t i = 0; i < len; i++)
    for (int f = 0; f < PARTNER_FIELDS; f++) sum += list[i].field[f].text.len;
  *text = BUF_WITH_LIMIT(GROWTH_MAX * sum + 1);
  if (!buf_room(text, text->limit))
    return error_set(err, ERROR_MEMORY, "no memory for the request");
  for (size_t i = 0; i < len; i++)
    for (int f = 0; f < PARTNER_FIELDS; f++) {
      struct change_text *t = &list[i].field[f];
      size_t before = text->len;
      if (t->state != CHANGE_TEXT) continue;
      if (put[f](text, t->text) < 0)
        return error_set(err, ERROR_MEMORY, "no memory for the request");
      t->text = (struct slice){text->ptr + before, text->len - before};
    }
  return 0;
}
