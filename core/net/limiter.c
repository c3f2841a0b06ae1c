#include "net/limiter.h"

#include <math.h>

static const int64_t SECOND_NS = INT64_C(1000000000), MS_NS = INT64_C(1000000);
enum {
  DEFAULT_WAIT_S = 60,     /* the service's window */
  RESET_WAIT_MAX_S = 120,  /* a reset further away is no reset */
  RELATIVE_MAX = 1000000,  /* X-RateLimit-Reset below it is a wait, */
  EPOCH_S_MAX = 100000000, /* in thousands: from 10^11 on it is in milliseconds */
  SHARE_OF = 50,           /* 1/50 of a shared quota is left to others */
  SPREAD_OF = 10,          /* its last 1/10 is spread */
  SPARE_OF = 100,          /* use by others is believed from 1/100 of the quota on */
  UPLOAD_MIN = 1024,       /* bytes; heads without a body are shorter */
  WEAR_OF = 1024,          /* a best time that is long gone wears off by so much an answer */
};

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

void limiter_init(struct limiter *l, int concurrency_max, int per_minute_max, int64_t give_up_ms) {
  *l = (struct limiter){.give_up_ns = give_up_ms * MS_NS,
                        .concurrency_max = concurrency_max,
                        .per_minute_max = per_minute_max,
                        .window = 1,
                        .threshold = concurrency_max,
                        .limit = -1,
                        .remaining = -1};
}

/* ---- what a head tells ---- */

/* Seconds as nanoseconds, at least one second and at most MAX_NS. */
static int64_t clamp_wait_ns(double seconds, int64_t max_ns) {
  if (seconds < 1) return sooner(SECOND_NS, max_ns);
  if (seconds >= (double)max_ns / 1e9) return max_ns;
  return (int64_t)(seconds * 1e9);
}

/* Seconds from SERVER_MS, the server's time, to X-RateLimit-Reset; false: there is none
 * that makes sense. */
static bool reset_wait_s(const struct limiter_event *e, int64_t server_ms, double *wait_s) {
  double reset = e->limits.reset;
  if (reset < 0) return false;
  if (reset >= RELATIVE_MAX)
    reset = (reset >= EPOCH_S_MAX * 1000.0 ? reset / 1000 : reset) - (double)server_ms / 1000;
  *wait_s = reset;
  return reset >= 0 && reset <= RESET_WAIT_MAX_S;
}

static int64_t date_ms(const struct limiter_event *e) {
  return e->limits.date_ms >= 0 ? e->limits.date_ms : e->wall_ms;
}

int64_t limiter_told_wait_ns(const struct limiter_event *e, int64_t give_up_ns) {
  double reset_s;
  int64_t wait_ns = 0;
  if (e->has_retry_after) wait_ns = clamp_wait_ns(e->retry_after_s, give_up_ns);
  if (e->limits.retry_after_s >= 0)
    wait_ns = later(wait_ns, clamp_wait_ns(e->limits.retry_after_s, give_up_ns));
  if (reset_wait_s(e, date_ms(e), &reset_s))
    wait_ns = later(wait_ns, clamp_wait_ns(reset_s, give_up_ns));
  return wait_ns > 0 ? wait_ns : clamp_wait_ns(DEFAULT_WAIT_S, give_up_ns);
}

/* ---- the quota ---- */

/* Requests that may leave before another answer is seen. */
static double quota_left(const struct limiter *l) {
  double reserve = l->is_shared ? ceil(l->limit / SHARE_OF) : 0;
  return l->remaining - reserve - l->under_way;
}

/* Tells from what is left when it will be more.  As many of our newest requests as were
 * used stand in the server's window, and the oldest of them leaves it a minute after it
 * came there, which was before its answer did. */
static void set_renewal(struct limiter *l, int64_t now_ns) {
  int64_t ours = sendlog_count(&l->counted, now_ns);
  int64_t used = l->limit > l->remaining ? (int64_t)(l->limit - l->remaining) : ours;
  int64_t oldest_ns = sendlog_below_at(&l->counted, later(sooner(used, ours) - 1, 0), now_ns);
  l->renewed_at_ns = oldest_ns;
  if (l->has_reset)
    l->renewed_at_ns = l->is_shared ? l->reset_at_ns : sooner(l->reset_at_ns, oldest_ns);
}

/* From when the quota allows another request; INT64_MAX: an answer decides. */
static int64_t quota_ready_at(struct limiter *l, int64_t now_ns) {
  if (l->remaining < 0) return now_ns;
  double left = quota_left(l);
  if (left < 1) {
    /* Renewed or not, one request at a time shows what is there. */
    return l->under_way > 0 ? INT64_MAX : l->renewed_at_ns;
  }
  if (!l->is_shared || !l->has_reset || left > l->limit / SPREAD_OF) return now_ns;
  double rest_ns = (double)(l->reset_at_ns - l->last_sent_ns);
  return rest_ns > 0 ? l->last_sent_ns + (int64_t)(rest_ns / (left + 1)) : now_ns;
}

/* Whether more of the quota is gone than we used, what is under way included. */
static bool is_used_by_others(struct limiter *l, int64_t now_ns) {
  if (l->limit < 0) return false;
  double ours = (double)sendlog_count(&l->counted, now_ns);
  return l->limit - l->remaining - ours > l->under_way + ceil(l->limit / SPARE_OF);
}

/* The server's time now, at least.  A Date is cut to whole seconds; of many of them the
 * one that was cut least counts, unless the clock was set in between. */
static int64_t server_ms(struct limiter *l, const struct limiter_event *e, int64_t now_ns) {
  int64_t now_ms = now_ns / MS_NS, least = date_ms(e) - now_ms;
  int64_t most = least + 1000 + (now_ns - e->sent_ns) / MS_NS;
  if (!l->has_ahead || l->ahead_ms < least || l->ahead_ms > most) l->ahead_ms = least;
  l->has_ahead = true;
  return now_ms + l->ahead_ms;
}

static void take_quota(struct limiter *l, const struct limiter_event *e, int64_t now_ns) {
  double wait_s;
  int64_t server_now_ms = server_ms(l, e, now_ns);
  if (e->limits.remaining < 0) {
    if (l->remaining >= 1 && e->attempts > 0) l->remaining--; /* it counted, unseen */
    return;
  }
  /* Of answers to requests that were under way together none is known to be the newest:
   * the least that one of them shows is what is left. */
  if (e->sent_ns < l->shown_at_ns && e->limits.remaining >= l->remaining) return;
  l->shown_at_ns = now_ns;
  l->limit = e->limits.limit;
  l->remaining = e->limits.remaining;
  l->has_reset = reset_wait_s(e, server_now_ms, &wait_s);
  if (l->has_reset) l->reset_at_ns = now_ns + (int64_t)(wait_s * 1e9);
  l->is_shared = is_used_by_others(l, now_ns);
}

/* ---- how many under way ---- */

static void shrink(struct limiter *l) {
  l->window = fmax(l->window / 2, 1);
  l->threshold = l->window;
}

static void grow(struct limiter *l) {
  l->window += l->window < l->threshold ? 1 : 1 / l->window;
  l->window = fmin(l->window, l->concurrency_max);
}

/* Where the best time of requests like E is kept: of the same direction, and of a size
 * that differs by less than a factor of two. */
static int64_t *best_of(struct limiter *l, const struct limiter_event *e) {
  bool is_upload = e->bytes_sent >= UPLOAD_MIN;
  int size = 0;
  for (int64_t kib = (is_upload ? e->bytes_sent : e->bytes_received) >> 10; kib > 0; kib >>= 1)
    if (size < LIMITER_SIZES - 1) size++;
  return &l->best_ns[is_upload][size];
}

static void take_time(struct limiter *l, const struct limiter_event *e, int64_t now_ns) {
  int64_t took_ns = later(now_ns - e->sent_ns, 1), *best_ns = best_of(l, e);
  if (*best_ns == 0 || took_ns < *best_ns) *best_ns = took_ns;
  if (took_ns > 4 * *best_ns) {
    l->window = fmax(l->window - 1 / l->window, 1);
    l->threshold = l->window;
  } else if (took_ns <= 2 * *best_ns) {
    grow(l);
  }
  *best_ns += *best_ns / WEAR_OF;
}

/* ---- a 429 ---- */

static void take_429(struct limiter *l, const struct limiter_event *e, int64_t now_ns) {
  int64_t wait_ns = limiter_told_wait_ns(e, l->give_up_ns);
  /* Requests that left before the last 429 came are one volley with it. */
  if (l->told_in_row == 0 || e->sent_ns >= l->told_at_ns) {
    l->told_in_row++;
    shrink(l);
  }
  int64_t floor_s = l->told_in_row > 6 ? DEFAULT_WAIT_S : INT64_C(1) << (l->told_in_row - 1);
  wait_ns = later(wait_ns, sooner(floor_s * SECOND_NS, l->give_up_ns));
  l->told_until_ns = later(l->told_until_ns, now_ns + wait_ns);
  l->told_at_ns = now_ns;
}

/* ---- the limiter ---- */

int64_t limiter_ready_at(struct limiter *l, int64_t now_ns, enum net_wait *why) {
  *why = NET_WAIT_NONE;
  if (l->under_way >= (int)l->window) return INT64_MAX;
  if (l->told_in_row > 0 && l->under_way > 0) return INT64_MAX; /* one goes ahead */
  int64_t quota_ns = quota_ready_at(l, now_ns), ready_ns = now_ns;
  if (quota_ns == INT64_MAX) return quota_ns;
  if (l->told_until_ns > ready_ns) {
    ready_ns = l->told_until_ns;
    *why = NET_WAIT_TOLD;
  }
  if (quota_ns > ready_ns) {
    ready_ns = quota_ns;
    *why = NET_WAIT_QUOTA;
  }
  if (l->per_minute_max > 0) {
    int64_t below_ns = sendlog_below_at(&l->sent, l->per_minute_max - 1, now_ns);
    if (below_ns > ready_ns) {
      ready_ns = below_ns;
      *why = NET_WAIT_CEILING;
    }
  }
  return ready_ns;
}

void limiter_sent(struct limiter *l, int64_t now_ns) {
  sendlog_add(&l->sent, now_ns, 1);
  l->last_sent_ns = now_ns;
  l->under_way++;
}

void limiter_returned(struct limiter *l, const struct limiter_event *e, int64_t now_ns) {
  l->under_way--;
  if (e->attempts > 1) sendlog_add(&l->sent, now_ns, e->attempts - 1);
  sendlog_add(&l->counted, now_ns, e->attempts);
  take_quota(l, e, now_ns);
  set_renewal(l, now_ns);
  if (e->status == 429) {
    take_429(l, e, now_ns);
  } else if (e->status == 503) {
    shrink(l);
  } else if (e->status > 0) {
    l->told_in_row = 0;
    if (e->status < 300) take_time(l, e, now_ns); /* refusals can be quicker than work */
  }
}

/* ---- shared with other processes ---- */

static int64_t wall_of(int64_t at_ns, int64_t now_ns, int64_t now_wall_ms) {
  return now_wall_ms + (at_ns - now_ns) / MS_NS;
}

struct net_budget limiter_budget(const struct limiter *l, int64_t now_ns, int64_t now_wall_ms) {
  struct net_budget b = {0};
  if (l->told_until_ns > now_ns) b.closed_until_ms = wall_of(l->told_until_ns, now_ns, now_wall_ms);
  if (l->remaining < 0) return b;
  b.limit = (int64_t)l->limit;
  b.remaining = (int64_t)l->remaining;
  b.seen_at_ms = wall_of(l->shown_at_ns, now_ns, now_wall_ms);
  if (l->has_reset) b.reset_at_ms = wall_of(l->reset_at_ns, now_ns, now_wall_ms);
  return b;
}

/* A wall clock that jumped must not close us for longer than a told wait could. */
static int64_t mono_of(const struct limiter *l, int64_t at_ms, int64_t now_ns,
                       int64_t now_wall_ms) {
  int64_t wait_ms = at_ms - now_wall_ms, max_ms = l->give_up_ns / MS_NS;
  return now_ns + (wait_ms < max_ms ? wait_ms : max_ms) * MS_NS;
}

void limiter_learn(struct limiter *l, const struct net_budget *b, int64_t now_ns,
                   int64_t now_wall_ms) {
  if (b->closed_until_ms > now_wall_ms)
    l->told_until_ns = later(l->told_until_ns, mono_of(l, b->closed_until_ms, now_ns, now_wall_ms));
  int64_t seen_ns = mono_of(l, b->seen_at_ms, now_ns, now_wall_ms);
  if (b->seen_at_ms == 0 || seen_ns > now_ns || (l->remaining >= 0 && seen_ns <= l->shown_at_ns))
    return;
  l->limit = (double)b->limit;
  l->remaining = (double)b->remaining;
  l->shown_at_ns = seen_ns;
  l->has_reset = b->reset_at_ms > 0;
  if (l->has_reset) l->reset_at_ns = mono_of(l, b->reset_at_ms, now_ns, now_wall_ms);
  l->is_shared = true;
  set_renewal(l, now_ns);
}
