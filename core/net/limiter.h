/* limiter.h - when the next request may leave, and how many may be under way.
 *
 * Pure: (limiter, event, now) → limiter, so that a simulator can drive it.  NOW is
 * monotonic and never goes back.  What it goes by:
 *
 * - A 429 closes everything until the latest time that it told and that makes sense:
 *   the body's retryAfter, Retry-After, X-RateLimit-Reset.  A wait is at least 1 s and
 *   at most give_up; it is 60 s (the service's window) where nothing usable was told,
 *   and 1, 2, 4 … 60 s at least from one 429 to the next.  Then one request goes ahead.
 * - X-RateLimit-Remaining is never overdrawn, requests under way counted.  Used up, it
 *   closes until X-RateLimit-Reset, or, where all that was used was used by us, until
 *   the oldest of those requests is a minute old: the window slides.
 * - Where others use the same quota, 2 % of it is left to them, and its last tenth is
 *   spread over the rest of the window.  Alone there is nobody to leave it to, and a
 *   spread quota would be a slower one.
 * - requests_per_minute holds within any minute.
 * - One request at first; one more under way with each good answer; half as many after
 *   a 429 or 503, then one more a round; none more while answers take twice, fewer
 *   when they take four times as long as the best of their size did. */
#ifndef HOKO_NET_LIMITER_H
#define HOKO_NET_LIMITER_H

#include "net/net.h"
#include "net/sendlog.h"

enum { LIMITER_SIZES = 20 };

struct limiter {
  int64_t give_up_ns;
  int concurrency_max, per_minute_max; /* the latter 0: none */

  struct sendlog sent;    /* for the ceiling: by when they left */
  struct sendlog counted; /* for the quota: by when they came back */
  int64_t last_sent_ns;
  int under_way;

  double window;                     /* how many may be under way, its whole part */
  double threshold;                  /* the window below which it grows by one an answer */
  int64_t best_ns[2][LIMITER_SIZES]; /* shortest time of a good answer; 0: none yet */

  int64_t told_until_ns, told_at_ns; /* by the last 429 */
  int told_in_row;                   /* 429s without a good answer between, a volley counted once */

  double limit, remaining; /* as last shown; -1: never */
  int64_t shown_at_ns;     /* when they were */
  int64_t reset_at_ns;     /* as told */
  int64_t renewed_at_ns;   /* when more will be left than REMAINING */
  int64_t ahead_ms;        /* the server's wall clock less our monotonic one, at least */
  bool has_reset, has_ahead, is_shared; /* the last: others use the quota too */
};

void limiter_init(struct limiter *l, int concurrency_max, int per_minute_max, int64_t give_up_ms);

/* As transport_ready_at() says; *WHY only with a time after NOW that is not INT64_MAX. */
int64_t limiter_ready_at(struct limiter *l, int64_t now_ns, enum net_wait *why);

/* A request leaves. */
void limiter_sent(struct limiter *l, int64_t now_ns);

struct limiter_event {
  int status;   /* 0: no answer */
  int attempts; /* on the wire */
  int64_t sent_ns;
  int64_t bytes_sent, bytes_received;
  struct exchange_limits limits;
  bool has_retry_after; /* in the body */
  double retry_after_s;
  int64_t wall_ms; /* now, for a head without Date */
};
/* A request came back. */
void limiter_returned(struct limiter *l, const struct limiter_event *e, int64_t now_ns);

/* How long a 429 asks to wait, by the rules above without those of a row of them. */
int64_t limiter_told_wait_ns(const struct limiter_event *e, int64_t give_up_ns);

struct net_budget limiter_budget(const struct limiter *l, int64_t now_ns, int64_t now_wall_ms);
void limiter_learn(struct limiter *l, const struct net_budget *b, int64_t now_ns,
                   int64_t now_wall_ms);

#endif
