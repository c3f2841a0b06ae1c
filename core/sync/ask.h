/* ask.h - whether Hoko has one partner: GET /partners?id=…, tried until it tells.
 *
 * A struct ask asks one question after the other.  Driven like a sync: step, take,
 * wake_at; no I/O of its own. */
#ifndef HOKO_SYNC_ASK_H
#define HOKO_SYNC_ASK_H

#include "api/presence.h"
#include "base/clock.h"
#include "net/transport.h"

struct ask_options {
  struct transport *transport;
  const struct clock *clock;
  int64_t give_up_ms; /* of trying again */
  uint64_t seed;      /* of the backoff's jitter */
};

enum { ASK_TARGET_SIZE = 64 };

struct ask {
  struct ask_options options;
  struct exchange exchange;
  char target[ASK_TARGET_SIZE];
  struct uuid id;
  unsigned tries;
  int64_t not_before_ns, failing_since_ns;
  bool is_asked, is_sent; /* asked: there is a question without an answer */
  enum presence found;    /* once it is answered */
  int status;             /* of that answer */
  struct error err;       /* why it is UNCLEAR, and worth a stop: code ERROR_NONE: it is not */
};

void ask_init(struct ask *a, const struct ask_options *options);
/* Its exchange may not be under way. */
void ask_free(struct ask *a);

/* Another question; the one before has been answered or dropped. */
void ask_begin(struct ask *a, const struct uuid *id);
/* Sends it when that is allowed. */
void ask_step(struct ask *a);
/* Whether E is the question's own; takes it then, and is_asked tells whether it is answered. */
bool ask_take(struct ask *a, struct exchange *e);
/* Monotonic; INT64_MAX: only an exchange moves it. */
int64_t ask_wake_at(const struct ask *a);

#endif
