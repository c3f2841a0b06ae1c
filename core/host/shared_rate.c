#include "host/shared_rate.h"

#include "base/random.h"

#include <stdio.h>

static const int64_t SECOND_NS = INT64_C(1000000000), NS_A_MS = 1000000;
enum { SHORT_S = 2 }; /* a wait that is over before it is read is not told */

static int change(void *user, bool (*apply)(void *arg, void *record), void *arg) {
  struct shared_rate *r = user;
  struct error err;
  int rc = rate_change(r->state, slice_of(r->scope), net_share_size(), apply, arg, &err);
  if (rc != 0 && r->err.code == ERROR_NONE) r->err = err;
  return rc;
}

/* A negative number that no other process has. */
static int64_t any_member(void) {
  uint64_t random;
  random_bytes(&random, sizeof random);
  return -(int64_t)(random >> 2) - 1;
}

struct net_share shared_rate_begin(struct shared_rate *r, struct state *state, const char *base_url,
                                   const struct secret *key) {
  char fingerprint[SECRET_FINGERPRINT_SIZE];
  secret_fingerprint(key, fingerprint);
  *r = (struct shared_rate){.state = state};
  (void)snprintf(r->scope, sizeof r->scope, "%s %s", base_url, fingerprint);
  struct net_share share = {.user = r, .change = change};
  if (rate_clock(state, &share.ahead_ns, &r->err) == 0 && share.ahead_ns)
    share.member = any_member();
  return share;
}

static const char *reason(enum net_wait why) {
  switch (why) {
  case NET_WAIT_TOLD: return "Hoko's rate limit (429)";
  case NET_WAIT_QUOTA: return "Hoko's rate limit, whose requests are used up";
  case NET_WAIT_CEILING: return "requests_per_minute";
  case NET_WAIT_NONE: break;
  }
  return "nothing";
}

bool rate_wait_tell(struct rate_wait *w, const struct net_limits *limits, const struct clock *clock,
                    char text[RATE_WAIT_TEXT_SIZE]) {
  int64_t left_ns = limits->closed_until_mono_ns - clock_mono_ns(clock);
  char until[CLOCK_TEXT_SIZE];
  if (limits->why == NET_WAIT_NONE || left_ns < SHORT_S * SECOND_NS) return false;
  if (limits->closed_until_mono_ns < w->told_until_ns + SECOND_NS) return false;
  w->told_until_ns = limits->closed_until_mono_ns;
  clock_format(clock_wall_ms(clock) + left_ns / NS_A_MS, until);
  (void)snprintf(text, RATE_WAIT_TEXT_SIZE, "waiting for %s until %s", reason(limits->why), until);
  return true;
}
