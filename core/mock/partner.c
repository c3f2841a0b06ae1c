#include "mock/partner.h"

#include "base/json_text.h"

static void format_second(int64_t wall_s, int64_t *last_s, char text[CLOCK_TEXT_SIZE]) {
  if (*last_s == wall_s) return;
  *last_s = wall_s;
  clock_format(wall_s * 1000, text);
  memcpy(strchr(text, '.'), "Z", sizeof "Z"); /* Hoko shows whole seconds */
}

static void put_id(struct buf *b, const struct uuid *id) {
  char text[UUID_TEXT_LEN];
  uuid_format(id, text);
  buf_add_char(b, '"');
  buf_add(b, text, sizeof text);
  buf_add_char(b, '"');
}

static void put_quoted(struct buf *b, const char *text) {
  buf_add_char(b, '"');
  buf_add_text(b, text);
  buf_add_char(b, '"');
}

void partner_writer_begin(struct partner_writer *w, struct buf *to) {
  *w = (struct partner_writer){.to = to, .created.wall_s = INT64_MIN, .updated.wall_s = INT64_MIN};
  buf_add_char(to, '[');
}

void partner_write(struct partner_writer *w, const struct partner *p) {
  static const char *const member[] = {",\"name\":", ",\"email\":", ",\"phone\":"};
  format_second(p->created_s, &w->created.wall_s, w->created.text);
  format_second(p->updated_s, &w->updated.wall_s, w->updated.text);
  buf_add_text(w->to, w->len++ ? ",{\"id\":" : "{\"id\":");
  put_id(w->to, &p->id);
  for (int f = 0; f < PARTNER_FIELDS; f++) {
    buf_add_text(w->to, member[f]);
    if (p->text[f].ptr)
      json_put_string(w->to, p->text[f]);
    else
      buf_add_text(w->to, "null");
  }
  buf_add_text(w->to, ",\"createdAt\":");
  put_quoted(w->to, w->created.text);
  buf_add_text(w->to, ",\"updatedAt\":");
  put_quoted(w->to, w->updated.text);
  buf_add_char(w->to, '}');
}

void partner_writer_end(struct partner_writer *w) { buf_add_char(w->to, ']'); }
