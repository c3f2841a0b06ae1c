/* progress.h - how far something is, on one line of a terminal's stderr.
 *
 * Where there is no terminal, or --quiet, --log-format json or TERM=dumb say so,
 * progress_due() is never true, so nobody composes a line in vain:
 *   if (progress_due(&p)) { …compose… progress_draw(&p, line); }
 * Main thread only. */
#ifndef HOKO_CLI_PROGRESS_H
#define HOKO_CLI_PROGRESS_H

#include "cli/term.h"

enum { PROGRESS_INTERVAL_MS = 100 };

struct progress {
  struct term *term;
  const struct clock *clock;
  int64_t next_mono_ns; /* when a line may be drawn again */
  bool is_on;
};

/* IS_WANTED: what --no-progress says. */
struct progress progress_begin(struct term *t, const struct clock *clock, bool is_wanted);
/* Whether a line may be drawn now: at most one in PROGRESS_INTERVAL_MS. */
bool progress_due(const struct progress *p);
/* Draws LINE, cut at the terminal's width, whatever it says as text (no escapes). */
void progress_draw(struct progress *p, struct slice line);
/* Erases the line. */
void progress_end(struct progress *p);

#endif
