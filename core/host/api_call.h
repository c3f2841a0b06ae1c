/* api_call.h - hoko.api: one request of the script's own to Hoko, under the same
 * key, limits and retries as all others.
 *
 * A worker waits for each answer, so there is one at a time. */
#ifndef HOKO_HOST_API_CALL_H
#define HOKO_HOST_API_CALL_H

#include "base/clock.h"
#include "host/metered.h"

struct api_call {
  bool is_active; /* the worker waits */
  bool is_sent;
  bool is_listing; /* only a whole array of partners is an answer */
  struct exchange exchange;
  char target[8192];
  struct buf body;
  unsigned tries;
  int64_t not_before_ns, failing_since_ns, give_up_ms;
  uint64_t seed;
};

/* JSON: {"method":"GET","path":"/links?take=5","body":"…","expects":"partners"}.  -1: *err. */
MUST_USE int api_call_begin(struct api_call *c, struct slice json, struct error *err);
/* true: *c has its end: 0 in *rc and the reply's JSON in REPLY, or -1 and *err. */
bool api_call_step(struct api_call *c, struct transport *t, const struct clock *clock,
                   struct buf *reply, int *rc, struct error *err);
int64_t api_call_wake_at(const struct api_call *c, struct transport *t);
void api_call_free(struct api_call *c);

#endif
