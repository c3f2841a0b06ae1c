#include "cli/progress.h"

struct progress progress_begin(struct term *t, const struct clock *clock, bool is_wanted) {
  return (struct progress){.term = t, .clock = clock, .is_on = is_wanted && term_shows_status(t)};
}

bool progress_due(const struct progress *p) {
  return p->is_on && clock_mono_ns(p->clock) >= p->next_mono_ns;
}

void progress_draw(struct progress *p, struct slice line) {
  if (!progress_due(p)) return;
  term_status(p->term, line);
  p->next_mono_ns = clock_mono_ns(p->clock) + PROGRESS_INTERVAL_MS * INT64_C(1000000);
}

void progress_end(struct progress *p) { term_status(p->term, SLICE("")); }
