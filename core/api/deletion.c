#include "api/deletion.h"

#include "base/json_scan.h"

enum { DEPTH_MAX = 16 };

void deletion_put(struct buf *body, const struct uuid *ids, size_t len) {
  buf_add_char(body, '[');
  for (size_t i = 0; i < len; i++) {
    char id[UUID_TEXT_LEN];
    uuid_format(&ids[i], id);
    buf_add_text(body, i ? ",\"" : "\"");
    buf_add(body, id, sizeof id);
    buf_add_char(body, '"');
  }
  buf_add_char(body, ']');
}

/* Reads on behind the value that TOKEN began. */
static void skip_value(struct json_scan *json, enum json_token token) {
  while (json->depth > 1 && token != JSON_ERROR) token = json_next(json);
}

static int read_ids(struct json_scan *json, struct uuid *to, size_t cap, size_t *len) {
  enum json_token token = json_next(json);
  if (token != JSON_ARRAY_BEGIN) return -1;
  while ((token = json_next(json)) == JSON_STRING)
    if (*len == cap || !uuid_parse(json->text, &to[(*len)++])) return -1;
  return token == JSON_ARRAY_END ? 0 : -1;
}

int deletion_read(struct slice body, struct uuid *to, size_t cap, size_t *len) {
  struct json_scan json;
  bool is_there = false;
  enum json_token token;
  *len = 0;
  json_init(&json, DEPTH_MAX);
  json_feed(&json, body, true);
  if (json_next(&json) != JSON_OBJECT_BEGIN) return -1;
  while ((token = json_next(&json)) == JSON_KEY) {
    if (!is_there && slice_is(json.text, "deletedIds")) {
      is_there = true;
      if (read_ids(&json, to, cap, len)) return -1;
    } else {
      skip_value(&json, json_next(&json));
    }
  }
  bool is_whole = token == JSON_OBJECT_END && json_next(&json) == JSON_END_OF_VALUE;
  return is_there && is_whole ? 0 : -1;
}
