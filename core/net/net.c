#include "net/net.h"

#include "api/refusal.h"
#include "base/origin.h"
#include "keys/secret.h"
#include "net/engine.h"
#include "net/heap.h"
#include "net/limiter.h"

#include <assert.h>
#include <stdlib.h>

enum { GIVE_UP_MS = 15 * 60 * 1000, BASE_URL_SIZE = 2048 };
static const int64_t MS_NS = INT64_C(1000000);

struct net {
  struct transport transport; /* first: a transport is its net */
  struct engine *engine;
  struct limiter limiter;
  struct transfer_shared shared;
  const struct clock *clock;
  int64_t closed_since_ns, closed_until_ns; /* since when a submit has had to wait; 0: it has not */
  int64_t waited_ns;
  bool has_heap;
  char base_url[BASE_URL_SIZE], origin[ORIGIN_SIZE];
  char *proxy, *ca_file;
};

static struct net *net_of(struct transport *t) { return (struct net *)(void *)t; }

/* ---- the transport ---- */

static int64_t ready_at(struct transport *t) {
  struct net *n = net_of(t);
  enum net_wait why;
  int64_t now = clock_mono_ns(n->clock), at = limiter_ready_at(&n->limiter, now, &why);
  if (why == NET_WAIT_NONE) return at;
  if (n->closed_since_ns == 0) n->closed_since_ns = now;
  n->closed_until_ns = at;
  return at;
}

/* How long the wait that is on has lasted; time behind its end is the caller's own. */
static int64_t waiting_ns(const struct net *n, int64_t now_ns) {
  if (n->closed_since_ns == 0) return 0;
  return (now_ns < n->closed_until_ns ? now_ns : n->closed_until_ns) - n->closed_since_ns;
}

static void reset_outcome(struct exchange *e) {
  e->end = EXCHANGE_NOT_SENT;
  e->status = 0;
  e->limits = (struct exchange_limits){-1, -1, -1, -1, -1};
  e->content_type[0] = e->location[0] = '\0';
  buf_clear(&e->text);
  e->is_text_cut = false;
  e->attempts = 0;
  e->bytes_sent = e->bytes_received = e->ended_mono_ns = 0;
  error_clear(&e->err);
}

static void submit(struct transport *t, struct exchange *e) {
  struct net *n = net_of(t);
  reset_outcome(e);
  e->began_mono_ns = clock_mono_ns(n->clock);
  e->began_wall_ms = clock_wall_ms(n->clock);
  n->waited_ns += waiting_ns(n, e->began_mono_ns);
  n->closed_since_ns = 0;
  limiter_sent(&n->limiter, e->began_mono_ns);
  engine_submit(n->engine, e);
}

static struct exchange *next(struct transport *t) {
  struct net *n = net_of(t);
  struct exchange *e = engine_take(n->engine);
  if (!e) return NULL;
  bool is_answer = e->end == EXCHANGE_ANSWERED || e->status == 429;
  struct limiter_event event = {.status = is_answer ? e->status : 0,
                                .attempts = e->attempts,
                                .sent_ns = e->began_mono_ns,
                                .bytes_sent = e->bytes_sent,
                                .bytes_received = e->bytes_received,
                                .limits = e->limits,
                                .wall_ms = clock_wall_ms(n->clock)};
  if (e->status == 429) {
    struct refusal refusal;
    refusal_parse(&refusal, buf_slice(&e->text));
    event.has_retry_after = refusal.has_retry_after;
    event.retry_after_s = refusal.retry_after_s;
  }
  limiter_returned(&n->limiter, &event, clock_mono_ns(n->clock));
  return e;
}

static void cancel(struct transport *t) { engine_cancel(net_of(t)->engine); }

/* ---- opening ---- */

static int64_t or_default(int64_t value, int64_t value_default) {
  return value > 0 ? value : value_default;
}

static int take_url(struct net *n, const char *url, struct error *err) {
  if (origin_of_url(n->origin, slice_of(url), err) != 0) return -1;
  if (!origin_is_safe(n->origin)) {
    error_set(err, ERROR_USAGE, "%s is not encrypted", n->origin);
    return error_hint(err, "use https://; http:// is for this machine only");
  }
  size_t len = strlen(url);
  while (len > 0 && url[len - 1] == '/') len--;
  if (len >= sizeof n->base_url) return error_set(err, ERROR_USAGE, "the base URL is too long");
  memcpy(n->base_url, url, len);
  return 0;
}

static int copy_text(char **to, const char *text, struct error *err) {
  if (!text) return 0;
  *to = strdup(text);
  return *to ? 0 : error_set(err, ERROR_MEMORY, "no memory for the network");
}

/* Appends LINE; false without memory. */
static bool add_line(struct curl_slist **lines, const char *line) {
  struct curl_slist *longer = curl_slist_append(*lines, line);
  if (longer) *lines = longer;
  return longer != NULL;
}

/* The heads of requests with a body and without one.  KEY_LINE may be NULL. */
static int make_heads(struct net *n, const char *key_line, struct error *err) {
  struct curl_slist **with = &n->shared.with_body, **without = &n->shared.without;
  bool ok = add_line(with, "Content-Type: application/json") && add_line(with, "Expect:") &&
            add_line(without, "Cache-Control: no-cache");
  if (key_line) ok = ok && add_line(with, key_line) && add_line(without, key_line);
  return ok ? 0 : error_set(err, ERROR_MEMORY, "no memory for the network");
}

static int take_key(struct net *n, const struct secret *key, struct error *err) {
  if (!key) return make_heads(n, NULL, err);
  struct secret *line = secret_header(key, n->origin, err);
  if (!line) return -1;
  int result = make_heads(n, secret_open(line).ptr, err);
  secret_close(line);
  secret_free(line);
  return result;
}

static int open_all(struct net *n, const struct net_options *o, struct error *err) {
  int concurrency = o->concurrency > 0 ? o->concurrency : 1;
  if (concurrency > NET_CONCURRENCY_MAX) concurrency = NET_CONCURRENCY_MAX;
  n->transport = (struct transport){ready_at, submit, next, cancel};
  n->clock = o->clock ? o->clock : &clock_real;
  limiter_init(&n->limiter, concurrency, o->requests_per_minute,
               or_default(o->give_up_ms, GIVE_UP_MS));
  if (take_url(n, o->base_url, err) != 0) return -1;
  if (copy_text(&n->proxy, o->proxy, err) != 0 || copy_text(&n->ca_file, o->ca_file, err) != 0)
    return -1;
  if (heap_start(err) != 0) return -1;
  n->has_heap = true;
  n->shared = (struct transfer_shared){
      .base_url = n->base_url,
      .origin = n->origin,
      .proxy = n->proxy,
      .ca_file = n->ca_file,
      .connect_timeout_ms = or_default(o->connect_timeout_ms, NET_CONNECT_TIMEOUT_MS),
      .stall_timeout_ms = or_default(o->stall_timeout_ms, NET_STALL_TIMEOUT_MS),
      .total_timeout_ms = or_default(o->total_timeout_ms, NET_TOTAL_TIMEOUT_MS),
      .clock = n->clock};
  if (take_key(n, o->key, err) != 0) return -1;
  return engine_start(&n->engine, &n->shared, concurrency, err);
}

int net_open(struct net **out, const struct net_options *options, struct error *err) {
  struct net *n = calloc(1, sizeof *n);
  if (!n) return error_set(err, ERROR_MEMORY, "no memory for the network");
  if (open_all(n, options, err) != 0) {
    net_close(n);
    return -1;
  }
  *out = n;
  return 0;
}

void net_close(struct net *n) {
  if (!n) return;
  engine_stop(n->engine);
  curl_slist_free_all(n->shared.with_body);
  curl_slist_free_all(n->shared.without);
  if (n->has_heap) heap_stop();
  free(n->proxy);
  free(n->ca_file);
  free(n);
}

/* ---- what is to be known of it ---- */

struct transport *net_transport(struct net *n) {
  return &n->transport;
}
int net_fd(const struct net *n) { return engine_fd(n->engine); }

struct net_limits net_limits(const struct net *n) {
  struct limiter l = n->limiter; /* asking changes nothing */
  int64_t now = clock_mono_ns(n->clock);
  struct net_limits limits = {.waited_ms = (n->waited_ns + waiting_ns(n, now)) / MS_NS,
                              .under_way = l.under_way,
                              .under_way_max = (int)l.window,
                              .limit = l.limit,
                              .remaining = l.remaining};
  int64_t at = limiter_ready_at(&l, now, &limits.why);
  if (limits.why != NET_WAIT_NONE) limits.closed_until_mono_ns = at;
  return limits;
}

struct net_budget net_budget(const struct net *n) {
  return limiter_budget(&n->limiter, clock_mono_ns(n->clock), clock_wall_ms(n->clock));
}

void net_learn(struct net *n, const struct net_budget *b) {
  limiter_learn(&n->limiter, b, clock_mono_ns(n->clock), clock_wall_ms(n->clock));
}

const char *net_version(void) { return curl_version(); }
