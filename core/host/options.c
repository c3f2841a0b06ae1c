#include "host/options.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/number.h"

#include <stddef.h>

enum kind { TEXT, FLAG, INTEGER };

struct member {
  const char *name;
  enum kind kind;
  size_t at, size;
  int64_t min, max;
};

#define AT(field) offsetof(struct upsert_options, field)
static const struct member members[] = {
    {"stream", TEXT, AT(stream), 512, 0, 0},
    {"key_name", TEXT, AT(key_name), 64, 0, 0},
    {"verb", TEXT, AT(verb), 16, 0, 0},
    {"has_key", FLAG, AT(has_key), 0, 0, 0},
    {"send_all", FLAG, AT(send_all), 0, 0, 0},
    {"wants_objects", FLAG, AT(wants_objects), 0, 0, 0},
    {"wants_all_rejects", FLAG, AT(wants_all_rejects), 0, 0, 0},
    {"wants_drops", FLAG, AT(wants_drops), 0, 0, 0},
    {"dry_run", FLAG, AT(dry_run), 0, 0, 0},
    {"reports_missing", FLAG, AT(reports_missing), 0, 0, 0},
    {"deletes_missing", FLAG, AT(deletes_missing), 0, 0, 0},
    {"missing_limit", INTEGER, AT(missing_limit), 0, 0, 10000},
    {"batch_rows", INTEGER, AT(batch_rows), 0, 1, 10000},
    {"batch_bytes", INTEGER, AT(batch_bytes), 0, 1024, 64 << 20},
    {"concurrency", INTEGER, AT(concurrency), 0, 1, 64},
};

static const struct member *member_named(struct slice name) {
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (slice_is(name, members[i].name)) return &members[i];
  return NULL;
}

static int take_text(char *to, size_t size, struct slice text) {
  struct buf plain = BUF_WITH_LIMIT(size - 1);
  int rc = json_unescape(&plain, text);
  if (rc == 0 && buf_ok(&plain)) {
    memcpy(to, plain.ptr ? plain.ptr : "", plain.len);
    to[plain.len] = '\0';
  } else {
    rc = -1;
  }
  buf_free(&plain);
  return rc;
}

static int take(struct upsert_options *o, const struct member *m, enum json_token token,
                struct slice text) {
  char *to = (char *)o + m->at;
  if (token == JSON_NULL) return 0;
  switch (m->kind) {
  case TEXT: return token == JSON_STRING ? take_text(to, m->size, text) : -1;
  case FLAG:
    if (token != JSON_TRUE && token != JSON_FALSE) return -1;
    *(bool *)to = token == JSON_TRUE;
    return 0;
  case INTEGER:
    return token == JSON_NUMBER ? number_int64(text, m->min, m->max, (int64_t *)(void *)to) : -1;
  }
  return -1;
}

int upsert_options_read(struct upsert_options *o, struct slice json, struct error *err) {
  struct json_scan scan;
  *o = (struct upsert_options){
      .batch_rows = 10000, .batch_bytes = 4 << 20, .concurrency = 4, .missing_limit = 1000};
  json_init(&scan, 4);
  json_feed(&scan, json, true);
  if (json_next(&scan) != JSON_OBJECT_BEGIN) goto wrong;
  for (enum json_token token = json_next(&scan); token != JSON_OBJECT_END;
       token = json_next(&scan)) {
    const struct member *m = token == JSON_KEY ? member_named(scan.text) : NULL;
    if (!m) goto wrong;
    token = json_next(&scan);
    if (take(o, m, token, scan.text)) goto wrong;
    if (m->at == AT(stream) && token == JSON_STRING) o->has_stream = true;
  }
  return 0;
wrong:
  return error_set(err, ERROR_INTERNAL,
                   "the worker asked for an upsert with options that make no sense");
}
