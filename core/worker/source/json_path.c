#include "worker/source/json_path.h"

#include "base/number.h"

#include <stdio.h>

static int refuse(const char *text, const char *at, const char *what, struct error *err) {
  error_set(err, ERROR_USAGE, "the path '%s' %s at its character %d", text, what,
            (int)(at - text) + 1);
  return error_hint(err,
                    "a path is like $.items, $.data['all rows'], $[0].rows or $.pages[*].items");
}

/* Each reads the part that begins at *AT and moves it behind; NULL, or what is wrong. */
static const char *read_name(const char **at, struct json_path_part *part) {
  size_t len = strcspn(*at, ".[");
  *part = (struct json_path_part){.kind = JSON_PATH_NAME, .name = {*at, len}};
  *at += len;
  return len ? NULL : "lacks a name";
}

static const char *read_quoted(const char **at, struct json_path_part *part) {
  char quote = **at;
  const char *from = *at + 1, *to = strchr(from, quote);
  if (!to || to[1] != ']') return "lacks the end of a quoted name";
  *part = (struct json_path_part){.kind = JSON_PATH_NAME, .name = {from, (size_t)(to - from)}};
  *at = to + 2;
  return NULL;
}

static const char *read_index(const char **at, struct json_path_part *part) {
  int64_t index;
  size_t len = strcspn(*at, "]");
  if ((*at)[len] != ']') return "lacks a ']'";
  if (len == 1 && **at == '*')
    *part = (struct json_path_part){.kind = JSON_PATH_EACH};
  else if (number_int64((struct slice){*at, len}, 0, INT64_MAX, &index))
    return "needs a number, * or a quoted name";
  else
    *part = (struct json_path_part){.kind = JSON_PATH_INDEX, .index = (uint64_t)index};
  *at += len + 1;
  return NULL;
}

static const char *read_part(const char **at, struct json_path_part *part) {
  char c = *(*at)++;
  if (c == '.') return read_name(at, part);
  if (c != '[') return "needs a '.' or '['";
  return **at == '\'' || **at == '"' ? read_quoted(at, part) : read_index(at, part);
}

int json_path_parse(struct json_path *p, const char *text, struct error *err) {
  *p = (struct json_path){.len = 0};
  if (strlen(text) >= sizeof p->text)
    return error_set(err, ERROR_USAGE, "the path is longer than %d bytes", JSON_PATH_TEXT_MAX - 1);
  (void)snprintf(p->text, sizeof p->text, "%s", text);
  const char *at = p->text;
  if (*at++ != '$') return refuse(p->text, p->text, "does not begin with $", err);
  while (*at) {
    const char *from = at;
    if (p->len == JSON_PATH_MAX) return refuse(p->text, at, "has too many parts", err);
    const char *wrong = read_part(&at, &p->part[p->len++]);
    if (wrong) return refuse(p->text, from, wrong, err);
  }
  if (p->len && p->part[p->len - 1].kind == JSON_PATH_EACH) p->len--;
  return 0;
}
