#include "scene.h"

#include "base/json_scan.h"

#include <stdio.h>
#include <stdlib.h>

enum { NS_A_MS = 1000000, WALL_MS = 1700000000 };

static struct scene scene;
static struct scene_partner partners[SCENE_PARTNERS_MAX];
static char page[4 << 20];

/* ---- time ---------------------------------------------------------------- */

static int64_t mono_ns(const struct clock *c) { return (void)c, scene.now_ms * NS_A_MS; }
static int64_t true_wall_ms(void) { return WALL_MS + scene.now_ms; }
static int64_t wall_ms(const struct clock *c) {
  (void)c;
  return true_wall_ms() + (scene.now_ms >= scene.set_at_ms ? scene.set_by_ms : 0);
}
static const struct clock scene_clock = {mono_ns, wall_ms};

/* ---- the server ---------------------------------------------------------- */

static struct scene_partner *make(struct scene *x, const char *name, const char *email) {
  assert_true(x->partners_len < SCENE_PARTNERS_MAX);
  struct scene_partner *p = &x->partners[x->partners_len++];
  *p = (struct scene_partner){.created_ms = true_wall_ms() + x->skew_ms};
  uint64_t low = 0x8000000000000000u | x->partners_len;
  memcpy(p->id.bytes + 8, &low, sizeof low);
  (void)snprintf(p->name, sizeof p->name, "%s", name);
  (void)snprintf(p->email, sizeof p->email, "%s", email);
  return p;
}

static struct scene_partner *find(struct scene *x, const char *id_text) {
  struct uuid id;
  if (!uuid_parse(slice_of(id_text), &id)) return NULL;
  for (size_t i = 0; i < x->partners_len; i++)
    if (uuid_equal(&x->partners[i].id, &id)) return &x->partners[i];
  return NULL;
}

/* Appends to the answer, which begins at LEN. */
static size_t put(size_t len, const struct scene_partner *p) {
  char id[UUID_TEXT_LEN], when[CLOCK_TEXT_SIZE], email[48] = "null";
  uuid_format(&p->id, id);
  clock_format(p->created_ms, when);
  if (p->email[0]) (void)snprintf(email, sizeof email, "\"%s\"", p->email);
  int n = snprintf(
      page + len, sizeof page - len,
      "%s{\"id\":\"%.*s\",\"name\":\"%s\",\"email\":%s,\"phone\":null,\"createdAt\":\"%s\"}",
      len > 1 ? "," : "", UUID_TEXT_LEN, id, p->name, email, when);
  assert_true(n > 0 && (size_t)n < sizeof page - len);
  return len + (size_t)n;
}

/* One row of a body as the server reads it. */
struct asked {
  char id[64], name[40], email[40];
};

static bool next_row(struct json_scan *scan, struct asked *row) {
  char *to = NULL;
  *row = (struct asked){.id = ""};
  for (enum json_token t = json_next(scan); t != JSON_END_OF_VALUE; t = json_next(scan)) {
    assert_true(t != JSON_ERROR && t != JSON_NEED_MORE);
    if (t == JSON_OBJECT_END) return true;
    if (t == JSON_KEY)
      to = scan->text.ptr[0] == 'i' ? row->id : scan->text.ptr[0] == 'n' ? row->name : row->email;
    if (t != JSON_STRING) continue;
    assert_true(to && scan->text.len < 40);
    memcpy(to, scan->text.ptr, scan->text.len);
    to[scan->text.len] = '\0';
  }
  return false;
}

/* Applies BODY, all of it or the first FIRST rows, without those refused; the length of the answer.
 */
static size_t apply(struct scene *x, struct slice body, size_t first) {
  struct json_scan scan;
  struct asked row;
  size_t len = 1;
  json_init(&scan, 8);
  json_feed(&scan, body, true);
  for (size_t i = 0; next_row(&scan, &row) && i < first; i++) {
    if (x->refuses && strstr(row.name, x->refuses)) continue;
    struct scene_partner *p = row.id[0] ? find(x, row.id) : make(x, row.name, row.email);
    assert_non_null(p);
    if (row.id[0] && row.name[0]) (void)snprintf(p->name, sizeof p->name, "%s", row.name);
    len = put(len, p);
  }
  page[len++] = ']';
  return len;
}

/* How many rows BODY has; *BAD the first that is refused, or as many, with its name. */
static size_t count_rows(const struct scene *x, struct slice body, size_t *bad, char name[40]) {
  struct json_scan scan;
  struct asked row;
  size_t n = 0;
  *bad = SIZE_MAX;
  if (body.len == 0) return 0;
  json_init(&scan, 8);
  json_feed(&scan, body, true);
  for (; next_row(&scan, &row); n++) {
    if (*bad != SIZE_MAX || !x->refuses || !strstr(row.name, x->refuses)) continue;
    *bad = n;
    memcpy(name, row.name, sizeof row.name);
  }
  return n;
}

static bool is_question(const char *target) { return strncmp(target, "/partners?id=", 13) == 0; }

static size_t show(struct scene *x, const char *id) {
  const struct scene_partner *p = find(x, id);
  size_t len = p ? put(1, p) : 1;
  page[len++] = ']';
  return len;
}

static size_t list(const struct scene *x, const char *target) {
  unsigned take = 0, skip = 0;
  size_t len = 1;
  assert_int_equal(sscanf(target, "/partners?take=%u&skip=%u", &take, &skip), 2);
  for (size_t i = skip; i < x->partners_len && i < (size_t)skip + take; i++)
    len = put(len, &x->partners[x->partners_len - 1 - i]);
  page[len++] = ']';
  return len;
}

static void refuse(const struct scene *x, struct exchange *e, const char *name) {
  char text[200], body[300];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  (void)snprintf(text, sizeof text, x->message ? x->message : "Invalid request", name);
#pragma GCC diagnostic pop
  int len = snprintf(body, sizeof body, "{\"error\":{\"en\":\"%s\",\"ar\":\"x\"}}", text);
  buf_add(&e->text, body, (size_t)len);
  e->status = 400;
}

static void answer(struct scene *x, struct exchange *e) {
  size_t bad, len;
  char name[40];
  page[0] = '[';
  e->status = 200;
  if (e->method == EXCHANGE_GET && x->may_not_list) {
    e->status = 403;
    return;
  }
  if (e->method == EXCHANGE_GET) {
    len = is_question(e->target) ? show(x, e->target + 13) : list(x, e->target);
  } else if (x->rows_most && count_rows(x, e->body, &bad, name) > x->rows_most) {
    refuse(x, e, "");
    return;
  } else if (count_rows(x, e->body, &bad, name), bad != SIZE_MAX) {
    if (x->applies == SCENE_GOOD_ROWS) (void)apply(x, e->body, SIZE_MAX);
    if (x->applies == SCENE_ROWS_BEFORE) (void)apply(x, e->body, bad);
    refuse(x, e, name);
    return;
  } else {
    len = apply(x, e->body, SIZE_MAX);
  }
  if (!e->answer) {
    buf_add(&e->text, page, len);
    return;
  }
  (void)answer_feed(e->answer, (struct slice){page, len});
  answer_end(e->answer);
}

static const struct scene_fate *fate_of(const struct scene *x, size_t nth) {
  for (size_t i = 0; i < x->fates_len; i++)
    if (x->fate[i].nth == nth) return &x->fate[i];
  return NULL;
}

static void meet(struct scene *x, struct exchange *e, const struct scene_fate *fate) {
  if (fate->is_applied && e->method != EXCHANGE_GET) {
    page[0] = '[';
    (void)apply(x, e->body, SIZE_MAX);
  }
  e->end = fate->end;
  e->status = fate->status;
  e->attempts = fate->end == EXCHANGE_NOT_SENT ? 0 : 1;
  if (fate->end != EXCHANGE_ANSWERED)
    (void)error_set(&e->err, ERROR_UNREACHABLE, "the line is cut");
}

/* ---- the transport ------------------------------------------------------- */

static int64_t ready_at(struct transport *t) {
  const struct scene *x = (struct scene *)t;
  if (x->flying_len == SCENE_FLYING_MAX) return INT64_MAX;
  return (x->closed_until_ms > x->now_ms ? x->closed_until_ms : x->now_ms) * NS_A_MS;
}

static void submit(struct transport *t, struct exchange *e) {
  struct scene *x = (struct scene *)t;
  size_t bad;
  char name[40];
  assert_true(x->requests_len < SCENE_REQUESTS_MAX && x->flying_len < SCENE_FLYING_MAX);
  x->request[x->requests_len++] =
      (struct scene_request){.method = e->method,
                             .rows = count_rows(x, e->body, &bad, name),
                             .is_question = e->method == EXCHANGE_GET && is_question(e->target)};
  x->flying[x->flying_len].e = e;
  x->flying[x->flying_len++].due_ms = x->now_ms + SCENE_LATENCY_MS;
  if (x->flying_len > x->flying_most) x->flying_most = x->flying_len;
  e->began_mono_ns = mono_ns(NULL);
  e->began_wall_ms = wall_ms(NULL);
}

static struct exchange *next(struct transport *t) {
  struct scene *x = (struct scene *)t;
  if (x->flying_len == 0 || x->flying[0].due_ms > x->now_ms) return NULL;
  struct exchange *e = x->flying[0].e;
  size_t nth = x->requests_len - x->flying_len + 1;
  x->flying_len--;
  memmove(x->flying, x->flying + 1, x->flying_len * sizeof *x->flying);
  e->end = EXCHANGE_ANSWERED;
  e->attempts = 1;
  e->limits = (struct exchange_limits){-1, -1, -1, -1, true_wall_ms() + x->skew_ms};
  e->ended_mono_ns = mono_ns(NULL);
  const struct scene_fate *fate = fate_of(x, nth);
  if (fate)
    meet(x, e, fate);
  else
    answer(x, e);
  x->request[nth - 1].status = e->status;
  return e;
}

static void cancel(struct transport *t) { (void)t; }

/* Moves time to what comes next: an answer, or WAKE_NS. */
static void wait_until(struct scene *x, int64_t wake_ns) {
  int64_t to_ms = INT64_MAX;
  if (wake_ns != INT64_MAX) to_ms = (wake_ns + NS_A_MS - 1) / NS_A_MS;
  if (x->flying_len && x->flying[0].due_ms < to_ms) to_ms = x->flying[0].due_ms;
  assert_int_not_equal(to_ms, INT64_MAX); /* nothing would ever happen */
  x->now_ms = to_ms > x->now_ms ? to_ms : x->now_ms + 1;
}

/* ---- what sync tells ----------------------------------------------------- */

static void refused(void *user, uint64_t ordinal, const struct sync_refusal *why) {
  struct scene *x = user;
  (void)snprintf(x->refusal[ordinal].code, sizeof x->refusal->code, "%s", why->code);
  (void)snprintf(x->refusal[ordinal].message, sizeof x->refusal->message, "%s", why->message);
  x->refusals++;
}

static void warned(void *user, const char *message) {
  struct scene *x = user;
  if (x->warnings_len == SCENE_WARNINGS_MAX) return;
  (void)snprintf(x->warning[x->warnings_len++], sizeof *x->warning, "%s", message);
}

static struct stream *give_stream(void *user, struct error *err) {
  struct scene *x = user;
  (void)err;
  return x->stream;
}

/* ---- the scene ----------------------------------------------------------- */

static void open_state(struct scene *x) {
  const struct state_options state = {.url = x->url, .clock = &scene_clock};
  const struct stream_options stream = {.name = SLICE("s"),
                                        .base_url = SLICE("http://x"),
                                        .script = SLICE("s.lua"),
                                        .run = SLICE("r")};
  if (!x->state) OK(x, state_open(&x->state, &state, &x->err));
  OK(x, stream_open(&x->stream, x->state, &stream, &x->err));
  x->options.state = x->state;
}

struct scene *scene_begin(void) {
  return scene_begin_at("sqlite::memory:");
}

struct scene *scene_begin_at(const char *url) {
  struct scene *x = &scene;
  memset(x, 0, sizeof *x);
  x->partners = partners;
  x->transport = (struct transport){.whom = "the key test at https://hoko.test/api",
                                    .ready_at = ready_at,
                                    .submit = submit,
                                    .next = next,
                                    .cancel = cancel};
  x->rows = BUF_WITH_LIMIT(16 << 20);
  x->options = (struct sync_options){
      .transport = &x->transport,
      .clock = &scene_clock,
      .events = {.user = x, .refused = refused, .warn = warned, .stream = give_stream},
      .file = "source.csv",
      .has_key = true,
      .batch_rows = 10000,
      .batch_bytes = 4 << 20,
      .concurrency = 1,
      .give_up_ms = 60000,
      .bisect_limit = 1500,
      .seed = 1,
      .hash_key = {1, 2}};
  x->url = url;
  open_state(x);
  return x;
}

void scene_next(struct scene *x) {
  sync_free(x->sync);
  x->sync = NULL;
  buf_free(&x->rows);
  x->rows_len = 0;
  x->refusals = 0;
}

static void close_state(struct scene *x) {
  bool is_in_memory = strcmp(x->url, "sqlite::memory:") == 0;
  stream_close(x->stream);
  x->stream = NULL;
  if (is_in_memory) return;
  state_close(x->state);
  x->state = NULL;
}

void scene_next_run(struct scene *x) {
  scene_next(x);
  if (x->stream) close_state(x);
  open_state(x);
}

void scene_die(struct scene *x) {
  x->flying_len = 0;
  scene_next(x);
  close_state(x);
}

void scene_end(struct scene *x) {
  scene_next(x);
  stream_close(x->stream);
  state_close(x->state);
}

void scene_row(struct scene *x, const char *key, const char *name, const char *email) {
  char name_json[64], email_json[64];
  struct row row = {.line = (uint32_t)++x->rows_len, .key = slice_of(key)};
  (void)snprintf(name_json, sizeof name_json, "\"%s\"", name);
  row.field[ROW_NAME] = slice_of(name_json);
  if (email) (void)snprintf(email_json, sizeof email_json, "\"%s\"", email);
  if (email) row.field[ROW_EMAIL] = slice_of(email_json);
  row_put(&x->rows, &row);
}

void scene_rows(struct scene *x, size_t count) {
  char name[32];
  for (size_t i = 0; i < count; i++) {
    (void)snprintf(name, sizeof name, "N%05zu", i);
    scene_row(x, x->options.has_key ? name : NULL, name, NULL);
  }
}

void scene_partner(struct scene *x, const char *name, const char *email) {
  (void)make(x, name, email ? email : "");
}

void scene_meets(struct scene *x, struct scene_fate fate) {
  assert_true(x->fates_len < SCENE_FATES_MAX);
  x->fate[x->fates_len++] = fate;
}

int scene_sync(struct scene *x) {
  if (sync_new(&x->sync, &x->options, &x->err)) return -1;
  sync_feed(x->sync, x->rows.ptr, x->rows.len); /* takes the bytes */
  x->rows = BUF_WITH_LIMIT(16 << 20);
  sync_end(x->sync);
  for (sync_step(x->sync); !sync_is_done(x->sync); sync_step(x->sync))
    wait_until(x, sync_wake_at(x->sync));
  const struct tally *t = sync_tally(x->sync);
  assert_int_equal(t->submitted, tally_told(t)); /* J2 */
  return 0;
}

int scene_settle(struct scene *x, bool only_adopts, struct settled *out) {
  struct settle *s;
  struct settle_options o = {.state = x->state,
                             .stream = x->stream,
                             .resend = x->options,
                             .only_adopts = only_adopts,
                             .doubt_since_ms = x->sync ? sync_doubt_since_ms(x->sync) : 0,
                             .made = x->sync ? sync_made(x->sync) : NULL};
  *out = (struct settled){.held = 0};
  if (settle_new(&s, &o, &x->err)) return -1;
  if (!s) return 0;
  for (settle_step(s); !settle_is_done(s); settle_step(s)) wait_until(x, settle_wake_at(s));
  *out = settle_result(s);
  if (settle_error(s)) x->err = *settle_error(s);
  int rc = settle_error(s) ? -1 : 0;
  settle_free(s);
  return rc;
}

size_t scene_count(const struct scene *x, enum exchange_method method) {
  size_t n = 0;
  for (size_t i = 0; i < x->requests_len; i++)
    n += x->request[i].method == method && !x->request[i].is_question;
  return n;
}

size_t scene_named(const struct scene *x, const char *name) {
  size_t n = 0;
  for (size_t i = 0; i < x->partners_len; i++) n += strcmp(x->partners[i].name, name) == 0;
  return n;
}

bool scene_warned(const struct scene *x, const char *text) {
  for (size_t i = 0; i < x->warnings_len; i++)
    if (strstr(x->warning[i], text)) return true;
  return false;
}
