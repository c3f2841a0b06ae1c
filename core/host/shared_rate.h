/* shared_rate.h - the rate limit that all processes on one state keep together, and what
 * a person is told while it makes one of them wait. */
#ifndef HOKO_HOST_SHARED_RATE_H
#define HOKO_HOST_SHARED_RATE_H

#include "keys/secret.h"
#include "net/net.h"
#include "state/state.h"

enum { SHARED_RATE_SCOPE_SIZE = 2200 };

struct shared_rate {
  struct state *state;
  char scope[SHARED_RATE_SCOPE_SIZE]; /* base URL and key */
  struct error err;                   /* why it could not be shared; code ERROR_NONE: it is */
};

/* KEY's workspace at BASE_URL, in STATE.  R stays where it is while the share is used. */
struct net_share shared_rate_begin(struct shared_rate *r, struct state *state, const char *base_url,
                                   const struct secret *key);

enum { RATE_WAIT_TEXT_SIZE = 160 };

/* Once for each wait worth a line: what is waited for and until when, into TEXT. */
struct rate_wait {
  int64_t told_until_ns;
};
bool rate_wait_tell(struct rate_wait *w, const struct net_limits *limits, const struct clock *clock,
                    char text[RATE_WAIT_TEXT_SIZE]);

#endif
