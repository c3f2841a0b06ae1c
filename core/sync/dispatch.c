/* Batches out, exchanges back: what an outcome does to its batch. */
#include "sync/inside.h"

#include "api/refusal.h"
#include "sync/backoff.h"

#include <assert.h>
#include <stdio.h>

enum { ERROR_TEXT_MAX = 64 << 10, MS = 1000000, TOLD_TRIES = 2 };

/* ---- out ----------------------------------------------------------------- */

/* has_slot() knows that one is idle.  A create's objects are matched by content. */
static void take_flight(struct sync *s, struct batch *b) {
  assert(s->idle_len > 0);
  b->flight = s->idle[--s->idle_len];
  answer_reset(&b->flight->answer);
  answer_keep_text(&b->flight->answer, s->options.wants_objects || b->kind == BATCH_CREATE);
}

static void give_flight(struct sync *s, struct batch *b) {
  s->idle[s->idle_len++] = b->flight;
  b->flight = NULL;
}

/* J1: a create is committed as an intent before a byte of it leaves. */
static int send_batch(struct sync *s, struct batch *b) {
  struct error err;
  if (b->kind == BATCH_CREATE && settle_intent(s, b)) return -1;
  take_flight(s, b);
  if (batch_assemble(b, &err)) {
    give_flight(s, b);
    sync_fail(s, &err);
    return -1;
  }
  buf_clear(&b->exchange.text);
  struct buf text = b->exchange.text;
  text.limit = ERROR_TEXT_MAX;
  bool is_create = b->kind == BATCH_CREATE;
  b->exchange =
      (struct exchange){.method = is_create && s->options.posts ? EXCHANGE_POST : EXCHANGE_PUT,
                        .target = "/partners",
                        .body = buf_slice(&b->flight->body),
                        .is_once = is_create,
                        .is_again = b->is_again,
                        .answer = &b->flight->answer,
                        .owner = b,
                        .text = text};
  b->is_again = false;
  b->state = BATCH_SENT;
  s->sent_len++;
  if (b->is_split) s->bisected++;
  transport_submit(s->options.transport, &b->exchange);
  return 0;
}

static void drop_first_ready(struct sync *s) {
  s->ready_len--;
  memmove(s->ready, s->ready + 1, s->ready_len * sizeof *s->ready);
}

static bool has_slot(const struct sync *s) {
  return s->sent_len + leftover_is_waiting(s) < s->options.concurrency;
}

static void stop_limited(struct sync *s, int64_t wait_ns) {
  struct error err;
  (void)error_set(&err, ERROR_UNREACHABLE, "Hoko's rate limit opens in %lld s, if then",
                  (long long)(wait_ns / MS / 1000));
  (void)error_hint(&err, "the rows are pending: run the script again then, or set --give-up");
  sync_fail(s, &err);
}

/* Whether a request may leave now.  Another process may have been told to wait for longer
 * than this one would. */
static bool may_send(struct sync *s) {
  if (transport_is_ready(s->options.transport, s->options.clock)) return true;
  int64_t opens = transport_ready_at(s->options.transport);
  int64_t wait_ns = opens != INT64_MAX ? opens - sync_now(s) : 0;
  if (wait_ns > s->options.give_up_ms * MS) stop_limited(s, wait_ns);
  return false;
}

/* Updates whose time has come are ready again, before new ones: they are older. */
static void wake_waiting(struct sync *s) {
  int64_t now = sync_now(s);
  for (uint32_t i = 1; i < s->pool_len; i++) {
    struct batch *b = &s->pool[i];
    if (b->state != BATCH_WAITING || b->not_before_ns > now || !has_slot(s)) continue;
    if (!may_send(s) || send_batch(s, b)) return;
  }
}

static void flush_open(struct sync *s) {
  if (!s->is_ended || !intake_is_empty(s)) return;
  for (int kind = 0; kind < BATCH_KINDS; kind++)
    if (s->open[kind] && s->open[kind]->rows_len) batch_make_ready(s, (enum batch_kind)kind);
}

static void tell_ready(struct sync *s) {
  while (s->ready_len && !s->is_stopped) {
    struct batch *b = &s->pool[s->ready[0]];
    drop_first_ready(s);
    dry_batch(s, b);
  }
}

void dispatch_step(struct sync *s) {
  if (s->is_stopped) return;
  flush_open(s);
  if (s->options.is_dry) {
    tell_ready(s);
    return;
  }
  wake_waiting(s);
  while (!s->is_stopped && s->ready_len && has_slot(s)) {
    if (!may_send(s)) return;
    struct batch *b = &s->pool[s->ready[0]];
    drop_first_ready(s);
    if (send_batch(s, b)) return;
  }
}

/* ---- back ---------------------------------------------------------------- */

void dispatch_send_again(struct sync *s, struct batch *b, int64_t wait_ns) {
  b->state = BATCH_WAITING;
  b->not_before_ns = sync_now(s) + wait_ns;
}

void dispatch_close(struct sync *s, struct batch *b) {
  for (uint32_t i = 0; i < b->rows_len; i++) {
    struct row view;
    struct identity who = identity_of(s, b, i, &view);
    identity_remove(&s->identities, &who, b, i);
  }
  b->state = BATCH_FREE;
  s->was_replanned = false; /* rows that waited for this batch can go on */
}

static void stop_for(struct sync *s, const struct batch *b, enum error_code code) {
  struct error err;
  struct refusal refusal;
  const struct exchange *e = &b->exchange;
  if (e->end != EXCHANGE_ANSWERED) {
    err = e->err;
    err.code = code;
    sync_fail(s, &err);
    return;
  }
  refusal_parse(&refusal, buf_slice(&e->text));
  (void)error_set(&err, code, "Hoko answered %d to %s: %s", e->status, s->options.transport->whom,
                  refusal_text(&refusal, s->options.is_arabic));
  if (e->status == 401) (void)error_hint(&err, "hoko key test");
  if (e->status == 403) {
    struct buf scopes = BUF_WITH_LIMIT(400);
    for (size_t i = 0; i < refusal.scopes_len; i++)
      buf_printf(&scopes, "%s%s", i ? ", " : "", refusal.scopes[i]);
    const char *text = buf_text(&scopes);
    if (refusal.scopes_len && text)
      (void)error_hint(&err, "give the key these scopes in Hoko's dashboard: %s", text);
    else
      (void)error_hint(&err, "no missing scopes were named; look at the key in Hoko's dashboard");
    buf_free(&scopes);
  }
  if (e->status >= 300 && e->status < 400)
    (void)error_hint(
        &err, "the server sends us to %s, which is never followed with a key; set --base-url",
        e->location);
  if (e->status == 404 || e->status == 405)
    (void)error_hint(&err, "check --base-url: partners are at BASE/partners");
  sync_fail(s, &err);
}

static bool is_given_up(struct sync *s) {
  int64_t now = sync_now(s);
  if (!s->failing_since_ns) s->failing_since_ns = now;
  return now - s->failing_since_ns >= s->options.give_up_ms * MS;
}

static void stop_given_up(struct sync *s, const struct batch *b) {
  struct error err;
  const struct exchange *e = &b->exchange;
  long long seconds = (long long)(s->options.give_up_ms / 1000);
  if (e->end == EXCHANGE_ANSWERED)
    (void)error_set(&err, ERROR_UNREACHABLE, "Hoko kept answering %d%s to %s for %lld s", e->status,
                    e->status / 100 == 2 ? ", with nothing that counts," : "",
                    s->options.transport->whom, seconds);
  else {
    err = e->err;
    err.code = ERROR_UNREACHABLE;
    (void)error_context(&err, "given up after %lld s", seconds);
  }
  (void)error_hint(&err, "the rows are pending: run the script again, or set --give-up");
  sync_fail(s, &err);
}

/* What lasts longer than a moment is told, with the time at which it ends. */
static void tell_again(struct sync *s, const struct batch *b) {
  const struct exchange *e = &b->exchange;
  char until[CLOCK_TEXT_SIZE], what[sizeof e->err.message];
  int64_t left_ms = s->options.give_up_ms - (sync_now(s) - s->failing_since_ns) / MS;
  clock_format(clock_wall_ms(s->options.clock) + left_ms, until);
  if (e->end == EXCHANGE_ANSWERED)
    (void)snprintf(what, sizeof what, "Hoko answered %d", e->status);
  else
    (void)snprintf(what, sizeof what, "%s", e->err.message);
  sync_warn(s, "%s; the request is sent again until %s at the latest", what, until);
}

static void try_again(struct sync *s, struct batch *b) {
  if (is_given_up(s)) {
    stop_given_up(s, b);
    dispatch_send_again(s, b, 0);
    return;
  }
  b->tries++;
  if (b->tries == TOLD_TRIES) tell_again(s, b);
  b->is_again = true;
  dispatch_send_again(s, b, backoff_ns(b->tries, &s->seed));
}

/* A 429 is no failed try: the transport knows when the limit opens again.  It takes
 * nobody's word for more than the user would wait; what is told so ends the run at once. */
static void wait_for_limit(struct sync *s, struct batch *b) {
  int64_t opens = transport_ready_at(s->options.transport);
  int64_t wait_ns = opens != INT64_MAX ? opens - b->exchange.ended_mono_ns : 0;
  if (wait_ns >= s->options.give_up_ms * MS)
    stop_limited(s, wait_ns);
  else if (is_given_up(s))
    stop_given_up(s, b);
  b->is_again = true;
  dispatch_send_again(s, b, 0);
}

void dispatch_hold(struct sync *s, struct batch *b) {
  if (settle_unclear(s, b) == 0) refusing_done(s, b);
}

/* Fewer rows may do: halves of the range, and no batch as large again. */
static void shrink(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  uint32_t n = range.to - range.from;
  if (n > 1 && s->options.batch_rows > n / 2) s->options.batch_rows = n / 2;
  const struct sync_refusal why = {"too_large", "Hoko refuses a request with this row for its size",
                                   "", 413};
  refusing_split(s, b, &why, NULL);
}

void dispatch_refuse(struct sync *s, struct batch *b) {
  struct refusal refusal;
  refusal_parse(&refusal, buf_slice(&b->exchange.text));
  struct sync_refusal why = {"refused", refusal_text(&refusal, s->options.is_arabic), "",
                             b->exchange.status};
  refusing_split(s, b, &why, &refusal);
}

static void refused(struct sync *s, struct batch *b) {
  if (leftover_is_ruled_out(s, b))
    dispatch_refuse(s, b);
  else
    leftover_ask(b);
}

static bool matches(struct sync *s, struct batch *b) {
  enum match match = b->kind == BATCH_UPDATE ? match_updates(&s->matching, b)
                                             : match_creates(&s->matching, b, &s->options.hash_key);
  if (match == MATCH_FULL) return true;
  const struct answer *a = &b->flight->answer;
  if (b->exchange.end == EXCHANGE_ANSWERED && b->exchange.status / 100 == 2)
    sync_warn(s, "an answer with status %d does not count: %s", b->exchange.status,
              a->state == ANSWER_WRONG ? a->reason : match_name(match));
  return false;
}

static enum outcome outcome_of_batch(struct sync *s, struct batch *b) {
  struct refusal refusal = {.is_hoko = false};
  const struct exchange *e = &b->exchange;
  bool is_success = e->end == EXCHANGE_ANSWERED && e->status / 100 == 2;
  if (e->end == EXCHANGE_ANSWERED && !is_success) refusal_parse(&refusal, buf_slice(&e->text));
  struct outcome_facts facts = {.end = e->end,
                                .status = e->status,
                                .is_create = b->kind == BATCH_CREATE,
                                .is_alone = batch_range(b).to - batch_range(b).from == 1,
                                .is_match = is_success && matches(s, b),
                                .is_hoko_error = refusal.is_hoko};
  if (facts.is_match) s->failing_since_ns = 0; /* a 2xx that is no answer is a failure too */
  return outcome_of(&facts);
}

static void acknowledged(struct sync *s, struct batch *b) {
  b->has_success = true;
  if (settle_acknowledged(s, b) == 0) refusing_accepted(s, b);
}

int64_t sync_server_ms(const struct exchange *e) {
  int64_t took_ms = (e->ended_mono_ns - e->began_mono_ns) / MS;
  return e->limits.date_ms > 0 && e->limits.date_ms - took_ms < e->began_wall_ms
             ? e->limits.date_ms - took_ms
             : e->began_wall_ms;
}

/* A create that is sent again, was refused or is unclear may stand twice at Hoko. */
static void doubt(struct sync *s, const struct batch *b, enum outcome outcome) {
  if (b->kind != BATCH_CREATE || outcome == OUTCOME_ACKNOWLEDGED || outcome == OUTCOME_STOP ||
      outcome == OUTCOME_STOP_AUTH)
    return;
  int64_t since_ms = sync_server_ms(&b->exchange);
  if (!s->doubt_since_ms || since_ms < s->doubt_since_ms) s->doubt_since_ms = since_ms;
}

static void finish(struct sync *s, struct batch *b) {
  enum outcome outcome = outcome_of_batch(s, b);
  doubt(s, b, outcome);
  switch (outcome) {
  case OUTCOME_ACKNOWLEDGED: acknowledged(s, b); return;
  case OUTCOME_REFUSED: refused(s, b); return;
  case OUTCOME_TOO_LARGE: shrink(s, b); return;
  case OUTCOME_LIMITED: wait_for_limit(s, b); return;
  case OUTCOME_AGAIN: try_again(s, b); return;
  case OUTCOME_UNCLEAR: dispatch_hold(s, b); return;
  case OUTCOME_STOP_AUTH:
    stop_for(s, b, ERROR_AUTH);
    dispatch_send_again(s, b, 0);
    return;
  case OUTCOME_STOP:
    stop_for(s, b, ERROR_UNREACHABLE);
    dispatch_send_again(s, b, 0);
    return;
  case OUTCOME_STOP_UNCLEAR:
    dispatch_hold(s, b);
    stop_for(s, b, ERROR_UNREACHABLE);
    return;
  }
}

void dispatch_take(struct sync *s, struct exchange *e) {
  struct batch *b = e->owner;
  assert(b->state == BATCH_SENT);
  s->sent_len--;
  b->state = BATCH_WAITING; /* until its outcome says otherwise */
  b->not_before_ns = sync_now(s);
  finish(s, b);
  give_flight(s, b);
}
