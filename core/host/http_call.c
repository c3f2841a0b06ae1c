#include "host/http_call.h"

#include "net/reach.h"

#include <assert.h>

enum { TIMEOUT_MAX_MS = 24 * 3600 * 1000, DELAY_MAX_MS = 10 * 60 * 1000 };

static const int64_t NS_A_MS = 1000000;

/* ---- keys ---------------------------------------------------------------- */

/* The entry NAME, asked for once a run. */
static const struct secret *key_named(struct http_calls *c, const struct job *job,
                                      struct slice name, struct error *err) {
  for (size_t i = 0; i < c->keys_len; i++)
    if (slice_is(name, c->keys[i].name)) return c->keys[i].key;
  struct http_key *k = &c->keys[c->keys_len];
  if (name.len >= sizeof k->name || memchr(name.ptr, '\0', name.len)) {
    (void)error_set(err, ERROR_USAGE, "\"%.*s\" is no name of a key", SLICE_ARG(name));
    return NULL;
  }
  if (c->keys_len == HTTP_KEYS_MAX || !job->events.named_key) {
    (void)error_set(err, ERROR_AUTH, "no more keys can be had in this run");
    return NULL;
  }
  memcpy(k->name, name.ptr, name.len);
  k->name[name.len] = '\0';
  if (job->events.named_key(job->events.user, k->name, &k->key, err)) return NULL;
  c->keys_len++;
  return k->key;
}

/* ---- asking -------------------------------------------------------------- */

static int free_stream(const struct http_calls *c, struct error *err) {
  for (int i = 0; i < HTTP_OPEN_MAX; i++)
    if (!c->open[i]) return i + 1;
  (void)error_set(err, ERROR_USAGE, "%d answers are open already", HTTP_OPEN_MAX);
  (void)error_hint(err, "read them to their end, or close them");
  return 0;
}

static int64_t within(int64_t value, int64_t min, int64_t max) {
  return value < min ? min : value > max ? max : value;
}

/* A worker of ours waits for one answer before it asks for another. */
static int need_idle(const struct http_calls *c, struct error *err) {
  if (!c->asked) return 0;
  return error_set(err, ERROR_INTERNAL, "the worker asked for two answers at once");
}

/* The server is looked at before a key is unlocked for it. */
static struct fetch *make_fetch(struct http_calls *c, const struct job *job,
                                const struct message *m, struct error *err) {
  struct fetch_request r = {.method = m->text[0],
                            .url = m->text[1],
                            .headers = m->text[2],
                            .body = m->text[3],
                            .reach = c->reach,
                            .timeout_ms = within(m->number[1], 1, TIMEOUT_MAX_MS),
                            .is_stream = (m->number[0] & HTTP_STREAM) != 0,
                            .clock = job->clock};
  if (m->text[4].len == 0) return fetch_new(&r, err);
  r.body = (struct slice){NULL, 0};
  struct fetch *keyless = fetch_new(&r, err);
  if (!keyless) return NULL;
  fetch_free(keyless);
  r.body = m->text[3];
  r.key = key_named(c, job, m->text[4], err);
  return r.key ? fetch_new(&r, err) : NULL;
}

int http_calls_open(struct http_calls *c, const struct job *job, struct error *err) {
  c->reach = reach_new(job->allowed.net.at, err);
  return c->reach ? 0 : -1;
}

int http_calls_ask(struct http_calls *c, const struct job *job, const struct message *m,
                   struct error *err) {
  if (need_idle(c, err)) return -1;
  if (!c->fetcher && fetcher_start(&c->fetcher, err)) return -1;
  int stream = free_stream(c, err);
  struct fetch *f = stream ? make_fetch(c, job, m, err) : NULL;
  if (!f) return -1;
  c->open[stream - 1] = f;
  c->asked = stream;
  c->is_delayed = true;
  c->not_before_ns = clock_mono_ns(job->clock) + within(m->number[2], 0, DELAY_MAX_MS) * NS_A_MS;
  return 0;
}

static struct fetch *stream_of(const struct http_calls *c, int64_t stream) {
  return stream > 0 && stream <= HTTP_OPEN_MAX ? c->open[stream - 1] : NULL;
}

int http_calls_pull(struct http_calls *c, int64_t stream, struct error *err) {
  struct fetch *f = stream_of(c, stream);
  if (need_idle(c, err)) return -1;
  if (!f || fetch_is_ended(f)) return error_set(err, ERROR_USAGE, "the answer is closed");
  c->asked = (int)stream;
  fetcher_pull(c->fetcher, f);
  return 0;
}

void http_calls_drop(struct http_calls *c, int64_t stream) {
  struct fetch *f = stream_of(c, stream);
  if (!f || stream == c->asked) return;
  fetcher_drop(c->fetcher, f);
  c->open[stream - 1] = NULL;
}

void http_calls_cancel(struct http_calls *c) {
  if (!c->asked) return;
  if (c->is_delayed) {
    fetch_free(c->open[c->asked - 1]);
    c->open[c->asked - 1] = NULL;
  } else {
    fetcher_stop(c->fetcher); /* it owns what was submitted */
    c->fetcher = NULL;
    memset(c->open, 0, sizeof c->open);
  }
  c->is_delayed = false;
  c->asked = 0;
}

/* ---- answering ----------------------------------------------------------- */

/* One that is ended is dropped by the step after this, since ANSWER shows into it. */
static void put_answer(struct http_calls *c, const struct fetch *f, struct message *answer) {
  const struct error *failed = fetch_error(f);
  *answer = (struct message){.kind = MESSAGE_ANSWER};
  if (failed) {
    answer->number[0] = failed->code;
    answer->text[2] = slice_of(failed->message);
    answer->text[3] = slice_of(failed->hint);
    return;
  }
  answer->number[1] = fetch_status(f);
  answer->number[2] = fetch_is_ended(f) ? 0 : c->asked;
  answer->number[3] = fetch_retry_after_ms(f);
  answer->text[0] = fetch_head(f);
  answer->text[1] = fetch_piece(f);
}

static void drop_ended(struct http_calls *c) {
  for (int i = 0; i < HTTP_OPEN_MAX; i++)
    if (c->open[i] && i + 1 != c->asked && fetch_is_ended(c->open[i])) http_calls_drop(c, i + 1);
}

bool http_calls_step(struct http_calls *c, int64_t now_ns, struct message *answer) {
  if (!c->fetcher) return false;
  drop_ended(c);
  if (c->is_delayed && now_ns >= c->not_before_ns) {
    c->is_delayed = false;
    fetcher_submit(c->fetcher, c->open[c->asked - 1]);
  }
  struct fetch *f = fetcher_take(c->fetcher);
  if (!f) return false;
  assert(f == c->open[c->asked - 1]); /* no other one is under way */
  put_answer(c, f, answer);
  c->asked = 0;
  return true;
}

int64_t http_calls_wake_at(const struct http_calls *c) {
  return c->is_delayed ? c->not_before_ns : INT64_MAX;
}

int http_calls_fd(const struct http_calls *c) { return c->fetcher ? fetcher_fd(c->fetcher) : -1; }

void http_calls_free(struct http_calls *c) {
  if (c->is_delayed) fetch_free(c->open[c->asked - 1]);
  fetcher_stop(c->fetcher);
  reach_free(c->reach);
  for (size_t i = 0; i < c->keys_len; i++) secret_free(c->keys[i].key);
  *c = (struct http_calls){0};
}
