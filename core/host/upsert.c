/* One upsert: the worker's frames into a sync, its outcomes back to the worker. */
#include "host/running.h"

#include "base/random.h"
#include "host/doubt.h"
#include "host/missing_run.h"
#include "host/reject_message.h"
#include "host/result.h"
#include "host/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_dry(const struct running *r) { return r->job->is_dry || r->upsert.dry_run; }

struct stream *upsert_stream(struct running *r, struct error *err) {
  const char *name = r->upsert.has_stream ? r->upsert.stream
                     : r->job->stream     ? r->job->stream
                                          : "-";
  bool is_reader = is_dry(r);
  if (r->stream && strcmp(r->stream_name, name) == 0 && r->is_stream_reader == is_reader)
    return r->stream;
  if (running_need_state(r, err)) return NULL;
  stream_close(r->stream);
  r->stream = NULL;
  struct stream_options o = {.name = slice_of(name),
                             .base_url = slice_of(r->job->base_url),
                             .is_reader = is_reader,
                             .script = slice_of(r->job->script),
                             .run = slice_of(r->result->run),
                             .wait_ms = r->job->wait_ms};
  if (stream_open(&r->stream, r->state, &o, err)) return NULL;
  (void)snprintf(r->stream_name, sizeof r->stream_name, "%s", name);
  r->is_stream_reader = is_reader;
  return r->stream;
}

static struct stream *need_stream(void *user, struct error *err) {
  return upsert_stream(user, err);
}

static void ignore_refusal(void *user, uint64_t ordinal, const struct sync_refusal *why) {
  (void)user, (void)ordinal, (void)why; /* it is in the rejects */
}

/* ---- begin --------------------------------------------------------------- */

static bool is_arabic(const struct job *job) {
  for (char *const *e = job->environment; e && *e; e++)
    if (strncmp(*e, "LANG=ar", 7) == 0) return true;
  return false;
}

static int start_sync(struct running *r, struct error *err) {
  const struct upsert_options *u = &r->upsert;
  struct sync_options o = {.clock = r->job->clock,
                           .run = r->run_number,
                           .file = r->source_file,
                           .key_name = u->key_name[0] ? u->key_name : NULL,
                           .has_key = u->has_key,
                           .sends_all = u->send_all,
                           .wants_objects = u->wants_objects,
                           .is_dry = is_dry(r),
                           .seen = u->reports_missing || u->deletes_missing ? &r->seen : NULL,
                           .recreates = r->job->recreates,
                           .retries_rejects = r->job->retries_rejects,
                           .is_arabic = is_arabic(r->job),
                           .posts = strcmp(u->verb, "create") == 0,
                           .adopts = strcmp(u->verb, "adopt") == 0,
                           .batch_rows = (uint32_t)u->batch_rows,
                           .batch_bytes = (size_t)u->batch_bytes,
                           .concurrency = (unsigned)u->concurrency,
                           .give_up_ms = r->job->give_up_ms,
                           .bisect_limit = r->job->bisect_limit};
  o.events = told_events(r);
  o.events.stream = need_stream;
  random_bytes(&o.seed, sizeof o.seed);
  random_bytes(&o.hash_key, sizeof o.hash_key);
  if (running_need_state(r, err) || (!o.is_dry && running_need_net(r, err))) return -1;
  o.state = r->state;
  o.run = r->run_number;
  if (r->net) o.transport = &r->rows_gate.transport;
  r->sync_options = o;
  return sync_new(&r->sync, &o, err);
}

/* ---- settling ------------------------------------------------------------ */

/* Whether creates of the stream may be held: opening it only to look is not free. */
static bool may_be_held(struct running *r) {
  struct stream_info some[64];
  size_t n = 0;
  struct error err;
  if (is_dry(r)) return false;
  if (r->upsert.has_key) return true;
  if (stream_list(r->state, some, sizeof some / sizeof *some, &n, &err))
    return true; /* opening it tells why */
  for (size_t i = 0; i < n; i++)
    if (some[i].held) return true;
  return false;
}

/* Since when partners may stand twice, by what this upsert or the settling before it did. */
static int64_t doubt_since_ms(const struct running *r) {
  int64_t own = sync_doubt_since_ms(r->sync), resent = r->resent_since_ms;
  return own && resent ? (own < resent ? own : resent) : own + resent;
}

static int start_settling(struct running *r, bool is_last, struct error *err) {
  struct settle_options o = {.state = r->state,
                             .resend = r->sync_options,
                             .window_ms = r->job->settle_window_ms,
                             .only_adopts =
                                 is_last || r->job->events.confirm, /* nobody was asked yet */
                             .doubt_since_ms = is_last ? doubt_since_ms(r) : 0,
                             .made = is_last ? sync_made(r->sync) : NULL};
  o.resend.events.acked = NULL; /* no row of the script's */
  o.resend.events.dropped = NULL;
  o.resend.events.refused = ignore_refusal;
  o.stream = need_stream(r, err);
  r->is_last_settling = is_last;
  return o.stream ? settle_new(&r->settle, &o, err) : -1;
}

/* A key that the stream does not know may be another workspace's. */
static int start_checking(struct running *r, struct error *err) {
  char fingerprint[SECRET_FINGERPRINT_SIZE];
  const struct sync_options *s = &r->sync_options;
  struct workspace_options o = {.stream = upsert_stream(r, err),
                                .ask = {.transport = s->transport,
                                        .clock = s->clock,
                                        .give_up_ms = s->give_up_ms,
                                        .seed = s->seed}};
  if (!o.stream) return -1;
  secret_fingerprint(r->key, fingerprint);
  o.fingerprint = slice_of(fingerprint);
  int rc = workspace_begin(&r->workspace, &o, err);
  r->is_checking = rc == 0 && !workspace_is_done(&r->workspace);
  if (!r->is_checking) workspace_free(&r->workspace);
  return rc;
}

static void give_credits(struct running *r) {
  running_send(r, &(struct message){.kind = MESSAGE_CREDIT, .number = {CREDITS}});
}

/* What was held by this upsert and is found is created after all. */
static void count_adopted(struct running *r, struct tally *t) {
  struct settled settled = settle_result(r->settle);
  int64_t found = settled.adopted < t->held ? settled.adopted : t->held;
  t->held -= found;
  t->created += found;
}

static void warn_held(struct running *r, const struct settled *settled) {
  char text[700];
  if (settled->held == 0) return;
  (void)snprintf(text, sizeof text,
                 "%" PRId64 " creates of stream %s still have an unknown outcome", settled->held,
                 r->stream_name);
  running_warn(r, text);
}

/* The stream is ours to write: what is held comes first. */
static void may_write(struct running *r) {
  struct error err;
  if (may_be_held(r) && start_settling(r, false, &err)) {
    running_stop(r, &err);
    sync_stop(r->sync, &err);
  } else if (!r->settle) {
    give_credits(r);
  }
}

void upsert_begin(struct running *r, const struct message *m) {
  struct error err;
  r->source_file[0] = '\0';
  r->has_source_file = false;
  r->is_source_ended = r->is_source_whole = r->has_result_sent = false;
  r->rejects_told = r->credits = r->keyless_rejects = r->resent_since_ms = 0;
  seen_free(&r->seen);
  r->warned[0] = '\0';
  gate_shut(&r->rows_gate);
  r->upsert_began_ns = running_now(r);
  r->upsert_requests = r->result->requests_sent;
  if (upsert_options_read(&r->upsert, m->text[0], &err)) {
    running_stop(r, &err);
    r->is_closed = true; /* such a worker is not spoken to any more */
    return;
  }
  if (r->stop.code != ERROR_NONE) return;
  if (start_sync(r, &err) || (may_be_held(r) && start_checking(r, &err))) {
    running_stop(r, &err);
    if (r->sync) sync_stop(r->sync, &err);
  }
  if (r->stop.code == ERROR_NONE && !r->is_checking) may_write(r);
}

static void step_checking(struct running *r) {
  if (sync_error(r->sync)) workspace_stop(&r->workspace, sync_error(r->sync));
  workspace_step(&r->workspace);
  if (!workspace_is_done(&r->workspace)) return;
  const struct error *why = workspace_error(&r->workspace);
  if (why) sync_stop(r->sync, why);
  workspace_free(&r->workspace);
  r->is_checking = false;
  if (!sync_error(r->sync)) may_write(r);
}

/* ---- rows ---------------------------------------------------------------- */

/* Rows under way know their lines only, so of two files neither can be told. */
void upsert_file(struct running *r, const struct message *m) {
  struct slice file = r->has_source_file ? (struct slice){NULL, 0} : m->text[0];
  (void)snprintf(r->source_file, sizeof r->source_file, "%.*s", (int)file.len,
                 file.ptr ? file.ptr : "");
  r->has_source_file = true;
}

void upsert_rows(struct running *r, const struct message *m) {
  size_t len = m->text[0].len;
  char *payload = channel_keep(r->worker->channel);
  r->credits--;
  if (!r->sync || sync_error(r->sync) || r->frames_len == FRAMES_MAX) {
    free(payload); /* rows that come after a stop were not taken */
    return;
  }
  r->frames[r->frames_len++] = (struct frame){payload, len};
}

static void feed(struct running *r) {
  while (r->frames_len && sync_wants_rows(r->sync)) {
    struct frame f = r->frames[0];
    r->frames_len--;
    memmove(r->frames, r->frames + 1, r->frames_len * sizeof *r->frames);
    sync_feed(r->sync, f.payload, f.len);
    sync_step(r->sync);
    if (!r->is_closed) running_send(r, &(struct message){.kind = MESSAGE_CREDIT, .number = {1}});
  }
}

void upsert_reject(struct running *r, const struct message *m) {
  struct reject_texts texts;
  struct reject reject;
  if (!r->sync) return;
  reject_message_read(m, &texts, &reject);
  if (reject.key.len)
    sync_has_key(r->sync, reject.key);
  else
    r->keyless_rejects++;
  sync_reject(r->sync, &reject);
}

void upsert_seen(struct running *r, const struct message *m) {
  if (r->sync) sync_has_key(r->sync, m->text[0]);
}

void upsert_end(struct running *r, const struct message *m) {
  r->is_source_ended = true;
  r->is_source_whole = m->number[1] == 0;
  if (r->sync) sync_skipped(r->sync, m->number[0]);
}

void upsert_cut(struct running *r) { r->is_source_ended = true; }

/* ---- the result ---------------------------------------------------------- */

static void note_doubt(struct running *r) {
  const struct doubt d = {r->state, r->stream_name, r->job->base_url};
  int64_t since_ms = doubt_since_ms(r);
  struct error err;
  if (since_ms && r->stream && !is_dry(r) && doubt_note(&d, since_ms, &err)) running_stop(r, &err);
}

static void finish(struct running *r, const struct tally *t) {
  const struct error *why = sync_error(r->sync);
  note_doubt(r);
  result_send(r, t, why);
  tally_add(&r->before, t);
  if (why) running_stop(r, why);
  for (size_t i = 0; i < r->frames_len; i++) free(r->frames[i].payload);
  r->frames_len = 0;
  sync_free(r->sync);
  r->sync = NULL;
  calls_write_store(r);
}

/* The rows are told; what the source no longer has comes last. */
static void conclude(struct running *r, const struct tally *t) {
  r->tally = *t;
  if (!missing_run_begin(r, &r->tally)) finish(r, &r->tally);
}

/* Where nothing is held, only the look for twins is missing: no reason to fail. */
static void last_look_failed(struct running *r, const struct tally *t, const struct error *why) {
  char text[sizeof why->message + 64];
  if (t->held) {
    running_stop(r, why);
    return;
  }
  (void)snprintf(text, sizeof text, "twins were not looked for: %s", why->message);
  running_warn(r, text);
}

static void keep_twins(struct run_result *result, const struct settled *settled) {
  result->twins += settled->twins;
  for (size_t i = 0; i < settled->twins_len && result->twins_len < RUN_TWINS_MAX; i++)
    result->twin[result->twins_len++] = settled->twin[i];
}

/* The pass is over: rows may come, or the upsert is told. */
static void settling_done(struct running *r) {
  struct tally t = *sync_tally(r->sync);
  struct settled settled = settle_result(r->settle);
  const struct error *why = settle_error(r->settle);
  if (r->is_last_settling)
    count_adopted(r, &t);
  else
    warn_held(r, &settled);
  if (why && !r->is_last_settling) sync_stop(r->sync, why);
  if (why && r->is_last_settling) last_look_failed(r, &t, why);
  r->resent_since_ms = settled.resent_since_ms;
  keep_twins(r->result, &settled);
  bool is_last = r->is_last_settling;
  settle_free(r->settle);
  r->settle = NULL;
  if (is_last)
    conclude(r, &t);
  else if (!why)
    give_credits(r);
}

static void sync_done(struct running *r) {
  const struct tally *t = sync_tally(r->sync);
  struct error err;
  bool is_in_doubt = t->held > 0 || doubt_since_ms(r);
  bool looks = is_in_doubt && !sync_error(r->sync) && !r->signal && !is_dry(r);
  if (looks && start_settling(r, true, &err) == 0 && r->settle)
    return; /* once, and adopts what it finds */
  conclude(r, t);
}

void upsert_step(struct running *r) {
  static const struct tally nothing;
  if (!r->sync) {
    /* A run that was stopped before answers later upserts at once. */
    if (r->stop.code != ERROR_NONE && !r->has_result_sent && r->upsert_began_ns)
      result_send(r, &nothing, &r->stop);
    return;
  }
  if (r->is_checking) {
    step_checking(r);
    if (r->is_checking) return;
  }
  if (r->missing) {
    if (missing_run_step(r, &r->tally)) finish(r, &r->tally);
    return;
  }
  if (r->settle) {
    if (sync_error(r->sync)) settle_stop(r->settle, sync_error(r->sync));
    settle_step(r->settle);
    if (settle_is_done(r->settle)) settling_done(r);
    if (r->settle || !r->sync) return;
  }
  sync_step(r->sync);
  feed(r);
  if (r->is_source_ended && !r->frames_len) sync_end(r->sync);
  sync_step(r->sync);
  if (sync_is_done(r->sync)) sync_done(r);
}

int64_t upsert_wake_at(const struct running *r) {
  if (r->is_checking) return workspace_wake_at(&r->workspace);
  if (r->missing) return missing_run_wake_at(r);
  if (r->settle) return settle_wake_at(r->settle);
  return r->sync ? sync_wake_at(r->sync) : INT64_MAX;
}
