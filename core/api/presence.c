#include "api/presence.h"

#include "api/answer.h"
#include "api/refusal.h"
#include "base/json_scan.h"

static struct slice trimmed(struct slice s) {
  while (s.len && memchr(" \t\r\n", s.ptr[0], 4)) s.ptr++, s.len--;
  while (s.len && memchr(" \t\r\n", s.ptr[s.len - 1], 4)) s.len--;
  return s;
}

static bool is_refusal(struct slice body) {
  struct refusal refusal;
  refusal_parse(&refusal, body);
  return refusal.is_hoko;
}

/* One value and nothing behind it, so that two partners are not taken for the first. */
static bool is_one_value(struct slice text) {
  struct json_scan json;
  json_init(&json, 64);
  json_feed(&json, text, true);
  for (enum json_token token = json_next(&json); token != JSON_END_OF_VALUE;
       token = json_next(&json))
    if (token == JSON_ERROR || token == JSON_NEED_MORE) return false;
  return json_rest(&json).len == 0;
}

enum presence presence_of(int status, struct slice body, const struct uuid *id) {
  struct row partner;
  struct uuid found;
  if (status == 400) return is_refusal(body) ? PRESENCE_ABSENT : PRESENCE_UNCLEAR;
  if (status != 200) return PRESENCE_UNCLEAR;
  body = trimmed(body);
  if (body.len >= 2 && body.ptr[0] == '[' && body.ptr[body.len - 1] == ']') {
    body = trimmed((struct slice){body.ptr + 1, body.len - 2});
    if (body.len == 0) return PRESENCE_ABSENT;
  }
  if (!is_one_value(body) || answer_object(body, &partner) || !uuid_parse(partner.id, &found))
    return PRESENCE_UNCLEAR;
  return uuid_equal(&found, id) ? PRESENCE_THERE : PRESENCE_UNCLEAR;
}
