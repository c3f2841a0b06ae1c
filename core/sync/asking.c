/* A row that Hoko refuses alone: is it the row, or has Hoko its partner no more?  No
 * answer tells them apart, so the partner is asked for; one row at a time, since each
 * question is a request. */
#include "sync/inside.h"

#include "api/refusal.h"

bool asking_is_due(const struct sync *s, const struct batch *b) {
  return b->kind == BATCH_UPDATE && !s->cannot_ask && s->bisected < s->options.bisect_limit;
}

void asking_begin(struct sync *s, struct batch *b) {
  b->state = BATCH_LOOKING;
  s->bisected++;
}

static struct batch *next_asked(struct sync *s) {
  for (uint32_t i = 1; i < s->pool_len; i++)
    if (s->pool[i].state == BATCH_LOOKING && s->pool[i].kind == BATCH_UPDATE) return &s->pool[i];
  return NULL;
}

void asking_step(struct sync *s) {
  if (s->is_stopped || s->options.is_dry) return;
  if (!s->asked && (s->asked = next_asked(s)))
    ask_begin(&s->ask, &s->asked->rows[batch_range(s->asked).from].id);
  if (s->asked) ask_step(&s->ask);
}

/* ---- answered ------------------------------------------------------------ */

static void stop(struct sync *s, struct batch *b, const struct error *why) {
  sync_fail(s, why);
  dispatch_send_again(s, b, 0); /* its row is pending */
}

/* Neither the update nor the question found what it was sent to. */
static void stop_misled(struct sync *s, struct batch *b) {
  struct error err;
  (void)error_set(&err, ERROR_UNREACHABLE,
                  "Hoko answered 404 to an update and %d to %s, asked for its partner",
                  s->ask.status, s->options.transport->whom);
  (void)error_hint(&err, "check --base-url: partners are at BASE/partners");
  stop(s, b, &err);
}

static void refused(struct sync *s, struct batch *b) {
  struct refusal refusal;
  refusal_parse(&refusal, buf_slice(&b->exchange.text));
  refusing_alone(s, b,
                 &(struct sync_refusal){.code = "refused",
                                        .message = refusal_text(&refusal, s->options.is_arabic),
                                        .field = "",
                                        .status = b->exchange.status});
}

/* A row that is to make its partner anew; false: it is to be rejected. */
static bool made_anew(struct sync *s, struct batch *b) {
  uint32_t row = batch_range(b).from;
  if (!s->options.recreates || !b->rows[row].seq) return false;
  if (settle_lost(s, b)) return true; /* it has stopped */
  if (!waiting_add(s, b, row)) return false;
  refusing_done(s, b);
  return true;
}

static void gone(struct sync *s, struct batch *b) {
  if (made_anew(s, b)) return;
  refusing_gone(s, b,
                &(struct sync_refusal){
                    .code = "unknown_id",
                    .message = s->options.has_key
                                   ? "Hoko has no partner with this id; --recreate makes it anew"
                                   : "Hoko has no partner with this id",
                    .field = "id",
                    .status = b->exchange.status});
}

static void answered(struct sync *s, struct batch *b) {
  const struct ask *a = &s->ask;
  if (a->err.code != ERROR_NONE) {
    stop(s, b, &a->err);
  } else if (a->found == PRESENCE_ABSENT) {
    gone(s, b);
  } else if (a->found == PRESENCE_UNCLEAR && b->exchange.status == 404) {
    stop_misled(s, b);
  } else {
    if (a->status == 403) {
      s->cannot_ask = true;
      sync_warn(s, "the key may not read partners, so a row that Hoko refuses is not told from one "
                   "without a partner");
    }
    refused(s, b);
  }
}

bool asking_take(struct sync *s, struct exchange *e) {
  if (!ask_take(&s->ask, e)) return false;
  if (s->ask.is_asked && !s->is_stopped) return true; /* it is asked again */
  struct batch *b = s->asked;
  s->asked = NULL;
  s->ask.is_asked = false;
  if (b && !s->is_stopped) answered(s, b); /* of a stop the row is pending */
  return true;
}
