#include "cli/lua_place.h"

#include <ctype.h>

enum { DEPTH_MAX = 16 };

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_OTHER };

struct lexer {
  const char *at, *end;
  int line;
  enum token_kind kind;
  struct slice text; /* of NAME and STRING (between the quotes, escapes as they stand) */
  char other;        /* the character of OTHER */
  int token_line;
};

/* Whether a long bracket opens at AT; *level is its number of equals signs. */
static bool is_long_open(const struct lexer *l, const char *at, size_t *level) {
  const char *p = at;
  if (p == l->end || *p++ != '[') return false;
  while (p < l->end && *p == '=') p++;
  *level = (size_t)(p - at) - 1;
  return p < l->end && *p == '[';
}

static void step(struct lexer *l) { l->line += *l->at++ == '\n'; }

/* At the opening long bracket; leaves behind the closing one. */
static struct slice skip_long(struct lexer *l, size_t level) {
  l->at += level + 2;
  const char *begin = l->at;
  for (; l->at < l->end; step(l)) {
    if (*l->at != ']' || (size_t)(l->end - l->at) < level + 2) continue;
    size_t equals = 0;
    while (equals < level && l->at[1 + equals] == '=') equals++;
    if (equals < level || l->at[1 + level] != ']') continue;
    struct slice text = {begin, (size_t)(l->at - begin)};
    l->at += level + 2;
    return text;
  }
  return (struct slice){begin, (size_t)(l->end - begin)};
}

static void skip_comment(struct lexer *l) {
  size_t level;
  l->at += 2;
  if (is_long_open(l, l->at, &level)) {
    (void)skip_long(l, level);
    return;
  }
  while (l->at < l->end && *l->at != '\n') l->at++;
}

static void skip_blanks(struct lexer *l) {
  while (l->at < l->end) {
    if (isspace((unsigned char)*l->at))
      step(l);
    else if (l->end - l->at >= 2 && l->at[0] == '-' && l->at[1] == '-')
      skip_comment(l);
    else
      return;
  }
}

static struct slice skip_quoted(struct lexer *l) {
  char quote = *l->at++;
  const char *begin = l->at;
  for (; l->at < l->end && *l->at != quote; step(l))
    if (*l->at == '\\' && l->end - l->at > 1) step(l);
  struct slice text = {begin, (size_t)(l->at - begin)};
  if (l->at < l->end) l->at++;
  return text;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static void next(struct lexer *l) {
  size_t level;
  skip_blanks(l);
  l->token_line = l->line;
  if (l->at == l->end) {
    l->kind = TOKEN_END;
  } else if (*l->at == '"' || *l->at == '\'') {
    l->kind = TOKEN_STRING;
    l->text = skip_quoted(l);
  } else if (is_long_open(l, l->at, &level)) {
    l->kind = TOKEN_STRING;
    l->text = skip_long(l, level);
  } else if (is_word(*l->at)) {
    l->kind = TOKEN_NAME;
    l->text.ptr = l->at;
    while (l->at < l->end && is_word(*l->at)) l->at++;
    l->text.len = (size_t)(l->at - l->text.ptr);
  } else {
    l->kind = TOKEN_OTHER;
    l->other = *l->at++;
  }
}

static bool is_other(const struct lexer *l, char c) {
  return l->kind == TOKEN_OTHER && l->other == c;
}

/* What is known while the tokens go by. */
struct search {
  const char *const *path;
  size_t path_len;
  size_t depth;               /* table constructors that are open */
  size_t matching;            /* how many of them have the path's keys, from the outermost on */
  bool is_path_at[DEPTH_MAX]; /* whether the entry that is being read there is the path's */
  int whole, last_key, around, around_depth, returned;
};

/* KEY begins an entry of the table that is open at present (or a field is set). */
static void see_key(struct search *s, struct slice key, int line) {
  if (s->path_len > 0 && slice_is(key, s->path[s->path_len - 1])) s->last_key = line;
  if (s->depth == 0 || s->depth > DEPTH_MAX) return;
  size_t at = s->depth - 1; /* the outermost table's keys are path[0] */
  bool is_path = s->matching == at && at < s->path_len && slice_is(key, s->path[at]);
  s->is_path_at[at] = is_path;
  if (!is_path) return;
  if (at + 1 == s->path_len) s->whole = line;
  if ((int)s->depth >= s->around_depth) {
    s->around = line;
    s->around_depth = (int)s->depth;
  }
}

static void open_table(struct search *s) {
  if (s->depth > 0 && s->depth <= DEPTH_MAX && s->matching == s->depth - 1 &&
      s->is_path_at[s->depth - 1])
    s->matching++;
  s->depth++;
  if (s->depth <= DEPTH_MAX) s->is_path_at[s->depth - 1] = false;
}

static void close_table(struct search *s) {
  if (s->depth == 0) return;
  s->depth--;
  if (s->depth > 0 && s->matching > s->depth - 1) s->matching = s->depth - 1;
  if (s->depth == 0) s->matching = 0;
}

static void end_entry(struct search *s) {
  if (s->depth > 0 && s->depth <= DEPTH_MAX) s->is_path_at[s->depth - 1] = false;
}

/* Behind a NAME, or a STRING in brackets: is it a key, that is, does "=" follow? */
static bool is_assigned(struct lexer *l) {
  return is_other(l, '=') && !(l->at < l->end && *l->at == '=');
}

int lua_place_line(struct slice source, const char *const *path, size_t path_len) {
  struct lexer l = {.at = source.ptr, .end = source.ptr + source.len, .line = 1};
  struct search s = {.path = path, .path_len = path_len};
  next(&l);
  while (l.kind != TOKEN_END) {
    bool is_key = l.kind == TOKEN_NAME || l.kind == TOKEN_STRING;
    if (is_key && slice_is(l.text, "return")) s.returned = l.token_line;
    if (is_other(&l, '{')) open_table(&s);
    if (is_other(&l, '}')) close_table(&s);
    if (is_other(&l, ',') || is_other(&l, ';')) end_entry(&s);
    struct slice key = l.text;
    int line = l.token_line;
    bool is_string = l.kind == TOKEN_STRING;
    next(&l);
    if (is_string && is_other(&l, ']')) next(&l); /* ["name"] = */
    if (is_key && is_assigned(&l)) see_key(&s, key, line);
  }
  const int found[] = {s.whole, s.last_key, s.around, s.returned};
  for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
    if (found[i]) return found[i];
  return 1;
}
