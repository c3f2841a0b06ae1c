/* hoko.log: a line with its level and fields. */
#include "host/calls_inside.h"

#include "base/json_scan.h"
#include "base/json_text.h"

struct log_call {
  int64_t level;
  struct buf message;
  struct slice fields; /* JSON object, or len 0 */
};

/* The bytes of the value that SCAN is about to read. */
static struct slice value_text(struct json_scan *scan, enum json_token first) {
  const char *from = scan->at - 1;
  unsigned depth = 0;
  enum json_token token = first;
  for (;; token = json_next(scan)) {
    if (token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN) depth++;
    if (token == JSON_OBJECT_END || token == JSON_ARRAY_END) depth--;
    if (depth == 0 || token == JSON_ERROR || token == JSON_NEED_MORE) break;
  }
  return (struct slice){from, (size_t)(scan->at - from)};
}

static int read_log(struct log_call *call, struct slice json) {
  struct json_scan scan;
  json_init(&scan, 64);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN) return -1;
  for (enum json_token token = json_next(&scan); token != JSON_OBJECT_END;
       token = json_next(&scan)) {
    if (token != JSON_KEY) return -1;
    struct slice name = scan.text;
    token = json_next(&scan);
    if (slice_is(name, "level") && token == JSON_NUMBER && scan.text.len == 1)
      call->level = scan.text.ptr[0] - '0';
    else if (slice_is(name, "message") && token == JSON_STRING &&
             json_unescape(&call->message, scan.text) == 0)
      continue;
    else if (slice_is(name, "fields") && token == JSON_OBJECT_BEGIN)
      call->fields = value_text(&scan, token);
    else
      return -1;
  }
  return 0;
}

int call_log(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  struct log_call call = {.message = BUF_WITH_LIMIT(1 << 20)};
  int rc = read_log(&call, json);
  if (rc == 0 && call.level >= LOG_DEBUG && call.level <= LOG_ERROR)
    r->job->events.log(r->job->events.user, (enum log_level)call.level, buf_slice(&call.message),
                       call.fields);
  buf_free(&call.message);
  buf_add_text(&reply->json, "true");
  return rc ? error_set(err, ERROR_INTERNAL, "the worker logged something that is no log line") : 0;
}
