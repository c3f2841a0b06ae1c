#include "api/refusal.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/printable.h"

#include <math.h>
#include <stdlib.h>

enum {
  DEPTH_MAX = 32,
  TEXT_READ_MAX = 4 << 10, /* of one string; REFUSAL_TEXT_SIZE of it is kept */
};

/* The string just read, into TO. */
static void put_string(char *to, size_t size, const struct json_scan *json) {
  struct slice text = json->text;
  struct buf decoded = BUF_WITH_LIMIT(TEXT_READ_MAX);
  if (json->has_escape) {
    if (text.len > TEXT_READ_MAX) text.len = TEXT_READ_MAX;
    if (json_unescape(&decoded, text) != 0) buf_add_text(&decoded, "\xef\xbf\xbd"); /* U+FFFD */
    text = buf_slice(&decoded);
  }
  printable_copy(to, size, text);
  buf_free(&decoded);
}

/* Reads on behind the value that FIRST began; false: the text ends or is wrong inside it. */
static bool skip_value(struct json_scan *json, enum json_token first) {
  if (first != JSON_OBJECT_BEGIN && first != JSON_ARRAY_BEGIN) return first != JSON_ERROR;
  for (unsigned depth = json->depth; json->depth >= depth;)
    if (json_next(json) == JSON_ERROR) return false;
  return true;
}

static bool take_error(struct refusal *r, struct json_scan *json, enum json_token first) {
  if (first == JSON_STRING) put_string(r->plain, sizeof r->plain, json);
  if (first != JSON_OBJECT_BEGIN) return skip_value(json, first);
  enum json_token token;
  while ((token = json_next(json)) == JSON_KEY) {
    char *to = slice_is(json->text, "en") ? r->en : slice_is(json->text, "ar") ? r->ar : NULL;
    token = json_next(json);
    if (to && token == JSON_STRING) {
      put_string(to, REFUSAL_TEXT_SIZE, json);
      r->is_hoko = true;
    }
    if (!skip_value(json, token)) return false;
  }
  return token == JSON_OBJECT_END;
}

static bool take_scopes(struct refusal *r, struct json_scan *json, enum json_token first) {
  if (first != JSON_ARRAY_BEGIN) return skip_value(json, first);
  enum json_token token;
  while ((token = json_next(json)) != JSON_ARRAY_END) {
    if (token == JSON_STRING && r->scopes_len < REFUSAL_SCOPES_MAX)
      put_string(r->scopes[r->scopes_len++], REFUSAL_SCOPE_SIZE, json);
    if (!skip_value(json, token)) return false;
  }
  return true;
}

/* TEXT whole as a decimal number; inf, nan and hexadecimals are none. */
static bool read_number(struct slice text, double *out) {
  char digits[64], *end;
  if (text.len == 0 || text.len >= sizeof digits) return false;
  memcpy(digits, text.ptr, text.len);
  digits[text.len] = '\0';
  if (strspn(digits, "+-.0123456789eE") < text.len) return false;
  double value = strtod(digits, &end);
  if (end == digits || *end != '\0' || !isfinite(value)) return false;
  *out = value;
  return true;
}

static bool take_retry_after(struct refusal *r, struct json_scan *json, enum json_token first) {
  if (first == JSON_NUMBER || first == JSON_STRING)
    r->has_retry_after = read_number(json->text, &r->retry_after_s);
  return skip_value(json, first);
}

/* Reads the outermost object as far as it is whole: the body may be cut. */
static void take_members(struct refusal *r, struct json_scan *json) {
  if (json_next(json) != JSON_OBJECT_BEGIN) return;
  bool goes_on = true;
  while (goes_on && json_next(json) == JSON_KEY) {
    struct slice key = json->text;
    enum json_token token = json_next(json);
    if (slice_is(key, "error")) {
      goes_on = take_error(r, json, token);
    } else if (slice_is(key, "missingScopes")) {
      goes_on = take_scopes(r, json, token);
    } else if (slice_is(key, "retryAfter")) {
      goes_on = take_retry_after(r, json, token);
    } else {
      goes_on = skip_value(json, token);
    }
  }
}

/* The beginning of a page or text, its white space squeezed. */
static void put_plain(struct refusal *r, struct slice body) {
  char text[REFUSAL_TEXT_SIZE + 4]; /* a character cut here is cut off there */
  size_t len = 0;
  for (size_t i = 0; i < body.len && len < sizeof text; i++) {
    bool is_blank = memchr(" \t\r\n", body.ptr[i], 4) != NULL;
    if (!is_blank) {
      text[len++] = body.ptr[i];
    } else if (len > 0 && text[len - 1] != ' ') {
      text[len++] = ' ';
    }
  }
  while (len > 0 && text[len - 1] == ' ') len--;
  printable_copy(r->plain, sizeof r->plain, (struct slice){text, len});
}

void refusal_parse(struct refusal *r, struct slice body) {
  struct json_scan json;
  *r = (struct refusal){0};
  json_init(&json, DEPTH_MAX);
  json_feed(&json, body, true);
  take_members(r, &json);
  if (!r->is_hoko && !r->plain[0]) put_plain(r, body);
}

const char *refusal_text(const struct refusal *r, bool is_arabic) {
  const char *first = is_arabic ? r->ar : r->en, *second = is_arabic ? r->en : r->ar;
  if (*first) return first;
  return *second ? second : r->plain;
}
