#include "mock/change.h"
#include "mock/email.h"

#include "base/clock.h"
#include "base/json_text.h"

#include <stdlib.h>

enum { DEPTH_MAX = 8, FIRST_CAP = 64 };

enum member { MEMBER_ID, MEMBER_NAME, MEMBER_EMAIL, MEMBER_PHONE, MEMBER_CREATED, MEMBER_UPDATED };

static const struct {
  const char *name;
  bool is_load_only;
} members[] = {
    [MEMBER_ID] = {"id", false},
    [MEMBER_NAME] = {"name", false},
    [MEMBER_EMAIL] = {"email", false},
    [MEMBER_PHONE] = {"phone", false},
    [MEMBER_CREATED] = {"createdAt", true},
    [MEMBER_UPDATED] = {"updatedAt", true},
};
enum { MEMBERS = sizeof members / sizeof *members };

static int no_memory(struct error *err) {
  return error_set(err, ERROR_MEMORY, "no memory for the request");
}

/* One object being read. */
struct reading {
  struct change_reader *reader;
  struct buf *text;
  struct change *to;
  struct error *err;
};

static int refuse(struct reading *r, const char *why) {
  return error_set(r->err, ERROR_DATA, "row %zu: %s", r->reader->rows + 1, why);
}

static int refuse_json(const struct json_scan *s, enum json_token got, struct error *err) {
  const char *why = got == JSON_ERROR ? s->reason : "a wrong type";
  return error_set(err, ERROR_DATA, "line %llu column %llu: %s", (unsigned long long)json_line(s),
                   (unsigned long long)json_column(s), why);
}

/* The scanned string's text without escapes, in *out. */
static int read_text(struct reading *r, struct slice *out) {
  const struct json_scan *scan = &r->reader->scan;
  *out = scan->text;
  if (!scan->has_escape) return 0;
  /* Unescaped text is never longer than escaped, so room for what is left of the
   * body is room enough for all that comes, and texts stay where they are. */
  if (!r->text->len && !buf_room(r->text, json_rest(scan).len + out->len)) return no_memory(r->err);
  size_t before = r->text->len;
  if (json_unescape(r->text, scan->text) < 0)
    return refuse(r, "a wrong escape or a lone surrogate");
  *out = (struct slice){r->text->ptr + before, r->text->len - before};
  return 0;
}

static int read_id(struct reading *r, struct slice text) {
  r->to->has_id = uuid_parse(text, &r->to->id);
  return r->to->has_id ? 0 : refuse(r, "id is no UUID");
}

static int read_time(struct reading *r, struct slice text, int64_t *seconds) {
  int64_t wall_ms;
  if (clock_parse(text, &wall_ms) < 0) return refuse(r, "a time is not in ISO 8601");
  *seconds = wall_ms / 1000;
  return 0;
}

static int read_string(struct reading *r, enum member m) {
  struct slice text;
  if (read_text(r, &text) < 0) return -1;
  if (text.len == 0) return refuse(r, "an empty string");
  if (memchr(text.ptr, '\0', text.len)) return refuse(r, "a NUL in a string");
  switch (m) {
  case MEMBER_ID: return read_id(r, text);
  case MEMBER_CREATED: return read_time(r, text, &r->to->created_s);
  case MEMBER_UPDATED: return read_time(r, text, &r->to->updated_s);
  case MEMBER_EMAIL:
    if (!email_is_valid(text)) return refuse(r, "email is no e-mail address");
    break;
  case MEMBER_NAME:
  case MEMBER_PHONE: break;
  }
  r->to->field[m - MEMBER_NAME] = (struct change_text){CHANGE_TEXT, text};
  return 0;
}

static int read_value(struct reading *r, enum member m) {
  enum json_token got = json_next(&r->reader->scan);
  if (got == JSON_STRING) return read_string(r, m);
  if (got == JSON_ERROR) return refuse_json(&r->reader->scan, got, r->err);
  if (got != JSON_NULL) return refuse(r, "a value is no string");
  if (r->reader->kind == CHANGE_CREATE) return refuse(r, "null in a create");
  if (m != MEMBER_EMAIL && m != MEMBER_PHONE)
    return refuse(r, "null for a member that needs a value");
  r->to->field[m - MEMBER_NAME].state = CHANGE_NULL;
  return 0;
}

/* The member that the scanned key names, or -1. */
static int find_member(struct reading *r) {
  struct slice name;
  bool is_load = r->reader->kind == CHANGE_LOAD;
  if (read_text(r, &name) < 0) return -1;
  for (int i = 0; i < MEMBERS; i++)
    if (slice_is(name, members[i].name) && (is_load || !members[i].is_load_only)) return i;
  return refuse(r, "an unknown member");
}

static int check_whole(struct reading *r) {
  enum change_kind kind = r->reader->kind;
  if (r->to->has_id && kind == CHANGE_CREATE) return refuse(r, "an id in a create");
  if (r->to->has_id && kind == CHANGE_UPSERT) return 0;
  if (r->to->field[PARTNER_NAME].state == CHANGE_TEXT) return 0;
  return refuse(r, "a create without name");
}

/* Behind the object's brace. */
static int read_object(struct reading *r) {
  bool seen[MEMBERS] = {false};
  enum json_token got;
  *r->to = (struct change){0};
  while ((got = json_next(&r->reader->scan)) == JSON_KEY) {
    int m = find_member(r);
    if (m < 0) return -1;
    if (seen[m]) return refuse(r, "a member stands twice");
    seen[m] = true;
    if (read_value(r, (enum member)m) < 0) return -1;
  }
  if (got != JSON_OBJECT_END) return refuse_json(&r->reader->scan, got, r->err);
  return check_whole(r);
}

/* LIST with room for one more of SIZE bytes behind LEN; NULL: no memory, LIST stays. */
static void *grown(void *list, size_t len, size_t *cap, size_t size) {
  if (len < *cap) return list;
  size_t more = *cap ? *cap * 2 : FIRST_CAP;
  void *bigger = realloc(list, more * size);
  if (bigger) *cap = more;
  return bigger;
}

static int read_begin(struct json_scan *s, struct slice body, struct error *err) {
  json_init(s, DEPTH_MAX);
  json_feed(s, body, true);
  enum json_token got = json_next(s);
  if (got == JSON_ARRAY_BEGIN) return 0;
  if (got == JSON_ERROR) return refuse_json(s, got, err);
  return error_set(err, ERROR_DATA, got == JSON_NEED_MORE ? "no body" : "the body is no array");
}

/* GOT is what came where an item or the array's bracket was due. */
static int read_end(struct json_scan *s, enum json_token got, struct error *err) {
  if (got != JSON_ARRAY_END) return refuse_json(s, got, err);
  got = json_next(s);
  if (got != JSON_END_OF_VALUE) return refuse_json(s, got, err);
  if (json_next(s) == JSON_NEED_MORE) return 0; /* nothing but blanks is left */
  return error_set(err, ERROR_DATA, "more behind the array");
}

void changes_free(struct changes *c) {
  free(c->list);
  buf_free(&c->text);
  *c = (struct changes){0};
}

int change_reader_begin(struct change_reader *r, enum change_kind kind, struct slice body,
                        struct error *err) {
  *r = (struct change_reader){.kind = kind};
  return read_begin(&r->scan, body, err);
}

int change_reader_next(struct change_reader *r, struct changes *c, struct error *err) {
  c->len = 0;
  c->text.limit = json_rest(&r->scan).len;
  buf_clear(&c->text);
  while (c->len < CHANGES_MAX) {
    enum json_token got = json_next(&r->scan);
    if (got != JSON_OBJECT_BEGIN) {
      r->is_done = true;
      return read_end(&r->scan, got, err);
    }
    struct change *list = grown(c->list, c->len, &c->cap, sizeof *list);
    if (!list) return no_memory(err);
    c->list = list;
    struct reading reading = {r, &c->text, &list[c->len], err};
    if (read_object(&reading) < 0) return -1;
    c->len++;
    r->rows++;
  }
  return 0;
}

int changes_parse(struct changes *c, enum change_kind kind, struct slice body, struct error *err) {
  struct change_reader r;
  *c = (struct changes){0};
  if (change_reader_begin(&r, kind, body, err) < 0) return -1;
  if (change_reader_next(&r, c, err) < 0) return -1;
  if (c->len == 0) return error_set(err, ERROR_DATA, "an empty array");
  if (r.is_done) return 0;
  enum json_token got = json_next(&r.scan);
  if (got == JSON_OBJECT_BEGIN)
    return error_set(err, ERROR_DATA, "more than %d items", CHANGES_MAX);
  return read_end(&r.scan, got, err);
}

void ids_free(struct ids *ids) {
  free(ids->list);
  *ids = (struct ids){0};
}

int ids_parse(struct ids *ids, struct slice body, struct error *err) {
  struct json_scan scan;
  enum json_token got;
  *ids = (struct ids){0};
  if (read_begin(&scan, body, err) < 0) return -1;
  while ((got = json_next(&scan)) == JSON_STRING) {
    if (ids->len == CHANGES_MAX)
      return error_set(err, ERROR_DATA, "more than %d items", CHANGES_MAX);
    struct uuid *list = grown(ids->list, ids->len, &ids->cap, sizeof *list);
    if (!list) return no_memory(err);
    ids->list = list;
    if (!uuid_parse(scan.text, &ids->list[ids->len]))
      return error_set(err, ERROR_DATA, "row %zu: an id is no UUID", ids->len + 1);
    ids->len++;
  }
  if (got == JSON_ARRAY_END && ids->len == 0) return error_set(err, ERROR_DATA, "an empty array");
  return read_end(&scan, got, err);
}
