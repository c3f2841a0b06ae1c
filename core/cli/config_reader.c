#include "cli/config_reader.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/utf8.h"
#include "cli/config_schema.h"
#include "cli/lua_place.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  PATH_MAX_LEN = 8,
  NAMES_MAX = 32,
  TEXT_BYTES = 64 << 10,
  JSON_LEVELS = 16,
  JOB_NAME_BYTES = 100,
};

/* A walk through the JSON, guided by the schema. */
struct reading {
  struct json_scan scan;
  struct config *config;
  struct slice source;
  const char *file;
  const char *path[PATH_MAX_LEN]; /* keys down to the value in hand */
  size_t path_len;
  size_t element;  /* 1-based, of the array in hand; 0: none */
  struct buf text; /* of the string in hand */
  struct error *err;
};

static void *member(void *base, size_t offset) { return (char *)base + offset; }

static int no_memory(struct reading *r) {
  return error_set(r->err, ERROR_MEMORY, "no memory for %s", r->file);
}

static int line_here(const struct reading *r) {
  return lua_place_line(r->source, r->path, r->path_len);
}

/* "jobs.crm.args[2]", or what the chunk returned. */
static void put_path(struct buf *b, const struct reading *r) {
  if (r->path_len == 0) buf_add_text(b, "what it returns");
  for (size_t i = 0; i < r->path_len; i++) {
    if (i > 0) buf_add_char(b, '.');
    utf8_printable(b, slice_of(r->path[i]));
  }
  if (r->element > 0) buf_printf(b, "[%zu]", r->element);
}

/* Fills in r->err at the value in hand; MESSAGE and HINT may have failed to grow. */
static int fail(struct reading *r, struct buf *message, const char *hint) {
  const char *text = buf_text(message);
  (void)error_set(r->err, ERROR_USAGE, "%s", text ? text : "a value is wrong");
  if (hint) (void)error_hint(r->err, "%s", hint);
  buf_free(message);
  return error_place(r->err, r->file, line_here(r));
}

/* Behind a KEY: whether the object stands for something that JSON has no word for. */
static bool is_stand_in(const struct json_scan *s) { return slice_is(s->text, "$type"); }

/* The token in hand, as its writer would call it.  A table may be a function's or
 * userdata's stand-in, which its first key tells. */
static void put_came(struct buf *b, struct reading *r, enum json_token token) {
  struct json_scan *s = &r->scan;
  bool is_table = token == JSON_ARRAY_BEGIN || token == JSON_OBJECT_BEGIN;
  enum json_token inside = is_table ? json_next(s) : JSON_ERROR;
  if (token == JSON_STRING) {
    buf_add_char(b, '"');
    utf8_printable(b, (struct slice){r->text.ptr, r->text.len > 80 ? 80 : r->text.len});
    buf_add_text(b, r->text.len > 80 ? "…\"" : "\"");
  } else if (token == JSON_NUMBER) {
    buf_printf(b, "%.*s", SLICE_ARG(s->text));
  } else if (token == JSON_TRUE || token == JSON_FALSE) {
    buf_add_text(b, token == JSON_TRUE ? "true" : "false");
  } else if (inside == JSON_ARRAY_END || inside == JSON_OBJECT_END) {
    buf_add_text(b, "an empty table");
  } else if (token == JSON_ARRAY_BEGIN) {
    buf_add_text(b, "an array");
  } else if (inside == JSON_KEY && is_stand_in(s) && json_next(s) == JSON_STRING) {
    buf_printf(b, "a %.*s", SLICE_ARG(s->text));
  } else {
    buf_add_text(b, token == JSON_NULL ? "nil" : "a table with names");
  }
}

static int wrong(struct reading *r, const struct config_field *f, enum json_token token) {
  if (token == JSON_ERROR || token == JSON_NEED_MORE)
    return error_set(r->err, ERROR_INTERNAL, "%s: its table came damaged from the worker", r->file);
  struct buf message = BUF_WITH_LIMIT(1024);
  put_path(&message, r);
  buf_add_text(&message, " is ");
  put_came(&message, r, token);
  buf_add_text(&message, "; expected ");
  config_field_put_expected(&message, f);
  char hint[256];
  (void)snprintf(hint, sizeof hint, "%s = %s", f->name, f->example);
  return fail(r, &message, f->example ? hint : NULL);
}

static int unknown_name(struct reading *r, const struct config_field *fields, const char *name) {
  const char *names[NAMES_MAX];
  size_t len = 0;
  for (; fields[len].name && len < NAMES_MAX; len++) names[len] = fields[len].name;
  struct buf message = BUF_WITH_LIMIT(1024);
  if (r->path_len > 0) put_path(&message, r), buf_add_text(&message, ": ");
  buf_add_text(&message, "unknown name \"");
  utf8_printable(&message, slice_of(name));
  buf_add_text(&message, "\"; expected ");
  for (size_t i = 0; i < len; i++)
    buf_printf(&message, "%s%s", i == 0 ? "" : i + 1 < len ? ", " : " or ", names[i]);
  const char *nearest = nearest_name(slice_of(name), names, len);
  if (nearest) buf_printf(&message, "; the nearest is %s", nearest);
  r->path[r->path_len++] = name;
  char hint[256] = "";
  for (size_t i = 0; i < len; i++)
    if (names[i] == nearest)
      (void)snprintf(hint, sizeof hint, "%s = %s", nearest, fields[i].example);
  int outcome = fail(r, &message, nearest ? hint : NULL);
  r->path_len--;
  return outcome;
}

/* The next token, with the text of a string or key in r->text. */
static enum json_token take(struct reading *r) {
  enum json_token token = json_next(&r->scan);
  if (token != JSON_STRING && token != JSON_KEY) return token;
  buf_clear(&r->text);
  int outcome = json_unescape(&r->text, r->scan.text);
  return outcome == 0 && buf_ok(&r->text) ? token : JSON_ERROR;
}

static bool is_plain_text(const struct buf *text) {
  return text->len > 0 && memchr(text->ptr, '\0', text->len) == NULL;
}

/* A copy of the string in hand, the caller's. */
static char *copy_text(struct reading *r) {
  char *copy = strndup(r->text.len > 0 ? r->text.ptr : "", r->text.len);
  if (!copy) (void)no_memory(r);
  return copy;
}

static int read_text(struct reading *r, const struct config_field *f, const char **to) {
  enum json_token token = take(r);
  if (token != JSON_STRING || !is_plain_text(&r->text)) return wrong(r, f, token);
  char *copy = copy_text(r);
  if (!copy) return -1;
  free((char *)*to); /* the default */
  *to = copy;
  return 0;
}

/* 10.0 is 10: Lua writes what was computed as a float with a fraction. */
static int parse_int(const struct reading *r, const struct config_field *f, int64_t *to) {
  struct slice s = r->scan.text;
  if (s.len > 2 && memcmp(s.ptr + s.len - 2, ".0", 2) == 0) s.len -= 2;
  return number_int64(s, f->min, f->max, to);
}

static int read_int(struct reading *r, const struct config_field *f, int64_t *to) {
  enum json_token token = take(r);
  if (f->kind == CONFIG_RATE && token == JSON_STRING && slice_is(buf_slice(&r->text), "auto")) {
    *to = 0;
    return 0;
  }
  return token == JSON_NUMBER && parse_int(r, f, to) == 0 ? 0 : wrong(r, f, token);
}

static int read_factor(struct reading *r, const struct config_field *f, double *to) {
  enum json_token token = take(r);
  char text[64];
  struct slice s = r->scan.text;
  if (token != JSON_NUMBER || s.len >= sizeof text) return wrong(r, f, token);
  memcpy(text, s.ptr, s.len);
  text[s.len] = '\0';
  double n = strtod(text, NULL); /* JSON's numbers are a part of C's */
  if (!(n >= (double)f->min && n <= (double)f->max)) return wrong(r, f, token);
  *to = n;
  return 0;
}

static int read_amount(struct reading *r, const struct config_field *f, int64_t *to) {
  enum json_token token = take(r);
  int64_t n = -1;
  int outcome = -1;
  if (token == JSON_STRING)
    outcome = f->kind == CONFIG_SIZE ? number_size_bytes(buf_slice(&r->text), &n)
                                     : number_duration_ms(buf_slice(&r->text), &n);
  else if (token == JSON_NUMBER && f->kind == CONFIG_SIZE)
    outcome = parse_int(r, f, &n);
  if (outcome || n < f->min || n > f->max) return wrong(r, f, token);
  *to = n;
  return 0;
}

static int read_choice(struct reading *r, const struct config_field *f, int *to) {
  enum json_token token = take(r);
  for (int i = 0; token == JSON_STRING && f->choices[i]; i++) {
    if (!slice_is(buf_slice(&r->text), f->choices[i])) continue;
    *to = i;
    return 0;
  }
  return wrong(r, f, token);
}

static int add_text(struct reading *r, struct config_texts *to) {
  const char **at = realloc((void *)to->at, (to->len + 2) * sizeof *at);
  if (!at) return no_memory(r);
  to->at = at;
  at[to->len] = copy_text(r);
  at[to->len + 1] = NULL;
  if (!at[to->len]) return -1;
  to->len++;
  return 0;
}

/* Behind the bracket that TOKEN is. */
static int read_texts(struct reading *r, const struct config_field *f, enum json_token token,
                      struct config_texts *to) {
  if (token == JSON_OBJECT_BEGIN && json_rest(&r->scan).len > 0 && *r->scan.at == '}')
    return take(r) == JSON_OBJECT_END ? 0 : -1; /* an empty table may be either */
  if (token != JSON_ARRAY_BEGIN) return wrong(r, f, token);
  for (r->element = 1; (token = take(r)) != JSON_ARRAY_END; r->element++) {
    if (token != JSON_STRING || !is_plain_text(&r->text)) return wrong(r, f, token);
    if (add_text(r, to)) return -1;
  }
  r->element = 0;
  return 0;
}

static int read_commands(struct reading *r, const struct config_field *f, struct config_texts *to,
                         bool *is_any) {
  enum json_token token = take(r);
  if (token != JSON_TRUE && token != JSON_FALSE) return read_texts(r, f, token, to);
  *is_any = token == JSON_TRUE;
  return 0;
}

static int read_field(struct reading *r, const struct config_field *f, void *base);

/* The entry NAME of the table that FIELDS describe. */
static int read_entry(struct reading *r, const struct config_field *fields, const char *name,
                      void *base) {
  const struct config_field *f = fields;
  while (f->name && strcmp(f->name, name) != 0) f++;
  if (!f->name) return unknown_name(r, fields, name);
  r->path[r->path_len++] = f->name;
  int outcome = read_field(r, f, base);
  r->path_len--;
  return outcome;
}

static int check_required(struct reading *r, const struct config_field *fields, void *base) {
  for (const struct config_field *f = fields; f->name; f++) {
    if (!f->is_required || *(const char **)member(base, f->offset)) continue;
    struct buf message = BUF_WITH_LIMIT(1024);
    put_path(&message, r);
    buf_printf(&message, ": %s is missing; expected ", f->name);
    config_field_put_expected(&message, f);
    char hint[256];
    (void)snprintf(hint, sizeof hint, "%s = %s", f->name, f->example);
    return fail(r, &message, hint);
  }
  return 0;
}

/* Goes into the table that F is.  1: it has entries; 0: it has none. */
static int enter_table(struct reading *r, const struct config_field *f) {
  struct json_scan before = r->scan;
  enum json_token token = take(r);
  if (token == JSON_OBJECT_BEGIN) return 1;
  if (token == JSON_ARRAY_BEGIN && take(r) == JSON_ARRAY_END) return 0;
  r->scan = before;
  return wrong(r, f, take(r));
}

/* The name of the next entry, the caller's; NULL with *outcome 0 at the table's end. */
static char *next_name(struct reading *r, const struct config_field *f, int *outcome) {
  struct json_scan before = r->scan;
  enum json_token token = take(r);
  *outcome = 0;
  if (token == JSON_OBJECT_END) return NULL;
  *outcome = -1;
  if (token == JSON_KEY && !is_stand_in(&r->scan)) return copy_text(r);
  r->scan = before;
  (void)wrong(r, f, token == JSON_KEY ? JSON_OBJECT_BEGIN : token);
  return NULL;
}

static int read_table(struct reading *r, const struct config_field *table, void *base) {
  int outcome = enter_table(r, table);
  if (outcome < 0) return -1;
  while (outcome > 0) {
    char *name = next_name(r, table, &outcome);
    if (!name) break;
    outcome = read_entry(r, table->fields, name, base) == 0 ? 1 : -1;
    free(name);
  }
  return outcome < 0 ? -1 : check_required(r, table->fields, base);
}

static bool is_job_name(struct slice name) {
  if (name.len == 0 || name.len > JOB_NAME_BYTES || name.ptr[0] == '-') return false;
  for (size_t i = 0; i < name.len; i++)
    if ((unsigned char)name.ptr[i] <= ' ' || name.ptr[i] == '/' || name.ptr[i] == 0x7f)
      return false;
  return true;
}

static int wrong_job(struct reading *r, const char *text, const char *hint) {
  struct buf message = BUF_WITH_LIMIT(1024);
  put_path(&message, r);
  buf_add_text(&message, text);
  return fail(r, &message, hint);
}

static int read_job(struct reading *r, const struct config_field *jobs, const char *name) {
  struct config *c = r->config;
  struct config_job *grown = realloc(c->jobs, (c->jobs_len + 1) * sizeof *grown);
  if (!grown) return no_memory(r);
  c->jobs = grown;
  struct config_job *job = &c->jobs[c->jobs_len++];
  memset(job, 0, sizeof *job);
  job->name = strdup(name);
  if (!job->name || config_set_defaults(jobs->fields, job)) return no_memory(r);
  r->path[r->path_len++] = job->name;
  struct config_field table = {.kind = CONFIG_TABLE, .fields = jobs->fields};
  int outcome = read_table(r, &table, job);
  if (outcome == 0 && !is_job_name(slice_of(name)))
    outcome = wrong_job(
        r, ": a job's name has 1 to 100 bytes, no blank, no slash and no dash in front", NULL);
  if (outcome == 0 && job->schedule && job->every_ms > 0)
    outcome = wrong_job(r, ": it has schedule and every; expected one of them", NULL);
  r->path_len--;
  return outcome;
}

static int read_jobs(struct reading *r, const struct config_field *jobs) {
  int outcome = enter_table(r, jobs);
  while (outcome > 0) {
    char *name = next_name(r, jobs, &outcome);
    if (!name) break;
    outcome = read_job(r, jobs, name) == 0 ? 1 : -1;
    free(name);
  }
  return outcome;
}

static int read_field(struct reading *r, const struct config_field *f, void *base) {
  void *to = member(base, f->offset);
  switch (f->kind) {
  case CONFIG_TEXT: return read_text(r, f, to);
  case CONFIG_INT:
  case CONFIG_RATE: return read_int(r, f, to);
  case CONFIG_FACTOR: return read_factor(r, f, to);
  case CONFIG_DURATION:
  case CONFIG_SIZE: return read_amount(r, f, to);
  case CONFIG_CHOICE: return read_choice(r, f, to);
  case CONFIG_TEXTS: return read_texts(r, f, take(r), to);
  case CONFIG_COMMANDS: return read_commands(r, f, to, member(base, f->also));
  case CONFIG_TABLE: return read_table(r, f, to);
  case CONFIG_JOBS: return read_jobs(r, f);
  }
  return -1;
}

int config_reader_fill(struct config *c, struct slice json, struct slice source, const char *file,
                       struct error *err) {
  struct reading r = {
      .config = c, .source = source, .file = file, .text = BUF_WITH_LIMIT(TEXT_BYTES), .err = err};
  json_init(&r.scan, JSON_LEVELS);
  json_feed(&r.scan, json, true);
  struct config_field whole = {.kind = CONFIG_TABLE, .fields = config_fields};
  int outcome = read_table(&r, &whole, c);
  buf_free(&r.text);
  return outcome;
}
