/* quota.h - Hoko's rate limit: so many requests within a sliding window.
 *
 * Pure but for its memory: time comes from the caller and does not go back. */
#ifndef HOKO_MOCK_QUOTA_H
#define HOKO_MOCK_QUOTA_H

#include "base/error.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct quota_rate {
  int64_t limit;     /* requests */
  int64_t window_ms; /* within so long */
};

enum { QUOTA_LIMIT_MAX = 10000000 };

/* "N/60s". */
MUST_USE int quota_rate_parse(struct slice s, struct quota_rate *out, struct error *err);

struct quota {
  struct quota_rate rate;
  int64_t *taken_ns; /* a ring of rate.limit times, oldest at first */
  size_t first, len;
};

MUST_USE int quota_init(struct quota *q, struct quota_rate rate, struct error *err);
void quota_free(struct quota *q);

/* false: the window is full, and the request does not count. */
MUST_USE bool quota_take(struct quota *q, int64_t now_ns);

struct quota_left {
  int64_t remaining;
  int64_t wait_ms; /* until the oldest request leaves the window, rounded up; 0: it is empty */
};
struct quota_left quota_left(struct quota *q, int64_t now_ns);

#endif
