#include "net/net.h"

#include "api/refusal.h"
#include "base/origin.h"
#include "keys/secret.h"
#include "net/engine.h"
#include "net/heap.h"
#include "net/limiter.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { GIVE_UP_MS = 15 * 60 * 1000, BASE_URL_SIZE = 2048 };
static const int64_t MS_NS = INT64_C(1000000), OTHERS_POLL_NS = INT64_C(50000000),
                     HINT_NS = INT64_C(20000000);

struct net {
  struct transport transport; /* first: a transport is its net */
  struct engine *engine;
  struct limiter limiter;
  struct budget budget;           /* as this process last saw it */
  struct net_share share;         /* change NULL: it is this process's alone */
  int64_t hint_ns, hint_until_ns; /* what ready_at() said, and how long it is good */
  bool has_leave;                 /* the budget counts a request that is to be submitted */
  struct transfer_shared shared;
  const struct clock *clock;
  int64_t closed_since_ns, closed_until_ns; /* since when a submit has had to wait; 0: it has not */
  enum net_wait closed_why;
  int64_t waited_ns;
  bool has_heap;
  char base_url[BASE_URL_SIZE], origin[ORIGIN_SIZE];
  char whom[BASE_URL_SIZE + SECRET_LABEL_SIZE + 16];
  char *proxy, *ca_file;
};

static struct net *net_of(struct transport *t) { return (struct net *)(void *)t; }

/* ---- the budget, which other processes may share ---- */

struct budget_use {
  struct net *net;
  bool (*act)(struct net *n, void *arg); /* whether it changed n->budget */
  void *arg;
  bool is_done;
};

/* A process that died has nothing under way. */
static void forget_the_dead(struct budget *b) {
  for (int i = 0; i < BUDGET_USERS_MAX; i++) {
    int64_t pid = b->user[i].pid;
    if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH) budget_forget(b, pid);
  }
}

static bool apply(void *user, void *record) {
  struct budget_use *u = user;
  struct budget *b = &u->net->budget;
  memcpy(b, record, sizeof *b);
  forget_the_dead(b);
  u->is_done = true;
  if (!u->act(u->net, u->arg)) return false;
  memcpy(record, b, sizeof *b);
  return true;
}

/* What cannot be shared is kept for this process alone; whoever shares was told why. */
static void use_budget(struct net *n, bool (*act)(struct net *n, void *arg), void *arg) {
  struct budget_use u = {.net = n, .act = act, .arg = arg};
  const struct net_share *share = &n->share;
  if (share->change && share->change(share->user, apply, &u) == 0) return;
  if (!u.is_done) (void)act(n, arg);
}

/* From when a request may leave, and why not before. */
struct opening {
  int64_t now_ns, at_ns;
  enum net_wait why;
};

/* Whether another process's request decides: nobody wakes us when it comes back. */
static void ask_again(const struct net *n, struct opening *o) {
  if (o->at_ns != INT64_MAX || n->limiter.under_way >= (int)n->limiter.window) return;
  if (n->limiter.under_way > 0) return; /* an answer of our own comes, at the latest then */
  o->at_ns = o->now_ns + OTHERS_POLL_NS;
  o->why = n->budget.told_in_row ? NET_WAIT_TOLD : NET_WAIT_QUOTA;
}

/* A time of the own clock as the budget has it. */
static int64_t shared_ns(const struct net *n, int64_t mono_ns) {
  return mono_ns + n->share.ahead_ns;
}

static bool look_for_opening(struct net *n, void *arg) {
  struct opening *o = arg;
  o->now_ns = clock_mono_ns(n->clock);
  o->at_ns = limiter_ready_at(&n->limiter, &n->budget, shared_ns(n, o->now_ns), &o->why);
  if (o->at_ns != INT64_MAX) o->at_ns -= n->share.ahead_ns;
  ask_again(n, o);
  return false;
}

static bool give_leave_back(struct net *n, void *arg) {
  (void)arg;
  budget_unsent(&n->budget, &n->limiter.rules);
  return true;
}

static bool count_leave(struct net *n, void *arg) {
  (void)arg;
  budget_sent(&n->budget, &n->limiter.rules, shared_ns(n, clock_mono_ns(n->clock)));
  return n->has_leave = true;
}

static bool take_leave(struct net *n, void *arg) {
  struct opening *o = arg;
  (void)look_for_opening(n, o);
  return o->at_ns <= o->now_ns && count_leave(n, NULL);
}

/* ---- the transport ---- */

/* A hint, asked for at every turn of a loop: of a record on another machine for moments. */
static int64_t ready_at(struct transport *t) {
  struct net *n = net_of(t);
  struct opening o;
  bool is_far = n->share.member != 0;
  if (is_far && clock_mono_ns(n->clock) < n->hint_until_ns) return n->hint_ns;
  use_budget(n, look_for_opening, &o);
  n->hint_ns = o.at_ns;
  n->hint_until_ns = o.now_ns + HINT_NS;
  return o.at_ns;
}

static bool take(struct transport *t) {
  struct net *n = net_of(t);
  struct opening o;
  if (n->has_leave) use_budget(n, give_leave_back, NULL); /* it was not used, and is old */
  n->hint_until_ns = 0;
  n->has_leave = false;
  use_budget(n, take_leave, &o);
  if (n->has_leave) return true;
  if (o.why == NET_WAIT_NONE) return false;
  if (n->closed_since_ns == 0) n->closed_since_ns = o.now_ns;
  n->closed_until_ns = o.at_ns;
  n->closed_why = o.why;
  return false;
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
  if (!n->has_leave) use_budget(n, count_leave, NULL);
  n->has_leave = false;
  n->limiter.under_way++;
  engine_submit(n->engine, e);
}

static bool come_back(struct net *n, void *arg) {
  limiter_returned(&n->limiter, &n->budget, arg, shared_ns(n, clock_mono_ns(n->clock)));
  return true;
}

static struct exchange *next(struct transport *t) {
  struct net *n = net_of(t);
  struct exchange *e = engine_take(n->engine);
  if (!e) return NULL;
  bool is_answer = e->end == EXCHANGE_ANSWERED || e->status == 429;
  struct budget_event event = {.status = is_answer ? e->status : 0,
                               .attempts = e->attempts,
                               .sent_ns = shared_ns(n, e->began_mono_ns),
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
  use_budget(n, come_back, &event);
  n->hint_until_ns = 0;
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

static void name_asker(struct net *n, const struct secret *key) {
  if (key && secret_label(key)[0])
    (void)snprintf(n->whom, sizeof n->whom, "the key %s at %s", secret_label(key), n->base_url);
  else
    (void)snprintf(n->whom, sizeof n->whom, "%s", n->base_url);
}

static int open_all(struct net *n, const struct net_options *o, struct error *err) {
  int concurrency = o->concurrency > 0 ? o->concurrency : 1;
  if (concurrency > NET_CONCURRENCY_MAX) concurrency = NET_CONCURRENCY_MAX;
  n->transport = (struct transport){.whom = n->whom,
                                    .ready_at = ready_at,
                                    .take = take,
                                    .submit = submit,
                                    .next = next,
                                    .cancel = cancel};
  n->clock = o->clock ? o->clock : &clock_real;
  n->share = o->share;
  const struct budget_rules rules = {.pid = n->share.member ? n->share.member : getpid(),
                                     .give_up_ns = or_default(o->give_up_ms, GIVE_UP_MS) * MS_NS,
                                     .per_minute_max = o->requests_per_minute};
  limiter_init(&n->limiter, concurrency, &rules);
  if (take_url(n, o->base_url, err) != 0) return -1;
  name_asker(n, o->key);
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

static bool leave(struct net *n, void *arg) {
  int left = n->limiter.under_way + n->has_leave;
  (void)arg;
  for (int i = 0; i < left; i++) budget_unsent(&n->budget, &n->limiter.rules);
  return left > 0;
}

void net_close(struct net *n) {
  if (!n) return;
  engine_stop(n->engine);
  use_budget(n, leave, NULL);
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
  int64_t now = clock_mono_ns(n->clock);
  const struct budget *b = &n->budget;
  bool is_waiting = n->closed_since_ns && now < n->closed_until_ns;
  return (struct net_limits){.why = is_waiting ? n->closed_why : NET_WAIT_NONE,
                             .closed_until_mono_ns = is_waiting ? n->closed_until_ns : 0,
                             .waited_ms = (n->waited_ns + waiting_ns(n, now)) / MS_NS,
                             .under_way = n->limiter.under_way,
                             .under_way_max = (int)n->limiter.window,
                             .limit = b->is_shown ? b->limit : -1,
                             .remaining = b->is_shown ? b->remaining : -1};
}

size_t net_share_size(void) { return sizeof(struct budget); }

const char *net_version(void) { return curl_version(); }
