/* Reads what export.c writes.  All lines are one transaction, so one that is wrong
 * leaves the state as it was. */
#include "state/handle.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "state/key_index.h"
#include "state/partner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINE_LIMIT = 1 << 20, READ_STEP = 256 * 1024, STREAMS_MAX = 64 };

enum member { STREAM, BASE_URL, KEY, ID, NAME, EMAIL, PHONE, SENT_AT, GONE, MEMBERS };
static const char *const member_name[MEMBERS] = {"stream", "base_url", "key",     "id",  "name",
                                                 "email",  "phone",    "sent_at", "gone"};

/* What a line says: text as the string stands for it; of the fields, JSON. */
struct line {
  struct slice text[MEMBERS];
  bool is_gone;
  struct uuid id;
  int64_t sent_at_ms;
};

struct import {
  struct state *s;
  const char *name;
  int64_t lines;      /* read so far, with the one that is read */
  struct buf text;    /* scratch */
  struct arena arena; /* of the line */
  struct stream *opened[STREAMS_MAX];
  size_t opened_len;
};

static int refuse(const struct import *m, const char *reason, struct error *err) {
  error_set(err, ERROR_DATA, "%s, line %" PRId64 ": %s", m->name, m->lines, reason);
  return error_hint(err, "a line of `hoko state export` is wanted; nothing was imported");
}

/* ---- one line ---- */

/* The member's text, unescaped; a field again as JSON in the form that rows have. */
static int keep_text(struct import *m, enum member member, struct slice text, struct slice *to,
                     struct error *err) {
  struct buf json = BUF_WITH_LIMIT(LINE_LIMIT);
  bool is_field = member == NAME || member == EMAIL || member == PHONE;
  buf_clear(&m->text);
  if (json_unescape(&m->text, text) != 0) return refuse(m, "a string is damaged", err);
  if (is_field) json_put_string(&json, buf_slice(&m->text));
  bool fits = buf_ok(&m->text) && buf_ok(&json) &&
              arena_copy(&m->arena, is_field ? buf_slice(&json) : buf_slice(&m->text), to);
  buf_free(&json);
  return fits ? 0 : error_set(err, ERROR_MEMORY, "no memory to import %s", m->name);
}

static int read_value(struct import *m, struct json_scan *scan, enum member member,
                      struct line *line, struct error *err) {
  switch (json_next(scan)) {
  case JSON_STRING:
    if (member == GONE) break;
    return keep_text(m, member, scan->text, &line->text[member], err);
  case JSON_NULL:
    if (member != NAME && member != EMAIL && member != PHONE) break;
    line->text[member] = SLICE("null");
    return 0;
  case JSON_TRUE:
    if (member != GONE) break;
    line->is_gone = true;
    return 0;
  case JSON_FALSE:
    if (member != GONE) break;
    return 0;
  case JSON_NEED_MORE:
  case JSON_OBJECT_BEGIN:
  case JSON_OBJECT_END:
  case JSON_ARRAY_BEGIN:
  case JSON_ARRAY_END:
  case JSON_KEY:
  case JSON_NUMBER:
  case JSON_END_OF_VALUE:
  case JSON_ERROR: break;
  }
  return refuse(m, "a value is of the wrong type", err);
}

static enum member member_of(struct slice name) {
  enum member i = STREAM;
  while (i < MEMBERS && !slice_is(name, member_name[i])) i++;
  return i;
}

static int parse_line(struct import *m, struct slice bytes, struct line *line, struct error *err) {
  struct json_scan scan;
  *line = (struct line){0};
  json_init(&scan, 2);
  json_feed(&scan, bytes, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN) return refuse(m, "it is no JSON object", err);
  enum json_token token;
  while ((token = json_next(&scan)) == JSON_KEY) {
    enum member member = member_of(scan.text);
    if (member == MEMBERS) return refuse(m, "it has an unknown member", err);
    if (read_value(m, &scan, member, line, err) != 0) return -1;
  }
  if (token != JSON_OBJECT_END || json_next(&scan) != JSON_END_OF_VALUE || json_rest(&scan).len > 0)
    return refuse(m, "it is no JSON object", err);
  if (!line->text[STREAM].len || !line->text[BASE_URL].len || !line->text[KEY].len)
    return refuse(m, "stream, base_url or key is missing", err);
  if (line->text[KEY].len > ROW_KEY_MAX) return refuse(m, "its key is too long", err);
  if (!uuid_parse(line->text[ID], &line->id)) return refuse(m, "id is no UUID", err);
  if (line->text[SENT_AT].len && clock_parse(line->text[SENT_AT], &line->sent_at_ms) != 0)
    return refuse(m, "sent_at is no time", err);
  return 0;
}

/* ---- all of them ---- */

static struct stream *find_opened(const struct import *m, const struct line *line) {
  for (size_t i = 0; i < m->opened_len; i++) {
    struct stream *st = m->opened[i];
    if (slice_is(line->text[STREAM], st->name) && slice_is(line->text[BASE_URL], st->base_url))
      return st;
  }
  return NULL;
}

static struct stream *open_stream(struct import *m, const struct line *line, struct error *err) {
  struct stream_options o = {.name = line->text[STREAM],
                             .base_url = line->text[BASE_URL],
                             .script = SLICE("hoko state import")};
  struct stream *st;
  if (m->opened_len == STREAMS_MAX) {
    refuse(m, "it is of the 65th stream", err);
    return NULL;
  }
  if (stream_open(&st, m->s, &o, err) != 0 || stream_refresh(st, err) != 0) return NULL;
  return m->opened[m->opened_len++] = st;
}

static int take_line(struct import *m, struct slice bytes, struct error *err) {
  struct line line;
  m->lines++;
  arena_clear(&m->arena);
  if (parse_line(m, bytes, &line, err) != 0) return -1;
  struct stream *st = find_opened(m, &line);
  if (!st && !(st = open_stream(m, &line, err))) return -1;
  struct ack ack = {.key = line.text[KEY],
                    .id = line.id,
                    .field = {line.text[NAME], line.text[EMAIL], line.text[PHONE]},
                    .sent_at_ms = line.sent_at_ms,
                    .why = WHY_IMPORTED};
  if (partner_acknowledge(st, &ack, 1, 0, err) != 0) return -1;
  if (line.is_gone && partner_mark_gone(st, &ack.seq, 1, err) != 0) return -1;
  return key_index_is_due(st) ? key_index_write(st, err) : 0;
}

/* The whole lines in BYTES, which keeps the begun one. */
static int take_lines(struct import *m, struct buf *bytes, struct error *err) {
  struct slice rest = buf_slice(bytes);
  const char *end;
  while (rest.len > 0 && (end = memchr(rest.ptr, '\n', rest.len))) {
    struct slice line = {rest.ptr, (size_t)(end - rest.ptr)};
    if (take_line(m, line, err) != 0) return -1;
    rest = (struct slice){end + 1, rest.len - line.len - 1};
  }
  buf_drop(bytes, bytes->len - rest.len);
  return 0;
}

static int take_file(struct import *m, int fd, struct buf *bytes, struct error *err) {
  for (;;) {
    char *to = buf_room(bytes, READ_STEP);
    if (!to) return refuse(m, "the next line is too long", err);
    ssize_t got = read(fd, to, READ_STEP);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error_errno(err, ERROR_STATE, errno, "reading %s", m->name);
    if (got == 0) return bytes->len > 0 ? take_line(m, buf_slice(bytes), err) : 0;
    bytes->len += (size_t)got;
    if (take_lines(m, bytes, err) != 0) return -1;
  }
}

static int import_all(struct import *m, int fd, struct error *err) {
  struct buf bytes = BUF_WITH_LIMIT(LINE_LIMIT + READ_STEP);
  if (state_begin_write(m->s, err) != 0) return -1;
  int result = take_file(m, fd, &bytes, err);
  if (result == 0)
    result = db_commit(&m->s->db, err);
  else
    db_rollback(&m->s->db);
  /* After a rollback what is counted in memory is wrong, and a new stream is none. */
  for (size_t i = 0; i < m->opened_len && result != 0; i++) key_index_forget(m->opened[i]);
  buf_free(&bytes);
  return result;
}

int state_import(struct state *s, int fd, const char *name, int64_t *rows, struct error *err) {
  struct import m = {.s = s, .name = name};
  m.text = BUF_WITH_LIMIT(LINE_LIMIT);
  m.arena = ARENA_WITH_LIMIT(8 * LINE_LIMIT);
  int result = import_all(&m, fd, err);
  *rows = result == 0 ? m.lines : 0;
  while (m.opened_len > 0) stream_close(m.opened[--m.opened_len]);
  arena_free(&m.arena);
  buf_free(&m.text);
  return result;
}
