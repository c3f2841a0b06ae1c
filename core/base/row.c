#include "base/row.h"

const char *const row_field_name[ROW_FIELDS] = {"name", "email", "phone"};

static void put_u32(char *to, size_t value) {
  uint32_t v = (uint32_t)value;
  memcpy(to, &v, sizeof v);
}

static uint32_t get_u32(const char *from) {
  uint32_t v;
  memcpy(&v, from, sizeof v);
  return v;
}

size_t row_size(const struct row *r) {
  size_t size = ROW_HEAD_SIZE + r->key.len + r->id.len;
  for (int f = 0; f < ROW_FIELDS; f++) size += r->field[f].len;
  return size;
}

static char *put_slice(char *to, struct slice s) {
  if (s.len) memcpy(to, s.ptr, s.len);
  return to + s.len;
}

void row_put(struct buf *b, const struct row *r) {
  size_t size = row_size(r);
  char *to = buf_room(b, size);
  if (!to) return;
  uint16_t key_len = (uint16_t)r->key.len;
  put_u32(to, size);
  put_u32(to + 4, r->line);
  memcpy(to + 8, &key_len, sizeof key_len);
  to[10] = (char)r->id.len;
  to[11] = 0;
  for (int f = 0; f < ROW_FIELDS; f++) put_u32(to + 12 + 4 * f, r->field[f].len);
  char *p = put_slice(to + ROW_HEAD_SIZE, r->key);
  p = put_slice(p, r->id);
  for (int f = 0; f < ROW_FIELDS; f++) p = put_slice(p, r->field[f]);
  b->len += size;
}

static struct slice take_slice(const char **p, size_t len) {
  struct slice s = {*p, len};
  *p += len;
  return s;
}

bool row_take(struct slice *bytes, struct row *r) {
  if (bytes->len < ROW_HEAD_SIZE) return false;
  const char *head = bytes->ptr;
  uint16_t key_len;
  memcpy(&key_len, head + 8, sizeof key_len);
  uint64_t size = get_u32(head), id_len = (unsigned char)head[10];
  uint64_t sum = (uint64_t)ROW_HEAD_SIZE + key_len + id_len;
  for (int f = 0; f < ROW_FIELDS; f++) sum += get_u32(head + 12 + 4 * f);
  if (size != sum || size > bytes->len || (id_len != 0 && id_len != 36)) return false;
  const char *p = head + ROW_HEAD_SIZE;
  r->line = get_u32(head + 4);
  r->key = take_slice(&p, key_len);
  r->id = take_slice(&p, (size_t)id_len);
  for (int f = 0; f < ROW_FIELDS; f++) r->field[f] = take_slice(&p, get_u32(head + 12 + 4 * f));
  bytes->ptr += size;
  bytes->len -= (size_t)size;
  return true;
}

struct row row_merged(const struct row *under, const struct row *over) {
  struct row r = *over;
  if (!r.key.len) r.key = under->key;
  if (!r.id.len) r.id = under->id;
  for (int f = 0; f < ROW_FIELDS; f++)
    if (!r.field[f].len) r.field[f] = under->field[f];
  return r;
}
