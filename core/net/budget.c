#include "net/budget.h"

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
  USER_IDLE_S = 310,       /* no request is under way for longer (NET_TOTAL_TIMEOUT_MS) */
};

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- who uses it ---- */

static int64_t under_way(const struct budget *b) {
  int64_t sum = 0;
  for (int i = 0; i < BUDGET_USERS_MAX; i++) sum += b->user[i].under_way;
  return sum;
}

/* A process whose number was given to another, or that lives elsewhere, is forgotten when
 * nothing of it can be under way any more. */
static void forget_idle(struct budget *b, int64_t now_ns) {
  for (int i = 0; i < BUDGET_USERS_MAX; i++)
    if (b->user[i].pid && now_ns - b->user[i].last_ns > USER_IDLE_S * SECOND_NS)
      b->user[i] = (struct budget_user){.pid = 0};
}

/* NULL: there are too many to count. */
static struct budget_user *user_of(struct budget *b, int64_t pid) {
  struct budget_user *free = NULL;
  for (int i = 0; i < BUDGET_USERS_MAX; i++) {
    if (b->user[i].pid == pid) return &b->user[i];
    if (!free && !b->user[i].pid) free = &b->user[i];
  }
  if (free) free->pid = pid;
  return free;
}

static void count_user(struct budget *b, const struct budget_rules *r, int change, int64_t now_ns) {
  struct budget_user *user = user_of(b, r->pid);
  if (!user) return;
  user->under_way = later(user->under_way + change, 0);
  user->last_ns = now_ns;
  if (!user->under_way) user->pid = 0;
}

void budget_forget(struct budget *b, int64_t pid) {
  for (int i = 0; i < BUDGET_USERS_MAX; i++)
    if (b->user[i].pid == pid) b->user[i] = (struct budget_user){.pid = 0};
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
static bool reset_wait_s(const struct budget_event *e, int64_t server_ms, double *wait_s) {
  double reset = e->limits.reset;
  if (reset < 0) return false;
  if (reset >= RELATIVE_MAX)
    reset = (reset >= EPOCH_S_MAX * 1000.0 ? reset / 1000 : reset) - (double)server_ms / 1000;
  *wait_s = reset;
  return reset >= 0 && reset <= RESET_WAIT_MAX_S;
}

static int64_t date_ms(const struct budget_event *e) {
  return e->limits.date_ms >= 0 ? e->limits.date_ms : e->wall_ms;
}

int64_t budget_told_wait_ns(const struct budget_event *e, int64_t give_up_ns) {
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
static double quota_left(const struct budget *b) {
  double reserve = b->is_shared ? ceil(b->limit / SHARE_OF) : 0;
  return b->remaining - reserve - (double)under_way(b);
}

/* Tells from what is left when it will be more.  As many of our newest requests as were
 * used stand in the server's window, and the oldest of them leaves it a minute after it
 * came there, which was before its answer did. */
static void set_renewal(struct budget *b, int64_t now_ns) {
  int64_t ours = sendlog_count(&b->counted, now_ns);
  int64_t used = b->limit > b->remaining ? (int64_t)(b->limit - b->remaining) : ours;
  int64_t oldest_ns = sendlog_below_at(&b->counted, later(sooner(used, ours) - 1, 0), now_ns);
  b->renewed_at_ns = oldest_ns;
  if (b->has_reset)
    b->renewed_at_ns = b->is_shared ? b->reset_at_ns : sooner(b->reset_at_ns, oldest_ns);
}

/* From when the quota allows another request; INT64_MAX: an answer decides. */
static int64_t quota_ready_at(struct budget *b, int64_t now_ns) {
  if (!b->is_shown) return now_ns;
  double left = quota_left(b);
  if (left < 1) {
    /* Renewed or not, one request at a time shows what is there. */
    return under_way(b) > 0 ? INT64_MAX : b->renewed_at_ns;
  }
  if (!b->is_shared || !b->has_reset || left > b->limit / SPREAD_OF) return now_ns;
  double rest_ns = (double)(b->reset_at_ns - b->last_sent_ns);
  return rest_ns > 0 ? b->last_sent_ns + (int64_t)(rest_ns / (left + 1)) : now_ns;
}

/* Whether more of the quota is gone than we used, what is under way included. */
static bool is_used_by_others(struct budget *b, int64_t now_ns) {
  if (b->limit < 0) return false;
  double ours = (double)sendlog_count(&b->counted, now_ns);
  return b->limit - b->remaining - ours > (double)under_way(b) + ceil(b->limit / SPARE_OF);
}

/* The server's time now, at least.  A Date is cut to whole seconds; of many of them the
 * one that was cut least counts, unless the clock was set in between. */
static int64_t server_ms(struct budget *b, const struct budget_event *e, int64_t now_ns) {
  int64_t now_ms = now_ns / MS_NS, least = date_ms(e) - now_ms;
  int64_t most = least + 1000 + (now_ns - e->sent_ns) / MS_NS;
  if (!b->has_ahead || b->ahead_ms < least || b->ahead_ms > most) b->ahead_ms = least;
  b->has_ahead = true;
  return now_ms + b->ahead_ms;
}

static void take_quota(struct budget *b, const struct budget_event *e, int64_t now_ns) {
  double wait_s;
  int64_t server_now_ms = server_ms(b, e, now_ns);
  if (e->limits.remaining < 0) {
    if (b->is_shown && b->remaining >= 1 && e->attempts > 0)
      b->remaining--; /* it counted, unseen */
    return;
  }
  /* Of answers to requests that were under way together none is known to be the newest:
   * the least that one of them shows is what is left. */
  if (e->sent_ns < b->shown_at_ns && e->limits.remaining >= b->remaining) return;
  b->shown_at_ns = now_ns;
  b->is_shown = true;
  b->limit = e->limits.limit;
  b->remaining = e->limits.remaining;
  b->has_reset = reset_wait_s(e, server_now_ms, &wait_s);
  if (b->has_reset) b->reset_at_ns = now_ns + (int64_t)(wait_s * 1e9);
  b->is_shared = is_used_by_others(b, now_ns);
}

/* ---- a 429 ---- */

static void take_429(struct budget *b, const struct budget_rules *r, const struct budget_event *e,
                     int64_t now_ns) {
  int64_t wait_ns = budget_told_wait_ns(e, r->give_up_ns);
  /* Requests that left before the last 429 came are one volley with it. */
  if (b->told_in_row == 0 || e->sent_ns >= b->told_at_ns) b->told_in_row++;
  int64_t floor_s = b->told_in_row > 6 ? DEFAULT_WAIT_S : INT64_C(1) << (b->told_in_row - 1);
  wait_ns = later(wait_ns, sooner(floor_s * SECOND_NS, r->give_up_ns));
  b->told_until_ns = later(b->told_until_ns, now_ns + wait_ns);
  b->told_at_ns = now_ns;
}

/* ---- the budget ---- */

int64_t budget_ready_at(struct budget *b, const struct budget_rules *r, int64_t now_ns,
                        enum net_wait *why) {
  *why = NET_WAIT_NONE;
  forget_idle(b, now_ns);
  if (b->told_in_row > 0 && under_way(b) > 0) return INT64_MAX; /* one goes ahead */
  int64_t quota_ns = quota_ready_at(b, now_ns), ready_ns = now_ns;
  if (quota_ns == INT64_MAX) return quota_ns;
  if (b->told_until_ns > ready_ns) {
    ready_ns = b->told_until_ns;
    *why = NET_WAIT_TOLD;
  }
  if (quota_ns > ready_ns) {
    ready_ns = quota_ns;
    *why = NET_WAIT_QUOTA;
  }
  if (r->per_minute_max > 0) {
    int64_t below_ns = sendlog_below_at(&b->sent, r->per_minute_max - 1, now_ns);
    if (below_ns > ready_ns) {
      ready_ns = below_ns;
      *why = NET_WAIT_CEILING;
    }
  }
  return ready_ns;
}

void budget_sent(struct budget *b, const struct budget_rules *r, int64_t now_ns) {
  sendlog_add(&b->sent, now_ns, 1);
  b->last_sent_ns = now_ns;
  count_user(b, r, 1, now_ns);
}

void budget_unsent(struct budget *b, const struct budget_rules *r) {
  count_user(b, r, -1, b->last_sent_ns);
}

void budget_returned(struct budget *b, const struct budget_rules *r, const struct budget_event *e,
                     int64_t now_ns) {
  count_user(b, r, -1, now_ns);
  if (e->attempts > 1) sendlog_add(&b->sent, now_ns, e->attempts - 1);
  sendlog_add(&b->counted, now_ns, e->attempts);
  take_quota(b, e, now_ns);
  set_renewal(b, now_ns);
  if (e->status == 429)
    take_429(b, r, e, now_ns);
  else if (e->status > 0 && e->status != 503)
    b->told_in_row = 0;
}
