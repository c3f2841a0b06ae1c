/* budget.h - what is known of a workspace's rate limit, and who uses it.
 *
 * Pure, and plain bytes, all 0 at first: the processes that share a workspace keep one
 * budget together and change it in turn, each with its own rules.  NOW is a clock that
 * all of them read and that does not go back.  What it goes by:
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
 * - requests_per_minute holds within any minute. */
#ifndef HOKO_NET_BUDGET_H
#define HOKO_NET_BUDGET_H

#include "net/net.h"
#include "net/sendlog.h"

enum { BUDGET_USERS_MAX = 32 };

/* Requests under way of one process. */
struct budget_user {
  int64_t pid;     /* 0: free; negative: of who knows which machine */
  int64_t last_ns; /* when it last sent or got something */
  int64_t under_way;
};

struct budget {
  struct sendlog sent;    /* for the ceiling: by when they left */
  struct sendlog counted; /* for the quota: by when they came back */
  int64_t last_sent_ns;
  struct budget_user user[BUDGET_USERS_MAX];

  int64_t told_until_ns, told_at_ns; /* by the last 429 */
  int64_t told_in_row;               /* 429s without a good answer between, a volley counted once */

  double limit, remaining;                        /* as last shown, where is_shown */
  int64_t shown_at_ns;                            /* when they were */
  int64_t reset_at_ns;                            /* as told */
  int64_t renewed_at_ns;                          /* when more will be left than REMAINING */
  int64_t ahead_ms;                               /* the server's wall clock less NOW, at least */
  bool is_shown, has_reset, has_ahead, is_shared; /* the last: others use the quota too */
};

/* One process's own. */
struct budget_rules {
  int64_t pid;
  int64_t give_up_ns;
  int per_minute_max; /* 0: none */
};

/* From when a request may leave: NOW or before, later for the reason *WHY, or INT64_MAX:
 * an answer under way decides, of this process or another. */
int64_t budget_ready_at(struct budget *b, const struct budget_rules *r, int64_t now_ns,
                        enum net_wait *why);

/* A request leaves. */
void budget_sent(struct budget *b, const struct budget_rules *r, int64_t now_ns);
/* It did not after all. */
void budget_unsent(struct budget *b, const struct budget_rules *r);

struct budget_event {
  int status;   /* 0: no answer */
  int attempts; /* on the wire */
  int64_t sent_ns;
  int64_t bytes_sent, bytes_received;
  struct exchange_limits limits;
  bool has_retry_after; /* in the body */
  double retry_after_s;
  int64_t wall_ms; /* now, for a head without Date */
};
/* It came back. */
void budget_returned(struct budget *b, const struct budget_rules *r, const struct budget_event *e,
                     int64_t now_ns);
/* PID is no more: nothing of it is under way. */
void budget_forget(struct budget *b, int64_t pid);

/* How long a 429 asks to wait, by the rules above without those of a row of them. */
int64_t budget_told_wait_ns(const struct budget_event *e, int64_t give_up_ns);

#endif
