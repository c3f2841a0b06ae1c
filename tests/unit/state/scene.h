/* scene.h - a folder, a state in it and a stream, for the tests of the room.
 *
 * HOKO_TEST_POSTGRES is the URL of a database to keep the state in instead
 * (tests/system/with_postgres.py); a test of what only files have skips itself then. */
#ifndef HOKO_TESTS_STATE_SCENE_H
#define HOKO_TESTS_STATE_SCENE_H

#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { SCENE_NOW_MS = 1700000000 };

static inline int64_t scene_mono_ns(const struct clock *c) { return clock_real.mono_ns(c); }
static inline int64_t scene_wall_ms(const struct clock *c) {
  (void)c;
  return SCENE_NOW_MS;
}
static const struct clock scene_clock = {.mono_ns = scene_mono_ns, .wall_ms = scene_wall_ms};

struct scene {
  char dir[64], path[96], url[256];
  int database; /* 0: none */
  struct state *s;
  struct stream *st;
  struct error err;
};

#define OK(scene, call)                                                                            \
  do {                                                                                             \
    if ((call) != 0) fail_msg("%s: %s", #call, (scene)->err.message);                              \
  } while (0)

static inline void scene_open_as(struct scene *x, bool is_reader) {
  struct state_options o = {.url = x->url, .clock = &scene_clock, .is_reader = is_reader};
  OK(x, state_open(&x->s, &o, &x->err));
}

static inline int scene_stream(struct scene *x, const char *name, bool is_reader) {
  struct stream_options o = {.name = slice_of(name),
                             .base_url = SLICE("https://hoko.to/api"),
                             .is_reader = is_reader,
                             .script = SLICE("scripts/crm.lua"),
                             .run = SLICE("01JD0000000000000000000000")};
  return stream_open(&x->st, x->s, &o, &x->err);
}

static inline void scene_open(struct scene *x) {
  scene_open_as(x, false);
  OK(x, scene_stream(x, "crm", false));
}

static inline void scene_close(struct scene *x) {
  state_close(x->s);
  x->s = NULL;
  x->st = NULL;
}

static inline void scene_reopen(struct scene *x) {
  scene_close(x);
  scene_open(x);
}

static inline const char *scene_server(void) { return getenv("HOKO_TEST_POSTGRES"); }

#define ONLY_OF_FILES()                                                                            \
  do {                                                                                             \
    if (scene_server()) skip();                                                                    \
  } while (0)

static inline void scene_psql(const char *what, int database) {
  char command[512];
  snprintf(command, sizeof command, "psql -Xq -d '%s' -c '%s scene_%d'", scene_server(), what,
           database);
  assert_int_equal(system(command), 0);
}

/* A database of the scene's own; the server's URL names "postgres". */
static inline void scene_database(struct scene *x) {
  static int last;
  const char *url = scene_server(), *name = strstr(url, "/postgres?");
  assert_non_null(name);
  x->database = ++last;
  scene_psql("CREATE DATABASE", x->database);
  snprintf(x->url, sizeof x->url, "%.*s/scene_%d?%s", (int)(name - url), url, x->database,
           strchr(name, '?') + 1);
}

static inline void scene_folder(struct scene *x) {
  *x = (struct scene){.dir = "/tmp/hoko-state-XXXXXX"};
  assert_non_null(mkdtemp(x->dir));
  snprintf(x->path, sizeof x->path, "%s/.hoko/state.db", x->dir);
  if (scene_server())
    scene_database(x);
  else
    snprintf(x->url, sizeof x->url, "sqlite:%s", x->path);
}

static inline void scene_begin(struct scene *x) {
  scene_folder(x);
  scene_open(x);
}

static inline void scene_end(struct scene *x) {
  char command[128];
  scene_close(x);
  snprintf(command, sizeof command, "rm -rf '%s'", x->dir);
  assert_int_equal(system(command), 0);
  if (x->database) scene_psql("DROP DATABASE", x->database);
}

static inline struct uuid scene_id(uint32_t n) {
  struct uuid id = {{0}};
  memcpy(id.bytes, &n, sizeof n);
  return id;
}

/* Acknowledges a partner of KEY with id N and NAME (JSON, or ""). */
static inline uint32_t scene_ack(struct scene *x, const char *key, uint32_t n, const char *name) {
  struct ack ack = {.key = slice_of(key),
                    .id = scene_id(n),
                    .line = n,
                    .field = {slice_of(name)},
                    .sent_at_ms = SCENE_NOW_MS};
  struct commit c = {.acks = &ack, .acks_len = 1};
  OK(x, stream_commit(x->st, &c, &x->err));
  return ack.seq;
}

static inline struct known scene_find(struct scene *x, const char *key) {
  struct known k = {.key = slice_of(key)};
  OK(x, stream_find(x->st, &k, 1, &x->err));
  return k;
}

/* Commits a request of creates, one a key of the NULL-ended KEYS ("" is none). */
static inline int64_t scene_intent(struct scene *x, const char *const *keys) {
  struct buf rows = BUF_WITH_LIMIT(1 << 20);
  struct intent in = {.sent_at_ms = SCENE_NOW_MS};
  for (; keys[in.rows_len]; in.rows_len++) {
    struct row row = {.key = slice_of(keys[in.rows_len]), .field = {SLICE("\"Ali\"")}};
    row_put(&rows, &row);
  }
  in.rows = buf_slice(&rows);
  OK(x, intent_commit(x->st, &in, 0, &x->err));
  buf_free(&rows);
  return in.number;
}

static inline void assert_slice(struct slice s, const char *text) {
  if (!slice_is(s, text)) fail_msg("\"%.*s\" is not \"%s\"", SLICE_ARG(s), text);
}

static inline void assert_says(const char *message, const char *part) {
  if (!strstr(message, part)) fail_msg("\"%s\" does not say \"%s\"", message, part);
}

#endif
