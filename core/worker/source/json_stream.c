#include "worker/source/json_stream.h"

#include <limits.h>

void json_stream_init(struct json_stream *s, struct bytes *bytes, unsigned depth_max) {
  *s = (struct json_stream){.bytes = bytes};
  json_init(&s->scan, depth_max);
  json_feed(&s->scan, (struct slice){bytes->at, 0}, false);
}

static int place(const struct json_stream *s, struct error *err) {
  uint64_t line = json_line(&s->scan);
  err->line = line < INT_MAX ? (int)line : INT_MAX;
  return -1;
}

static int more(struct json_stream *s, struct error *err) {
  struct bytes *b = s->bytes;
  b->at = b->end - json_rest(&s->scan).len;
  enum bytes_got got = bytes_more(b, err);
  if (got == BYTES_FULL)
    error_set(err, ERROR_DATA, "a string is longer than %d MiB", JSON_STREAM_TOKEN_MAX >> 20);
  if (got == BYTES_FULL || got == BYTES_FAILED) return place(s, err);
  json_feed(&s->scan, (struct slice){b->at, (size_t)(b->end - b->at)}, got == BYTES_END);
  return 0;
}

enum json_token json_stream_next(struct json_stream *s, struct error *err) {
  for (;;) {
    enum json_token token = json_next(&s->scan);
    if (token == JSON_ERROR) {
      error_set(err, ERROR_DATA, "column %llu: %s", (unsigned long long)json_column(&s->scan),
                s->scan.reason);
      (void)place(s, err);
    }
    if (token != JSON_NEED_MORE || s->scan.is_final) return token;
    if (more(s, err)) return JSON_ERROR;
  }
}

int json_stream_skip(struct json_stream *s, enum json_token token, struct error *err) {
  for (unsigned open = 0;;) {
    if (token == JSON_ERROR) return -1;
    if (token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN) open++;
    if (token == JSON_OBJECT_END || token == JSON_ARRAY_END) open--;
    if (open == 0) return 0;
    token = json_stream_next(s, err);
  }
}
