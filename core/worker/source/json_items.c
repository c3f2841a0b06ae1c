#include "worker/source/json_items.h"

#include "base/json_text.h"

#include <limits.h>

enum { KEY_MAX = 64 << 10 };

void json_items_init(struct json_items *j, struct bytes *bytes, const struct json_path *path,
                     unsigned depth_max) {
  *j = (struct json_items){.path = path, .key = BUF_WITH_LIMIT(KEY_MAX)};
  json_stream_init(&j->stream, bytes, depth_max);
}

void json_items_free(struct json_items *j) { buf_free(&j->key); }

static int fail(const struct json_items *j, struct error *err) {
  uint64_t line = json_line(&j->stream.scan);
  err->line = line < INT_MAX ? (int)line : INT_MAX;
  return -1;
}

static const char *kind_of(enum json_token token) {
  switch (token) {
  case JSON_OBJECT_BEGIN: return "an object";
  case JSON_STRING: return "a string";
  case JSON_NUMBER: return "a number";
  case JSON_NULL: return "null";
  default: return "true or false";
  }
}

static int not_an_array(const struct json_items *j, enum json_token token, struct error *err) {
  error_set(err, ERROR_DATA, "%s is %s, not an array", j->path->text, kind_of(token));
  if (j->path->len == 0)
    error_hint(err, "name where the rows are: hoko.json(path, { at = \"$.items\" })");
  return fail(j, err);
}

/* The value that begins with TOKEN is where LEVEL parts lead to: goes into it if it
 * can hold the next part, else passes over it. */
static int enter(struct json_items *j, size_t level, enum json_token token, struct error *err) {
  if (level == j->path->len) {
    if (token != JSON_ARRAY_BEGIN) return not_an_array(j, token, err);
    j->is_found = j->is_in_items = true;
    return 0;
  }
  bool is_named = j->path->part[level].kind == JSON_PATH_NAME;
  if (token != (is_named ? JSON_OBJECT_BEGIN : JSON_ARRAY_BEGIN))
    return json_stream_skip(&j->stream, token, err);
  j->level = level + 1;
  j->index[level] = 0;
  return 0;
}

/* Whether the key that was read is the one that PART names. */
static bool is_key(struct json_items *j, const struct json_path_part *part) {
  const struct json_scan *scan = &j->stream.scan;
  if (!scan->has_escape) return slice_equal(scan->text, part->name);
  buf_clear(&j->key);
  return json_unescape(&j->key, scan->text) == 0 && buf_ok(&j->key) &&
         slice_equal(buf_slice(&j->key), part->name);
}

/* One member or element of the container at the present level. */
static int step(struct json_items *j, enum json_token token, struct error *err) {
  const struct json_path_part *part = &j->path->part[j->level - 1];
  bool is_on_path = part->kind == JSON_PATH_EACH;
  if (token == JSON_KEY) {
    is_on_path = is_key(j, part);
    token = json_stream_next(&j->stream, err);
    if (token == JSON_ERROR) return -1;
  } else if (part->kind == JSON_PATH_INDEX) {
    is_on_path = j->index[j->level - 1]++ == part->index;
  }
  return is_on_path ? enter(j, j->level, token, err) : json_stream_skip(&j->stream, token, err);
}

/* The file's value is complete: nothing may follow, and the path must have led somewhere. */
static int end(struct json_items *j, struct error *err) {
  if (json_stream_next(&j->stream, err) == JSON_ERROR) return -1;
  if (j->is_found) return 0;
  error_set(err, ERROR_DATA, "there is no %s in the file", j->path->text);
  return fail(j, err);
}

static int begin(struct json_items *j, enum json_token *token, struct error *err) {
  j->is_begun = true;
  *token = json_stream_next(&j->stream, err);
  if (*token == JSON_ERROR) return -1;
  if (*token != JSON_NEED_MORE) return enter(j, 0, *token, err);
  error_set(err, ERROR_DATA, "the file is empty");
  return -1;
}

int json_items_next(struct json_items *j, enum json_token *token, struct error *err) {
  if (!j->is_begun && begin(j, token, err)) return -1;
  for (;;) {
    *token = json_stream_next(&j->stream, err);
    if (*token == JSON_ERROR) return -1;
    if (*token == JSON_END_OF_VALUE) return end(j, err);
    if (*token == JSON_OBJECT_END || (*token == JSON_ARRAY_END && !j->is_in_items)) {
      j->level--;
    } else if (*token == JSON_ARRAY_END) {
      j->is_in_items = false;
    } else if (j->is_in_items) {
      j->line = json_line(&j->stream.scan);
      return 1;
    } else if (step(j, *token, err)) {
      return -1;
    }
  }
}
