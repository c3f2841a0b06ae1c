/* source_json.c - hoko.ndjson: a value a line; hoko.json: the items of one document. */
#include "worker/bind/args.h"
#include "worker/bind/json_read.h"
#include "worker/bind/source.h"
#include "worker/raise.h"
#include "worker/source/json_items.h"
#include "worker/source/lines.h"

#include <lauxlib.h>
#include <string.h>

/* ---- hoko.ndjson ---- */

struct source_ndjson {
  struct source source;
  struct lines lines;
  struct json_scan scan;
  struct json_keys keys;
  struct json_read read;
};

static int open_ndjson(lua_State *L, struct source *s, struct error *err) {
  struct source_ndjson *t = (struct source_ndjson *)s;
  (void)err;
  lines_init(&t->lines, &s->bytes);
  json_init(&t->scan, JSON_READ_DEPTH);
  json_keys_open(L, &t->keys);
  t->read = (struct json_read){.scan = &t->scan, .keys = &t->keys, .is_one_line = true};
  return 0;
}

static int pull_ndjson(lua_State *L, struct source *s, struct error *err) {
  struct source_ndjson *t = (struct source_ndjson *)s;
  for (;;) {
    enum lines_got got = lines_next(&t->lines, err);
    if (got == LINES_END) return 0;
    if (got == LINES_LINE && json_read_whole(L, &t->read, t->lines.text, err) == 0) {
      source_place(L, s, t->lines.line);
      return 1;
    }
    err->line = (int)t->lines.line;
    if (got == LINES_FAILED || !source_reject(L, s, t->lines.line, err->message, t->lines.text))
      return -1;
  }
}

static void close_ndjson(lua_State *L, struct source *s) {
  struct source_ndjson *t = (struct source_ndjson *)s;
  json_keys_close(L, &t->keys);
}

int source_ndjson(lua_State *L) {
  static const struct source_kind kind = {.size_bytes = sizeof(struct source_ndjson),
                                          .limit_bytes = LINES_MAX,
                                          .open = open_ndjson,
                                          .pull = pull_ndjson,
                                          .close = close_ndjson};
  static const char *const options[] = {"on_error", NULL}, *const on_errors[] = {"stop", "reject",
                                                                                 NULL};
  (void)args_name(L, "hoko.ndjson", 1, "path");
  struct args a = args_open(L, "hoko.ndjson", 2, options);
  bool has_rejects = args_choice(&a, "on_error", on_errors) == 1;
  struct source_ndjson *t = (struct source_ndjson *)source_new(L, &kind, 1, NULL);
  t->keys.ref = LUA_NOREF;
  t->source.has_rejects = has_rejects;
  return source_return(L);
}

/* ---- hoko.json ---- */

struct source_json {
  struct source source;
  struct json_path path;
  struct json_items items;
  struct json_keys keys;
  struct json_read read;
};

static int open_json(lua_State *L, struct source *s, struct error *err) {
  struct source_json *t = (struct source_json *)s;
  (void)err;
  json_items_init(&t->items, &s->bytes, &t->path, JSON_READ_DEPTH);
  json_keys_open(L, &t->keys);
  t->read = (struct json_read){
      .scan = &t->items.stream.scan, .stream = &t->items.stream, .keys = &t->keys};
  return 0;
}

static int pull_json(lua_State *L, struct source *s, struct error *err) {
  struct source_json *t = (struct source_json *)s;
  enum json_token token;
  int got = json_items_next(&t->items, &token, err);
  if (got <= 0) return got;
  source_place(L, s, t->items.line);
  return json_read_push(L, &t->read, token, err) ? -1 : 1;
}

static void close_json(lua_State *L, struct source *s) {
  struct source_json *t = (struct source_json *)s;
  json_keys_close(L, &t->keys);
  json_items_free(&t->items);
}

int source_json(lua_State *L) {
  static const struct source_kind kind = {.size_bytes = sizeof(struct source_json),
                                          .limit_bytes = JSON_STREAM_TOKEN_MAX,
                                          .open = open_json,
                                          .pull = pull_json,
                                          .close = close_json};
  static const char *const options[] = {"at", NULL};
  struct error err;
  (void)args_name(L, "hoko.json", 1, "path");
  struct args a = args_open(L, "hoko.json", 2, options);
  const char *at = args_text(&a, "at", "$");
  struct source_json *t = (struct source_json *)source_new(L, &kind, 1, NULL);
  t->keys.ref = LUA_NOREF;
  if (json_path_parse(&t->path, at, &err)) {
    (void)error_context(&err, "hoko.json");
    raise_from(L, &err);
  }
  return source_return(L);
}
