#include "host/settle_run.h"

#include "base/random.h"
#include "host/doubt.h"
#include "host/shared_rate.h"
#include "sync/workspace.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS_MAX = 1024, TICK_MS = 100 };

static const int64_t NS_A_MS = 1000000;

struct settling {
  const struct settle_job *job;
  struct state *state;
  struct stream *stream;
  struct net *net;
  struct shared_rate rate;
  struct rate_wait wait;
  struct secret *key;
};

static struct stream *give_stream(void *user, struct error *err) {
  struct settling *s = user;
  (void)err; /* it is open */
  return s->stream;
}

static void warn(void *user, const char *message) {
  struct settling *s = user;
  s->job->warn(s->job->user, message);
}

static void refused(void *user, uint64_t ordinal, const struct sync_refusal *why) {
  (void)user, (void)ordinal, (void)why; /* it is in the rejects */
}

static int need_net(struct settling *s, struct error *err) {
  const struct settle_job *job = s->job;
  if (s->net) return 0;
  if (job->key(job->user, &s->key, err)) return -1;
  struct net_options o = {.base_url = job->base_url,
                          .key = s->key,
                          .concurrency = (int)job->concurrency,
                          .requests_per_minute = (int)job->requests_per_minute,
                          .give_up_ms = job->give_up_ms,
                          .share = shared_rate_begin(&s->rate, s->state, job->base_url, s->key),
                          .clock = job->clock};
  return net_open(&s->net, &o, err);
}

static struct sync_options resend_options(struct settling *s) {
  const struct settle_job *job = s->job;
  struct sync_options o = {
      .state = s->state,
      .transport = net_transport(s->net),
      .clock = job->clock,
      .events = {.user = s, .refused = refused, .warn = warn, .stream = give_stream},
      .file = "",
      .batch_rows = (uint32_t)job->batch_rows,
      .batch_bytes = (size_t)job->batch_bytes,
      .concurrency = (unsigned)job->concurrency,
      .give_up_ms = job->give_up_ms,
      .bisect_limit = 1500};
  random_bytes(&o.seed, sizeof o.seed);
  random_bytes(&o.hash_key, sizeof o.hash_key);
  return o;
}

static void wait_for_answer(struct settling *s, int64_t wake) {
  struct net_limits limits = net_limits(s->net);
  char text[RATE_WAIT_TEXT_SIZE];
  if (rate_wait_tell(&s->wait, &limits, s->job->clock, text)) s->job->warn(s->job->user, text);
  int64_t now = clock_mono_ns(s->job->clock), at = now + TICK_MS * NS_A_MS;
  if (wake < at) at = wake;
  struct pollfd p = {.fd = net_fd(s->net), .events = POLLIN};
  (void)poll(&p, 1,
             at <= now ? 0
                       : (int)((at - now + NS_A_MS - 1) / NS_A_MS)); /* a signal ends the process */
}

static int settle_stream(struct settling *s, const struct doubt *d, struct settled *settled,
                         struct error *err) {
  struct settle_options o = {.state = s->state,
                             .stream = s->stream,
                             .resend = resend_options(s),
                             .window_ms = s->job->window_ms};
  struct settle *settle;
  if (doubt_read(d, &o.doubt_since_ms, err) || settle_new(&settle, &o, err)) return -1;
  *settled = (struct settled){.held = 0};
  if (!settle) return 0;
  for (settle_step(settle); !settle_is_done(settle); settle_step(settle))
    wait_for_answer(s, settle_wake_at(settle));
  *settled = settle_result(settle);
  const struct error *why = settle_error(settle);
  if (why) *err = *why;
  settle_free(settle);
  if (why) return -1;
  if (settled->resent_since_ms && doubt_note(d, settled->resent_since_ms, err)) return -1;
  return doubt_looked(d, clock_wall_ms(s->job->clock), err);
}

/* A key of another workspace would find nothing there and make all again. */
static int check_key(struct settling *s, struct error *err) {
  char fingerprint[SECRET_FINGERPRINT_SIZE];
  struct workspace w;
  struct workspace_options o = {.stream = s->stream,
                                .ask = {.transport = net_transport(s->net),
                                        .clock = s->job->clock,
                                        .give_up_ms = s->job->give_up_ms}};
  random_bytes(&o.ask.seed, sizeof o.ask.seed);
  secret_fingerprint(s->key, fingerprint);
  o.fingerprint = slice_of(fingerprint);
  int rc = workspace_begin(&w, &o, err);
  if (rc == 0)
    for (workspace_step(&w); !workspace_is_done(&w); workspace_step(&w))
      wait_for_answer(s, workspace_wake_at(&w));
  const struct error *why = rc == 0 ? workspace_error(&w) : NULL;
  if (why) *err = *why;
  workspace_free(&w);
  return why ? -1 : rc;
}

static int one(struct settling *s, const struct stream_info *info, int64_t *held,
               struct error *err) {
  struct stream_options o = {.name = slice_of(info->name),
                             .base_url = slice_of(info->base_url),
                             .script = SLICE("hoko settle"),
                             .wait_ms = s->job->wait_ms};
  struct settled settled = {.held = 0};
  const struct doubt d = {s->state, info->name, info->base_url};
  if (need_net(s, err) || stream_open(&s->stream, s->state, &o, err)) return -1;
  int rc = check_key(s, err) ? -1 : settle_stream(s, &d, &settled, err);
  stream_close(s->stream);
  s->stream = NULL;
  *held += settled.held;
  s->job->told(s->job->user, info->name, &settled);
  return rc;
}

/* *IS_WANTED: rows of it are held, or partners may stand twice, or it is asked for by name. */
static int look_at(const struct settling *s, const struct stream_info *info, bool *is_wanted,
                   struct error *err) {
  const struct doubt d = {s->state, info->name, info->base_url};
  int64_t since_ms;
  *is_wanted = false;
  if (strcmp(info->base_url, s->job->base_url) != 0) return 0;
  if (s->job->stream) {
    *is_wanted = strcmp(info->name, s->job->stream) == 0;
    return 0;
  }
  if (doubt_read(&d, &since_ms, err)) return -1;
  *is_wanted = info->held > 0 || since_ms;
  return 0;
}

int host_settle(const struct settle_job *job, int64_t *held, struct error *err) {
  struct settling s = {.job = job};
  struct state_options o = {.url = job->state, .clock = job->clock};
  struct stream_info *streams = calloc(STREAMS_MAX, sizeof *streams);
  size_t n = 0;
  int rc = streams ? 0 : error_set(err, ERROR_MEMORY, "out of memory for the streams");
  *held = 0;
  if (rc == 0) rc = state_open(&s.state, &o, err);
  if (rc == 0) rc = stream_list(s.state, streams, STREAMS_MAX, &n, err);
  for (size_t i = 0; rc == 0 && i < n; i++) {
    bool is_wanted;
    rc = look_at(&s, &streams[i], &is_wanted, err);
    if (rc == 0 && is_wanted) rc = one(&s, &streams[i], held, err);
  }
  if (rc == 0 && s.rate.err.code != ERROR_NONE) {
    *err = s.rate.err;
    rc = -1;
  }
  net_close(s.net);
  secret_free(s.key);
  state_close(s.state);
  free(streams);
  return rc;
}
