#include "sync/inside.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Batches that can be under way, open for each kind, and ready for each kind. */
enum {
  POOL_SPARE = 3,
  ANSWER_BYTES_A_ROW = 64 << 10,
  ANSWER_BYTES_MIN = 1 << 20,
  IDENTITIES_MAX = 1 << 22,
  DRY_MAX = 1 << 26
};

int64_t sync_now(const struct sync *s) { return clock_mono_ns(s->options.clock); }

void sync_warn(struct sync *s, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  s->options.events.warn(s->options.events.user, text);
}

void sync_fail(struct sync *s, const struct error *why) {
  if (s->is_stopped) return; /* the first cause is the one told */
  s->is_stopped = true;
  s->why = *why;
}

int sync_need_stream(struct sync *s) {
  struct error err;
  if (s->stream) return 0;
  s->stream = s->options.events.stream(s->options.events.user, &err);
  if (s->stream) return 0;
  sync_fail(s, &err);
  return -1;
}

struct batch *sync_free_batch(struct sync *s) {
  for (uint32_t i = 1; i < s->pool_len; i++)
    if (s->pool[i].state == BATCH_FREE) return &s->pool[i];
  return NULL;
}

/* ---- life ---------------------------------------------------------------- */

/* Hoko may add members to its objects; beyond this an answer is no answer. */
static size_t answer_bytes_max(const struct sync_options *o) {
  size_t bytes = (size_t)o->batch_rows * 1024 + 16 * o->batch_bytes;
  return bytes < ANSWER_BYTES_MIN ? ANSWER_BYTES_MIN : bytes;
}

static int new_flights(struct sync *s, const struct batch_limits *limits, struct error *err) {
  unsigned n = s->options.concurrency;
  s->flights = calloc(n, sizeof *s->flights);
  s->idle = calloc(n, sizeof *s->idle);
  if (!s->flights || !s->idle)
    return error_set(err, ERROR_MEMORY, "out of memory for %u requests", n);
  for (; s->idle_len < n; s->idle_len++) {
    if (flight_init(&s->flights[s->idle_len], limits, err)) return -1;
    s->idle[s->idle_len] = &s->flights[s->idle_len];
  }
  return 0;
}

static int new_pool(struct sync *s, struct error *err) {
  const struct sync_options *o = &s->options;
  struct batch_limits limits = {.rows_max = o->batch_rows,
                                .body_max = o->batch_bytes,
                                .answer_bytes_max = answer_bytes_max(o),
                                .key = o->hash_key};
  uint32_t len = o->concurrency + POOL_SPARE + 1;
  s->pool = calloc(len, sizeof *s->pool);
  s->ready = calloc(len, sizeof *s->ready);
  if (!s->pool || !s->ready)
    return error_set(err, ERROR_MEMORY, "out of memory for %u batches", len);
  for (; s->pool_len < len; s->pool_len++) {
    struct batch_limits its = limits;
    if (s->pool_len == 0) its.rows_max = DEFERRED_ROWS;
    if (batch_init(&s->pool[s->pool_len], s->pool_len, &its, err)) return -1;
  }
  batch_begin(&s->pool[0], BATCH_UPDATE);
  s->pool[0].state = BATCH_READY; /* its rows can be merged with */
  return new_flights(s, &limits, err);
}

static int new_scratch(struct sync *s, struct error *err) {
  const struct sync_options *o = &s->options;
  s->intake.rows = calloc(INTAKE_ROWS, sizeof *s->intake.rows);
  s->intake.known = calloc(INTAKE_ROWS, sizeof *s->intake.known);
  s->acks = calloc(o->batch_rows, sizeof *s->acks);
  s->made = calloc(o->batch_rows, sizeof *s->made);
  s->held_numbers = calloc(o->batch_rows, sizeof *s->held_numbers);
  if (!s->intake.rows || !s->intake.known || !s->acks || !s->made || !s->held_numbers)
    return error_set(err, ERROR_MEMORY, "out of memory for batches of %u rows", o->batch_rows);
  return rejects_init(&s->rejects, err) ? -1 : matching_init(&s->matching, o->batch_rows, err);
}

int sync_new(struct sync **out, const struct sync_options *options, struct error *err) {
  struct sync *s = calloc(1, sizeof *s);
  if (!s) return error_set(err, ERROR_MEMORY, "out of memory for an upsert");
  s->options = *options;
  s->seed = options->seed;
  s->identities =
      (struct identities){.map = MAP_WITH_LIMIT(IDENTITIES_MAX), .key = options->hash_key};
  s->dry = MAP_WITH_LIMIT(DRY_MAX);
  ask_init(&s->ask, &(struct ask_options){.transport = options->transport,
                                          .clock = options->clock,
                                          .give_up_ms = options->give_up_ms,
                                          .seed = options->seed});
  if (new_pool(s, err) || new_scratch(s, err)) {
    sync_free(s);
    return -1;
  }
  s->identities.pool = s->pool;
  *out = s;
  return 0;
}

void sync_free(struct sync *s) {
  if (!s) return;
  for (uint32_t i = 0; i < s->pool_len; i++) batch_free(&s->pool[i]);
  for (unsigned i = 0; s->flights && i < s->options.concurrency; i++) flight_free(&s->flights[i]);
  map_free(&s->identities.map);
  map_free(&s->dry);
  free(s->dry_partners);
  matching_free(&s->matching);
  rejects_free(&s->rejects);
  ask_free(&s->ask);
  look_free(s->leftover.look);
  claims_free(&s->made_ids);
  intake_free(s);
  free(s->acks);
  free(s->made);
  free(s->held_numbers);
  free(s->pool);
  free(s->ready);
  free(s->flights);
  free(s->idle);
  free(s);
}

/* ---- driven -------------------------------------------------------------- */

bool sync_wants_rows(const struct sync *s) {
  return !s->intake.payload && !s->is_ended && !s->is_stopped;
}

void sync_feed(struct sync *s, char *payload, size_t len) {
  assert(!s->intake.payload);
  s->intake.payload = payload;
  s->intake.rest = (struct slice){payload, len};
  s->intake.i = s->intake.n = 0;
}

void sync_end(struct sync *s) { s->is_ended = true; }

void sync_skipped(struct sync *s, int64_t rows) { s->tally.skipped += rows; }

/* What is neither on the wire nor told becomes pending; intents of what was not
 * sent, or surely not applied, are closed.  What a refused create left behind is not
 * known any more: it is held. */
static void abandon(struct sync *s) {
  for (uint32_t n = 0; n < s->pool_len; n++) {
    struct batch *b = &s->pool[n];
    if (b->state == BATCH_FREE || b->state == BATCH_SENT) continue;
    if (b->is_unrecorded || leftover_is_due(b)) settle_unrecorded(s, b);
    for (uint32_t i = 0; i < b->rows_len; i++)
      if (!b->rows[i].is_told) s->tally.pending++;
    (void)settle_abandoned(s, b); /* it has warned; the next run finds the intents */
    b->rows_len = 0;
    b->ranges_len = 0;
    if (n) b->state = BATCH_FREE;
  }
  (void)!settle_rejects(s); /* where that fails, their rows are pending too */
  s->open[BATCH_CREATE] = s->open[BATCH_UPDATE] = NULL;
  s->ready_len = 0;
  free(s->intake.payload);
  s->intake.payload = NULL;
}

static bool take_exchanges(struct sync *s) {
  struct exchange *e;
  bool any = false;
  if (s->options.is_dry) return dry_has_room(s); /* there is no transport */
  while ((e = transport_next(s->options.transport))) {
    if (!leftover_take(s, e) && !asking_take(s, e)) dispatch_take(s, e);
    any = true;
  }
  return any;
}

void sync_step(struct sync *s) {
  do {
    intake_step(s);
    leftover_step(s);
    dispatch_step(s);
    asking_step(s);
    if (!s->was_replanned && !s->is_stopped) {
      s->was_replanned = true;
      waiting_replan(s);
      dispatch_step(s);
    }
  } while (take_exchanges(s));
  bool is_last = s->is_ended && !s->intake.payload;
  if (is_last || sync_now(s) >= rejects_due(&s->rejects))
    (void)!settle_rejects(s); /* -1: it is stopped */
  if (s->is_stopped) abandon(s);
}

int64_t sync_wake_at(const struct sync *s) {
  int64_t at = rejects_due(&s->rejects), look = leftover_wake_at(s);
  if (look < at) at = look;
  if (s->is_stopped || s->options.is_dry) return at;
  int64_t open = transport_ready_at(s->options.transport), asked = ask_wake_at(&s->ask);
  if (asked < at) at = asked;
  for (uint32_t i = 1; i < s->pool_len; i++) {
    const struct batch *b = &s->pool[i];
    if (b->state != BATCH_WAITING) continue;
    int64_t then = b->not_before_ns > open ? b->not_before_ns : open;
    if (then < at) at = then;
  }
  if (s->ready_len && s->sent_len < s->options.concurrency && open < at) at = open;
  return at;
}

bool sync_is_done(const struct sync *s) {
  if (s->sent_len || s->ask.is_sent || leftover_is_waiting(s)) return false;
  if (s->is_stopped) return true;
  if (!s->is_ended || s->intake.payload || s->pool[0].rows_len || s->rejects.len) return false;
  for (uint32_t i = 1; i < s->pool_len; i++)
    if (s->pool[i].state != BATCH_FREE && s->pool[i].rows_len) return false;
  return true;
}

void sync_stop(struct sync *s, const struct error *why) { sync_fail(s, why); }

const struct error *sync_error(const struct sync *s) { return s->is_stopped ? &s->why : NULL; }

struct sync_planned sync_planned(const struct sync *s) {
  struct sync_planned p = {.is_all = s->is_ended && !s->intake.payload && !s->pool[0].rows_len};
  for (uint32_t n = 1; n < s->pool_len; n++) {
    const struct batch *b = &s->pool[n];
    if (b->state == BATCH_FREE) continue;
    *(b->kind == BATCH_CREATE ? &p.creates : &p.updates) += b->rows_len;
  }
  return p;
}

const struct tally *sync_tally(const struct sync *s) { return &s->tally; }

int64_t sync_doubt_since_ms(const struct sync *s) { return s->doubt_since_ms; }

const struct claims *sync_made(const struct sync *s) { return &s->made_ids; }

int64_t sync_under_way(const struct sync *s) { return s->tally.submitted - tally_told(&s->tally); }
