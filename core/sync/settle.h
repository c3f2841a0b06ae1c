/* settle.h - creates whose outcome is unknown: found and adopted, sent again when
 * they surely are not there, or held on (J3).
 *
 * One struct settle is one pass over a stream's held rows.  It lists what Hoko has
 * back to the oldest of them; rows found are adopted.  Rows of which nothing even
 * alike is there are sent again only when the settle window has passed since they
 * left and a second listing agrees.  Driven like a sync; main thread only. */
#ifndef HOKO_SYNC_SETTLE_H
#define HOKO_SYNC_SETTLE_H

#include "sync/sync.h"

struct settle;

struct settle_options {
  struct state *state;
  struct stream *stream; /* open for writing */
  struct sync_options resend; /* how rows are sent again: transport, limits, events */
  int64_t window_ms;     /* 0: as if it had passed */
  bool only_adopts;      /* at the end of a run: nothing is sent again */
};

struct settled {
  int64_t adopted, resent, held; /* resent: acknowledged now */
  int64_t unsure;                /* of held: a partner is alike, but not surely the one */
  int64_t twins;                 /* partners that stand twice, told by warn */
  struct tally resend;           /* what became of what was sent again */
};

/* Nothing is held: *out is NULL. */
MUST_USE int settle_new(struct settle **out, const struct settle_options *options, struct error *err);
void settle_free(struct settle *s);
void settle_step(struct settle *s);
int64_t settle_wake_at(const struct settle *s);
bool settle_is_done(const struct settle *s);
void settle_stop(struct settle *s, const struct error *why);
const struct error *settle_error(const struct settle *s);
struct settled settle_result(const struct settle *s);

#endif
