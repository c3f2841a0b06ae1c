/* limiter.h - how many requests of this process may be under way, and with the budget
 * that it shares, when the next one may leave.
 *
 * Pure: (limiter, budget, event, now) → limiter and budget, so that a simulator can drive
 * it.  NOW is monotonic and never goes back.
 *
 * One request goes first, since its answer may show a quota; with a good one, as many as
 * allowed follow.  Half as many after a 429 or 503, then one more a round; none more
 * while answers take twice, fewer when they take four times as long as the best of their
 * size did, and a tenth of a second longer: below that a busy machine tells more of
 * itself than of the server. */
#ifndef HOKO_NET_LIMITER_H
#define HOKO_NET_LIMITER_H

#include "net/budget.h"

enum { LIMITER_SIZES = 20 };

struct limiter {
  struct budget_rules rules;
  int concurrency_max;
  int under_way;

  double window;                     /* how many may be under way, its whole part */
  double threshold;                  /* the window below which it grows to it at once */
  int64_t best_ns[2][LIMITER_SIZES]; /* shortest time of a good answer; 0: none yet */
  int64_t shrunk_at_ns;              /* by the last 429 */
};

void limiter_init(struct limiter *l, int concurrency_max, const struct budget_rules *rules);

/* As transport_ready_at() says; *WHY only with a time after NOW that is not INT64_MAX. */
int64_t limiter_ready_at(const struct limiter *l, struct budget *b, int64_t now_ns,
                         enum net_wait *why);

/* A request leaves. */
void limiter_sent(struct limiter *l, struct budget *b, int64_t now_ns);
/* It came back. */
void limiter_returned(struct limiter *l, struct budget *b, const struct budget_event *e,
                      int64_t now_ns);

#endif
