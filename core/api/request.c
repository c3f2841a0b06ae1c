#include "api/request.h"

#include <assert.h>

static struct slice key_of(enum row_field f) {
  static const struct slice key[ROW_FIELDS] = {[ROW_NAME] = {"\"name\":", 7},
                                               [ROW_EMAIL] = {"\"email\":", 8},
                                               [ROW_PHONE] = {"\"phone\":", 8}};
  return key[f];
}

static bool is_sent(struct slice field, bool is_create) {
  return field.len > 0 && !(is_create && row_is_null(field));
}

static char *put(char *to, struct slice s) {
  memcpy(to, s.ptr, s.len);
  return to + s.len;
}

size_t request_row_size(const struct row *row, bool is_create) {
  size_t size = 3, members = 0; /* comma and braces */
  if (!is_create) {
    size += SLICE("\"id\":\"\"").len + row->id.len;
    members++;
  }
  for (enum row_field f = 0; f < ROW_FIELDS; f++) {
    if (!is_sent(row->field[f], is_create)) continue;
    size += key_of(f).len + row->field[f].len;
    members++;
  }
  return size + (members > 1 ? members - 1 : 0);
}

void request_put_row(struct buf *body, const struct row *row, bool is_create, bool is_first) {
  size_t size = request_row_size(row, is_create) - is_first;
  char *begin = buf_room(body, size), *to = begin;
  if (!to) return;
  if (!is_first) *to++ = ',';
  *to++ = '{';
  if (!is_create) {
    to = put(to, SLICE("\"id\":\""));
    to = put(to, row->id);
    *to++ = '"';
  }
  for (enum row_field f = 0; f < ROW_FIELDS; f++) {
    if (!is_sent(row->field[f], is_create)) continue;
    if (to[-1] != '{') *to++ = ',';
    to = put(to, key_of(f));
    to = put(to, row->field[f]);
  }
  *to++ = '}';
  assert((size_t)(to - begin) == size);
  body->len += size;
}
