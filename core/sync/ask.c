#include "sync/ask.h"

#include "api/refusal.h"
#include "sync/backoff.h"

#include <stdio.h>

enum { TEXT_MAX = 64 << 10 };

static const int64_t NS_A_MS = 1000000;

void ask_init(struct ask *a, const struct ask_options *options) {
  *a = (struct ask){.options = *options, .exchange.text = BUF_WITH_LIMIT(TEXT_MAX)};
}

void ask_free(struct ask *a) { buf_free(&a->exchange.text); }

void ask_begin(struct ask *a, const struct uuid *id) {
  char text[UUID_TEXT_LEN];
  uuid_format(id, text);
  (void)snprintf(a->target, sizeof a->target, "/partners?id=%.*s", UUID_TEXT_LEN, text);
  a->id = *id;
  a->tries = 0;
  a->not_before_ns = a->failing_since_ns = 0;
  a->is_asked = true;
  a->err = (struct error){.code = ERROR_NONE};
}

void ask_step(struct ask *a) {
  const struct ask_options *o = &a->options;
  if (!a->is_asked || a->is_sent || clock_mono_ns(o->clock) < a->not_before_ns) return;
  if (!transport_is_ready(o->transport, o->clock)) return;
  struct buf text = a->exchange.text;
  buf_clear(&text);
  a->exchange = (struct exchange){.method = EXCHANGE_GET,
                                  .target = a->target,
                                  .is_again = a->failing_since_ns != 0,
                                  .owner = a,
                                  .text = text};
  a->is_sent = true;
  transport_submit(o->transport, &a->exchange);
}

/* ---- the answer ---------------------------------------------------------- */

/* A 2xx that tells nothing is one, too. */
static bool is_bad_day(const struct exchange *e, enum presence found) {
  if (e->end == EXCHANGE_TLS_REFUSED) return false;
  if (e->end != EXCHANGE_ANSWERED) return true;
  if (e->status / 100 == 2) return found == PRESENCE_UNCLEAR;
  return e->status == 429 || e->status == 408 || e->status == 425 || e->status >= 500;
}

static void fail(struct ask *a, enum error_code code) {
  struct refusal refusal;
  if (a->exchange.end == EXCHANGE_ANSWERED) {
    refusal_parse(&refusal, buf_slice(&a->exchange.text));
    (void)error_set(&a->err, code, "Hoko answered %d to %s, asked for a partner: %s",
                    a->exchange.status, a->options.transport->whom, refusal_text(&refusal, false));
  } else {
    a->err = a->exchange.err;
    a->err.code = code;
  }
}

/* false: it was tried long enough. */
static bool try_again(struct ask *a) {
  int64_t now = clock_mono_ns(a->options.clock);
  if (!a->failing_since_ns) a->failing_since_ns = now;
  if (now - a->failing_since_ns >= a->options.give_up_ms * NS_A_MS) return false;
  a->tries++;
  a->not_before_ns = now + (a->exchange.status == 429 ? 0 : backoff_ns(a->tries, &a->options.seed));
  return true;
}

bool ask_take(struct ask *a, struct exchange *e) {
  if (e != &a->exchange) return false;
  a->is_sent = false;
  bool is_answered = e->end == EXCHANGE_ANSWERED;
  a->status = is_answered ? e->status : 0;
  a->found = is_answered ? presence_of(e->status, buf_slice(&e->text), &a->id) : PRESENCE_UNCLEAR;
  bool is_bad = is_bad_day(e, a->found);
  if (is_bad && try_again(a)) return true;
  a->is_asked = false;
  if (is_answered && e->status == 401)
    fail(a, ERROR_AUTH);
  else if (!is_answered || is_bad)
    fail(a, ERROR_UNREACHABLE);
  return true;
}

int64_t ask_wake_at(const struct ask *a) {
  if (!a->is_asked || a->is_sent) return INT64_MAX;
  int64_t open = transport_ready_at(a->options.transport);
  return open > a->not_before_ns ? open : a->not_before_ns;
}
