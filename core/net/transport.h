/* transport.h - one of the two seams: requests out, answers back.
 *
 * Real: net.h (libcurl on its own thread).  In the simulator: a seeded server on
 * a virtual clock.  All functions are called on the main thread.  An exchange has
 * one owner: the transport from transport_submit() until transport_next() gives
 * it back, the caller before and after. */
#ifndef HOKO_NET_TRANSPORT_H
#define HOKO_NET_TRANSPORT_H

#include "base/buf.h"
#include "base/clock.h"

#include <stdint.h>

struct answer;

enum exchange_method { EXCHANGE_GET, EXCHANGE_POST, EXCHANGE_PUT, EXCHANGE_DELETE };

enum exchange_end {
  EXCHANGE_ANSWERED,    /* a status and a whole body came */
  EXCHANGE_NOT_SENT,    /* surely nothing reached the server: DNS, refused, no route */
  EXCHANGE_TLS_REFUSED, /* certificate or handshake; nothing was sent */
  EXCHANGE_BROKEN,      /* it may have arrived: reset, timeout, cut answer */
  EXCHANGE_CANCELLED,   /* by transport_cancel(); it may have arrived */
};

/* What the head of an answer says of limits; -1: absent or unusable text. */
struct exchange_limits {
  double limit, remaining, reset; /* X-RateLimit-*, as sent */
  double retry_after_s;           /* Retry-After in seconds, or made so by Date */
  int64_t date_ms;                /* Date, wall clock of the server */
};

struct exchange {
  /* What is asked; unchanged by the transport. */
  enum exchange_method method;
  const char *target;    /* behind the base URL: "/partners?take=50" */
  struct slice body;     /* len 0: none */
  bool is_once;          /* at most one attempt on the wire: creates */
  bool is_again;         /* it was sent before and told nothing: counted as a retry */
  struct answer *answer; /* fed with the body of a 200 or 201; NULL: body is kept as text */
  void *owner;           /* the caller's */

  /* What came of it. */
  enum exchange_end end;
  int status; /* 0 unless ANSWERED, or a head came before it broke */
  struct exchange_limits limits;
  char content_type[64], location[256];
  struct buf text;  /* body of what had no answer to feed; at most its limit (set by the caller) */
  bool is_text_cut; /* more came than text's limit holds */
  int attempts;     /* on the wire */
  int64_t bytes_sent, bytes_received;
  int64_t began_mono_ns, ended_mono_ns, began_wall_ms;
  struct error err; /* unless ANSWERED: what happened, to which host */
};

struct transport {
  const char *whom; /* whom messages name: "the key default at https://hoko.to/api" */
  /* From when (monotonic) another submit is allowed: a time not after now, a later
   * one (closed by the rate limit), or INT64_MAX: as many are under way as may be. */
  int64_t (*ready_at)(struct transport *t);
  /* Takes leave for the submit that is to follow; false: not now.  NULL: ready_at() tells. */
  bool (*take)(struct transport *t);
  void (*submit)(struct transport *t, struct exchange *e);
  struct exchange *(*next)(struct transport *t); /* a finished one, or NULL */
  void (*cancel)(struct transport *t);           /* all under way come back soon */
};

static inline int64_t transport_ready_at(struct transport *t) { return t->ready_at(t); }
/* Whether a submit is allowed now; it is to follow at once. */
static inline bool transport_is_ready(struct transport *t, const struct clock *clock) {
  if (t->take) return t->take(t);
  int64_t at =
      t->ready_at(t); /* asked first: "now" is a time before the next reading of the clock */
  return at <= clock_mono_ns(clock);
}
static inline void transport_submit(struct transport *t, struct exchange *e) { t->submit(t, e); }
static inline struct exchange *transport_next(struct transport *t) { return t->next(t); }
static inline void transport_cancel(struct transport *t) { t->cancel(t); }

#endif
