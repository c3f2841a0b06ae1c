#include "mock/quota.h"

#include "base/number.h"

#include <stdlib.h>

static const int64_t MS = 1000000; /* in nanoseconds */

int quota_rate_parse(struct slice s, struct quota_rate *out, struct error *err) {
  const char *slash = s.len ? memchr(s.ptr, '/', s.len) : NULL;
  if (slash) {
    struct slice limit = {s.ptr, (size_t)(slash - s.ptr)};
    struct slice window = {slash + 1, s.len - limit.len - 1};
    if (number_int64(limit, 1, QUOTA_LIMIT_MAX, &out->limit) == 0 &&
        number_duration_ms(window, &out->window_ms) == 0 && out->window_ms > 0)
      return 0;
  }
  (void)error_set(err, ERROR_USAGE, "%.*s is no rate", SLICE_ARG(s));
  return error_hint(err, "a rate is requests and a window, such as 100/60s");
}

int quota_init(struct quota *q, struct quota_rate rate, struct error *err) {
  *q = (struct quota){.rate = rate};
  q->taken_ns = malloc((size_t)rate.limit * sizeof *q->taken_ns);
  return q->taken_ns ? 0 : error_set(err, ERROR_MEMORY, "no memory for the rate limit");
}

void quota_free(struct quota *q) {
  free(q->taken_ns);
  *q = (struct quota){0};
}

static void forget_old(struct quota *q, int64_t now_ns) {
  while (q->len && q->taken_ns[q->first] + q->rate.window_ms * MS <= now_ns) {
    q->first = (q->first + 1) % (size_t)q->rate.limit;
    q->len--;
  }
}

bool quota_take(struct quota *q, int64_t now_ns) {
  size_t cap = (size_t)q->rate.limit;
  forget_old(q, now_ns);
  if (q->len == cap) return false;
  q->taken_ns[(q->first + q->len++) % cap] = now_ns;
  return true;
}

struct quota_left quota_left(struct quota *q, int64_t now_ns) {
  forget_old(q, now_ns);
  struct quota_left left = {.remaining = q->rate.limit - (int64_t)q->len};
  if (q->len)
    left.wait_ms = (q->taken_ns[q->first] + q->rate.window_ms * MS - now_ns + MS - 1) / MS;
  return left;
}
