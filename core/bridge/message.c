#include "bridge/message.h"

#include <assert.h>

struct shape {
  const char *name;
  bool to_worker;
  uint8_t numbers, texts;
  bool is_raw;
};

static const struct shape shapes[MESSAGE_KINDS] = {
    [MESSAGE_TASK] = {"task", true, 3, 2, false},
    [MESSAGE_CREDIT] = {"credit", true, 1, 0, false},
    [MESSAGE_REPLY] = {"reply", true, 2, 3, false},
    [MESSAGE_ACKED] = {"acked", true, 2, 1, false},
    [MESSAGE_REFUSED] = {"refused", true, 2, 3, false},
    [MESSAGE_RESULT] = {"result", true, 2, 3, false},
    [MESSAGE_ENTRY] = {"entry", true, 2, 1, false},
    [MESSAGE_ANSWER] = {"answer", true, 4, 4, false},
    [MESSAGE_CALL] = {"call", false, 0, 2, false},
    [MESSAGE_OPEN] = {"open", false, 1, 1, false},
    [MESSAGE_OUTPUT] = {"output", false, 1, 1, false},
    [MESSAGE_UPSERT] = {"upsert", false, 0, 1, false},
    [MESSAGE_FILE] = {"file", false, 0, 1, false},
    [MESSAGE_ROWS] = {"rows", false, 0, 1, true},
    [MESSAGE_REJECT] = {"reject", false, 2, 6, false},
    [MESSAGE_SEEN] = {"seen", false, 0, 1, false},
    [MESSAGE_END] = {"end", false, 2, 0, false},
    [MESSAGE_DROP] = {"drop", false, 1, 0, false},
    [MESSAGE_DONE] = {"done", false, 3, 4, false},
    [MESSAGE_HTTP] = {"http", false, 3, 5, false},
    [MESSAGE_HTTP_PULL] = {"http_pull", false, 1, 0, false},
    [MESSAGE_HTTP_DROP] = {"http_drop", false, 1, 0, false},
};

static void put_u32(char *to, size_t value) {
  uint32_t v = (uint32_t)value;
  memcpy(to, &v, sizeof v);
}

static uint32_t get_u32(const char *from) {
  uint32_t v;
  memcpy(&v, from, sizeof v);
  return v;
}

static size_t payload_size(const struct message *m, const struct shape *shape) {
  if (shape->is_raw) return m->text[0].len;
  size_t size = shape->numbers * sizeof(int64_t);
  for (int i = 0; i < shape->texts; i++) size += sizeof(uint32_t) + m->text[i].len;
  return size;
}

static char *put_text(char *to, struct slice s) {
  put_u32(to, s.len);
  if (s.len) memcpy(to + sizeof(uint32_t), s.ptr, s.len);
  return to + sizeof(uint32_t) + s.len;
}

void message_put_before(struct buf *b, const struct message *m) {
  const struct shape *shape = &shapes[m->kind];
  assert(shape->name);
  size_t size = payload_size(m, shape), numbers_size = shape->numbers * sizeof(int64_t);
  bool has_len = shape->texts && !shape->is_raw;
  char *to = size > FRAME_PAYLOAD_MAX
                 ? NULL
                 : buf_room(b, FRAME_HEAD_SIZE + numbers_size + sizeof(uint32_t));
  if (!to) {
    b->is_failed = true;
    return;
  }
  memset(to, 0, FRAME_HEAD_SIZE);
  put_u32(to, size);
  to[4] = (char)m->kind;
  memcpy(to + FRAME_HEAD_SIZE, m->number, numbers_size);
  if (has_len) put_u32(to + FRAME_HEAD_SIZE + numbers_size, m->text[0].len);
  b->len += FRAME_HEAD_SIZE + numbers_size + (has_len ? sizeof(uint32_t) : 0);
}

void message_put_behind(struct buf *b, const struct message *m) {
  const struct shape *shape = &shapes[m->kind];
  size_t size = 0;
  for (int i = 1; i < shape->texts; i++) size += sizeof(uint32_t) + m->text[i].len;
  char *to = buf_room(b, size);
  if (!to) return;
  for (int i = 1; i < shape->texts; i++) to = put_text(to, m->text[i]);
  b->len += size;
}

void message_put(struct buf *b, const struct message *m) {
  message_put_before(b, m);
  if (shapes[m->kind].texts) buf_add_slice(b, m->text[0]);
  message_put_behind(b, m);
}

int message_head(const char *head, bool to_worker, enum message_kind *kind, size_t *payload_len,
                 struct error *err) {
  unsigned k = (unsigned char)head[4];
  uint32_t len = get_u32(head);
  if (k >= MESSAGE_KINDS || !shapes[k].name || shapes[k].to_worker != to_worker || head[5] ||
      head[6] || head[7])
    return error_set(err, ERROR_INTERNAL, "the bridge got a message of unknown kind %u", k);
  if (len > FRAME_PAYLOAD_MAX)
    return error_set(err, ERROR_INTERNAL, "the bridge got a %s of %u bytes, more than allowed",
                     shapes[k].name, len);
  *kind = (enum message_kind)k;
  *payload_len = len;
  return 0;
}

int message_parse(enum message_kind kind, struct slice payload, struct message *m,
                  struct error *err) {
  const struct shape *shape = &shapes[kind];
  *m = (struct message){.kind = kind};
  if (shape->is_raw) {
    m->text[0] = payload;
    return 0;
  }
  const char *p = payload.ptr, *end = payload.ptr + payload.len;
  for (int i = 0; i < shape->numbers; i++, p += sizeof(int64_t)) {
    if ((size_t)(end - p) < sizeof(int64_t)) goto wrong;
    memcpy(&m->number[i], p, sizeof(int64_t));
  }
  for (int i = 0; i < shape->texts; i++) {
    if ((size_t)(end - p) < sizeof(uint32_t)) goto wrong;
    size_t len = get_u32(p);
    p += sizeof(uint32_t);
    if ((size_t)(end - p) < len) goto wrong;
    m->text[i] = (struct slice){p, len};
    p += len;
  }
  if (p == end) return 0;
wrong:
  return error_set(err, ERROR_INTERNAL, "the bridge got a damaged %s", shape->name);
}

const char *message_name(enum message_kind kind) { return shapes[kind].name; }
