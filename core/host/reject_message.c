#include "host/reject_message.h"

#include "base/json_scan.h"
#include "base/printable.h"
#include "base/utf8.h"

enum { ROW_DEPTH_MAX = 64 };

static struct slice printable(char *to, size_t size, struct slice text) {
  printable_copy(to, size, text);
  return slice_of(to);
}

static bool is_one_line_of_json(struct slice text) {
  struct json_scan scan;
  enum json_token token;
  bool is_whole = false;
  if (!text.len || memchr(text.ptr, '\n', text.len) || memchr(text.ptr, '\r', text.len))
    return false;
  json_init(&scan, ROW_DEPTH_MAX);
  json_feed(&scan, text, true);
  for (token = json_next(&scan); token != JSON_ERROR && token != JSON_NEED_MORE;
       token = json_next(&scan))
    is_whole = token == JSON_END_OF_VALUE;
  return is_whole && token == JSON_NEED_MORE;
}

void reject_message_read(const struct message *m, struct reject_texts *texts, struct reject *out) {
  struct slice key = m->text[3], row = m->text[5];
  bool is_key = key.len <= ROW_KEY_MAX && utf8_check(key) == key.len;
  *out = (struct reject){
      .code = printable(texts->code, sizeof texts->code, m->text[0]),
      .message = printable(texts->message, sizeof texts->message, m->text[1]),
      .field = printable(texts->field, sizeof texts->field, m->text[2]),
      .key = is_key ? key : (struct slice){NULL, 0},
      .file = printable(texts->file, sizeof texts->file, m->text[4]),
      .row = is_one_line_of_json(row) ? row : SLICE("null"),
      .line = m->number[0] > 0 ? m->number[0] : 0,
  };
}
