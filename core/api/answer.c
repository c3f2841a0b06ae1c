#include "api/answer.h"

#include "base/json_scan.h"
#include "base/json_text.h"

#include <assert.h>
#include <stdlib.h>

enum {
  DEPTH_MAX = 64,        /* array and object are the first two */
  TOKEN_MAX = 256 << 10, /* bytes of one token that comes in pieces */
  STEP_MIN = 4 << 10,
  PARTNERS_FIRST = 64,
};

/* The members that count; the first three as in enum row_field. */
enum member { MEMBER_ID = ROW_FIELDS, MEMBER_OTHER };

enum place { AT_START, IN_ARRAY, IN_OBJECT, AT_VALUE, IN_OTHER, BEHIND };

struct answer_scan {
  struct answer_options options;
  struct json_scan json;
  enum place place;
  enum member member; /* whose value comes, AT_VALUE */
  unsigned seen;      /* one bit a member of the object that is open */
  const char *copied; /* with keeps_text: what of the open object is in text already */
  struct buf carry;   /* the token that the bytes ended in */
  size_t rescan_len;  /* how much carry must hold before it is worth another look */
  struct buf decoded;
  size_t partners_cap;
};

static const char no_memory[] = "there is no memory for it";

static void fail(struct answer *a, const char *reason) {
  a->state = ANSWER_WRONG;
  a->reason = reason;
}

static enum member member_of(struct slice key) {
  switch (key.len) {
  case 2: return slice_is(key, "id") ? MEMBER_ID : MEMBER_OTHER;
  case 4: return slice_is(key, "name") ? (enum member)ROW_NAME : MEMBER_OTHER;
  case 5:
    if (slice_is(key, "email")) return (enum member)ROW_EMAIL;
    return slice_is(key, "phone") ? (enum member)ROW_PHONE : MEMBER_OTHER;
  default: return MEMBER_OTHER;
  }
}

/* The member that the key just read names; its text may be escaped. */
static enum member member_of_key(const struct json_scan *json, struct buf *decoded) {
  if (!json->has_escape) return member_of(json->text);
  buf_clear(decoded);
  if (json_unescape(decoded, json->text) != 0 || !buf_ok(decoded)) return MEMBER_OTHER;
  return member_of(buf_slice(decoded));
}

/* 0 is kept for null and absent. */
static uint64_t hash_text(const struct hash_key *key, struct slice text) {
  uint64_t hash = hash_slice(key, text);
  return hash ? hash : 1;
}

static void begin_partner(struct answer *a) {
  struct answer_scan *scan = a->scan;
  if (a->partners_len == scan->options.partners_max) {
    fail(a, "it holds more partners than were asked for");
    return;
  }
  if (a->partners_len == scan->partners_cap) {
    size_t cap = scan->partners_cap ? 2 * scan->partners_cap : PARTNERS_FIRST;
    struct answer_partner *more = realloc(a->partners, cap * sizeof *more);
    if (!more) {
      fail(a, no_memory);
      return;
    }
    a->partners = more;
    scan->partners_cap = cap;
  }
  a->partners[a->partners_len] = (struct answer_partner){.text_at = (uint32_t)a->text.len};
  scan->seen = 0;
  scan->place = IN_OBJECT;
  if (scan->options.keeps_text) scan->copied = scan->json.at - 1;
}

/* Brings text up to the last byte read. */
static void copy_text(struct answer *a) {
  struct answer_scan *scan = a->scan;
  buf_add(&a->text, scan->copied, (size_t)(scan->json.at - scan->copied));
  scan->copied = scan->json.at;
  if (!buf_ok(&a->text)) fail(a, no_memory);
}

static void end_partner(struct answer *a) {
  struct answer_scan *scan = a->scan;
  struct answer_partner *p = &a->partners[a->partners_len];
  if (!(scan->seen & 1u << MEMBER_ID)) {
    fail(a, "a partner in it has no id");
    return;
  }
  if (scan->copied) copy_text(a);
  scan->copied = NULL;
  p->text_len = (uint32_t)a->text.len - p->text_at;
  a->partners_len++;
  scan->place = IN_ARRAY;
}

static void take_key(struct answer *a) {
  struct answer_scan *scan = a->scan;
  scan->member = member_of_key(&scan->json, &scan->decoded);
  scan->place = AT_VALUE;
  if (scan->member == MEMBER_OTHER) return;
  if (scan->seen & 1u << scan->member) fail(a, "a partner in it has a member twice");
  scan->seen |= 1u << scan->member;
}

static void take_field(struct answer *a, enum json_token token) {
  struct answer_scan *scan = a->scan;
  struct slice text = scan->json.text;
  scan->place = IN_OBJECT;
  if (token == JSON_NULL) return; /* its hash stays 0 */
  if (token != JSON_STRING) {
    fail(a, "a name, email or phone in it is neither a string nor null");
    return;
  }
  if (scan->json.has_escape) {
    buf_clear(&scan->decoded);
    bool is_text = json_unescape(&scan->decoded, text) == 0;
    if (!is_text || !buf_ok(&scan->decoded)) {
      fail(a, is_text ? no_memory : "a string in it holds half of a surrogate pair");
      return;
    }
    text = buf_slice(&scan->decoded);
  }
  a->partners[a->partners_len].field_hash[scan->member] = hash_text(&scan->options.key, text);
}

static void take_value(struct answer *a, enum json_token token) {
  struct answer_scan *scan = a->scan;
  if (scan->member == MEMBER_OTHER) {
    bool is_nested = token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN;
    scan->place = is_nested ? IN_OTHER : IN_OBJECT;
  } else if (scan->member == MEMBER_ID) {
    scan->place = IN_OBJECT;
    if (token != JSON_STRING || !uuid_parse(scan->json.text, &a->partners[a->partners_len].id))
      fail(a, "an id in it is no UUID");
  } else {
    take_field(a, token);
  }
}

static void take_token(struct answer *a, enum json_token token) {
  struct answer_scan *scan = a->scan;
  switch (scan->place) {
  case AT_START:
    if (token != JSON_ARRAY_BEGIN) fail(a, "it is no JSON array");
    scan->place = IN_ARRAY;
    break;
  case IN_ARRAY:
    if (token == JSON_OBJECT_BEGIN) {
      begin_partner(a);
    } else if (token == JSON_ARRAY_END) {
      scan->place = BEHIND;
    } else {
      fail(a, "it holds something else than partners");
    }
    break;
  case IN_OBJECT:
    if (token == JSON_KEY) {
      take_key(a);
    } else {
      end_partner(a);
    }
    break;
  case AT_VALUE: take_value(a, token); break;
  case IN_OTHER:
    if (scan->json.depth == 2) scan->place = IN_OBJECT;
    break;
  case BEHIND: break; /* JSON_END_OF_VALUE */
  }
}

/* Reads BYTES as far as they hold whole tokens; returns the rest. */
static struct slice take_tokens(struct answer *a, struct slice bytes, bool is_final) {
  struct answer_scan *scan = a->scan;
  json_feed(&scan->json, bytes, is_final);
  if (scan->copied) scan->copied = bytes.ptr;
  while (a->state == ANSWER_OPEN) {
    enum json_token token = json_next(&scan->json);
    if (token == JSON_NEED_MORE) break;
    if (token == JSON_ERROR) {
      fail(a, scan->place == BEHIND     ? "there is more behind its array"
              : scan->place == AT_START ? "it is no JSON"
                                        : scan->json.reason);
    } else {
      take_token(a, token);
    }
  }
  if (scan->copied && a->state == ANSWER_OPEN) copy_text(a);
  return json_rest(&scan->json);
}

/* Keeps REST, the token that is not whole yet, which may point into carry.  It is
 * looked at again when it has doubled, so a long one costs no square of its length. */
static void carry_rest(struct answer *a, struct slice rest) {
  struct buf *carry = &a->scan->carry;
  if (carry->len > 0) {
    buf_drop(carry, carry->len - rest.len);
  } else {
    buf_add_slice(carry, rest);
  }
  a->scan->rescan_len = rest.len < STEP_MIN ? rest.len + 1 : 2 * rest.len;
  if (!buf_ok(carry)) fail(a, "a string in it is too long");
}

/* Completes the carried token with the first of BYTES; returns what is not needed for it. */
static struct slice complete_carry(struct answer *a, struct slice bytes) {
  struct buf *carry = &a->scan->carry;
  while (carry->len > 0 && bytes.len > 0 && a->state == ANSWER_OPEN) {
    size_t step = carry->len < STEP_MIN ? STEP_MIN : carry->len;
    if (step > bytes.len) step = bytes.len;
    buf_add(carry, bytes.ptr, step);
    bytes = (struct slice){bytes.ptr + step, bytes.len - step};
    if (!buf_ok(carry)) {
      fail(a, "a string in it is too long");
    } else if (carry->len >= a->scan->rescan_len) {
      struct slice rest = take_tokens(a, buf_slice(carry), false);
      if (rest.len > step) {
        carry_rest(a, rest);
      } else {
        bytes = (struct slice){bytes.ptr - rest.len, bytes.len + rest.len};
        buf_clear(carry);
      }
    }
  }
  return bytes;
}

int answer_init(struct answer *a, const struct answer_options *options, struct error *err) {
  *a = (struct answer){0};
  a->scan = calloc(1, sizeof *a->scan);
  if (!a->scan) return error_set(err, ERROR_MEMORY, "no memory for an answer");
  a->scan->options = *options;
  if (a->scan->options.bytes_max > UINT32_MAX) a->scan->options.bytes_max = UINT32_MAX;
  a->scan->carry = BUF_WITH_LIMIT(TOKEN_MAX);
  a->scan->decoded = BUF_WITH_LIMIT(a->scan->options.bytes_max);
  a->text = BUF_WITH_LIMIT(a->scan->options.bytes_max);
  answer_reset(a);
  return 0;
}

void answer_free(struct answer *a) {
  if (!a->scan) return;
  buf_free(&a->scan->carry);
  buf_free(&a->scan->decoded);
  buf_free(&a->text);
  free(a->partners);
  free(a->scan);
  *a = (struct answer){0};
}

void answer_reset(struct answer *a) {
  struct answer_scan *scan = a->scan;
  a->state = ANSWER_OPEN;
  a->reason = NULL;
  a->partners_len = 0;
  a->bytes = 0;
  buf_clear(&a->text);
  buf_clear(&scan->carry);
  json_init(&scan->json, DEPTH_MAX);
  scan->place = AT_START;
  scan->copied = NULL;
}

void answer_keep_text(struct answer *a, bool keeps_text) {
  a->scan->options.keeps_text = keeps_text;
}

bool answer_feed(struct answer *a, struct slice bytes) {
  if (a->state != ANSWER_OPEN) return false;
  a->bytes += bytes.len;
  if (a->bytes > a->scan->options.bytes_max) fail(a, "it is longer than an answer can be");
  bytes = complete_carry(a, bytes);
  if (a->state == ANSWER_OPEN && bytes.len > 0) {
    struct slice rest = take_tokens(a, bytes, false);
    if (a->state == ANSWER_OPEN && rest.len > 0) carry_rest(a, rest);
  }
  return a->state == ANSWER_OPEN;
}

void answer_end(struct answer *a) {
  if (a->state != ANSWER_OPEN) return;
  (void)take_tokens(a, buf_slice(&a->scan->carry), true); /* at the end there is no rest */
  if (a->state != ANSWER_OPEN) return;
  if (a->scan->place == BEHIND) {
    a->state = ANSWER_COMPLETE;
  } else {
    fail(a, "it is empty");
  }
}

uint64_t answer_hash_field(const struct hash_key *key, struct slice json) {
  char decoded[6 * ROW_FIELD_MAX + 2];
  if (json.len == 0 || row_is_null(json)) return 0;
  assert(json.len >= 2 && json.len <= sizeof decoded);
  struct slice text = {json.ptr + 1, json.len - 2};
  if (!memchr(text.ptr, '\\', text.len)) return hash_text(key, text);
  struct buf b = {.ptr = decoded, .cap = sizeof decoded, .limit = sizeof decoded};
  if (json_unescape(&b, text) != 0) return hash_text(key, text); /* equals nothing received */
  return hash_text(key, buf_slice(&b));
}

static int put_member(struct row *out, enum member member, enum json_token token,
                      struct json_scan *json) {
  struct slice piece = {json->text.ptr - 1, json->text.len + 2};
  struct uuid id;
  if (member == MEMBER_OTHER) return 0;
  if (member == MEMBER_ID) {
    out->id = json->text;
    return token == JSON_STRING && uuid_parse(json->text, &id) ? 0 : -1;
  }
  if (token == JSON_NULL) piece = (struct slice){json->at - 4, 4};
  out->field[member] = piece;
  return token == JSON_STRING || token == JSON_NULL ? 0 : -1;
}

int answer_object(struct slice object, struct row *out) {
  struct json_scan json;
  char name[64]; /* a longer one is none of ours */
  *out = (struct row){0};
  json_init(&json, DEPTH_MAX);
  json_feed(&json, object, true);
  if (json_next(&json) != JSON_OBJECT_BEGIN) return -1;
  while (json_next(&json) == JSON_KEY) {
    struct buf decoded = {.ptr = name, .cap = sizeof name, .limit = sizeof name};
    enum member member = member_of_key(&json, &decoded);
    enum json_token token = json_next(&json);
    if (put_member(out, member, token, &json) != 0) return -1;
    while (json.depth > 1 && token != JSON_ERROR) token = json_next(&json);
  }
  return json_next(&json) == JSON_END_OF_VALUE && out->id.len > 0 ? 0 : -1;
}
