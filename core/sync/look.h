/* look.h - what partners Hoko has now: a walk over GET /partners, newest first.
 *
 * api/listing.h decides which page is asked for next.  What is kept
 * of a partner is its id and the hashes of its content, so a long listing stays
 * small.  Driven like a sync: step, wake_at, is_done; no I/O of its own. */
#ifndef HOKO_SYNC_LOOK_H
#define HOKO_SYNC_LOOK_H

#include "api/answer.h"
#include "base/clock.h"
#include "net/transport.h"

struct looked {
  struct uuid id;
  uint64_t exact, folded; /* match_content() and match_fold() of its fields */
};

struct look_options {
  struct transport *transport;
  const struct clock *clock;
  struct hash_key key;
  int64_t since_ms; /* partners created before need not be seen (server's clock) */
  int64_t give_up_ms;
  uint32_t page_rows; /* 2 to 10,000 */
  uint64_t seed;
};

struct look;

MUST_USE int look_new(struct look **out, const struct look_options *options, struct error *err);
/* An exchange of its may not be under way. */
void look_free(struct look *l);

void look_step(struct look *l);
/* Whether E is the walk's own; takes it then. */
bool look_take(struct look *l, struct exchange *e);
int64_t look_wake_at(const struct look *l);
bool look_is_done(const struct look *l);
bool look_is_waiting(const struct look *l); /* an exchange is under way */
void look_stop(struct look *l);             /* no more requests */
/* NULL: the walk is whole. */
const struct error *look_error(const struct look *l);
/* After it is done without error; in the order of the listing, each id once. */
const struct looked *look_partners(const struct look *l, size_t *len);
/* The server's clock less ours, by the last Date; 0 where none came. */
int64_t look_skew_ms(const struct look *l);
/* Requests made so far. */
int64_t look_requests(const struct look *l);

#endif
