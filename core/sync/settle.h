/* settle.h - creates whose outcome is unknown: found and adopted, sent again when
 * they surely are not there, or held on (J3).
 *
 * One struct settle is one pass over a stream's held rows.  It lists what Hoko has
 * back to the oldest of them; rows found are adopted.  Rows of which nothing even
 * alike is there are sent again only when the settle window has passed since they
 * left and a second listing agrees.  What is listed is looked through for twins too.
 * Driven like a sync; main thread only. */
#ifndef HOKO_SYNC_SETTLE_H
#define HOKO_SYNC_SETTLE_H

#include "sync/claims.h"
#include "sync/sync.h"
#include "sync/twins.h"

struct settle;

struct settle_options {
  struct state *state;
  struct stream *stream;      /* open for writing */
  struct sync_options resend; /* how rows are sent again: transport, limits, events */
  int64_t window_ms;          /* 0: as if it had passed */
  bool only_adopts;           /* at the end of a run: nothing is sent again */
  /* Of the sync before, at the end of a run: see there. */
  int64_t doubt_since_ms;
  const struct claims *made;
};

enum { SETTLED_TWINS_MAX = 32 };

struct settled {
  int64_t adopted, resent, held; /* resent: acknowledged now */
  int64_t unsure;                /* of held: a partner is alike, but not surely the one */
  int64_t twins;                 /* partners that stand beside an equal one of ours, told by warn */
  struct twin twin[SETTLED_TWINS_MAX]; /* the first of them */
  size_t twins_len;
  struct tally resend;     /* what became of what was sent again */
  int64_t resent_since_ms; /* when the oldest of that first left; 0: none was sent again */
};

/* Nothing is held and nothing in doubt: *out is NULL. */
MUST_USE int settle_new(struct settle **out, const struct settle_options *options,
                        struct error *err);
void settle_free(struct settle *s);
void settle_step(struct settle *s);
int64_t settle_wake_at(const struct settle *s);
bool settle_is_done(const struct settle *s);
void settle_stop(struct settle *s, const struct error *why);
const struct error *settle_error(const struct settle *s);
struct settled settle_result(const struct settle *s);

#endif
