#include "schedule/facts.h"

#include "state/report_view.h"

const char *facts_row_name(enum facts_row row) {
  static const char *const name[] = {[FACTS_SUBMITTED] = "submitted",
                                     [FACTS_CREATED] = "created",
                                     [FACTS_UPDATED] = "updated",
                                     [FACTS_UNCHANGED] = "unchanged",
                                     [FACTS_SUPERSEDED] = "superseded",
                                     [FACTS_REJECTED] = "rejected",
                                     [FACTS_HELD] = "held",
                                     [FACTS_PENDING] = "pending",
                                     [FACTS_SKIPPED] = "skipped",
                                     [FACTS_MISSING] = "missing",
                                     [FACTS_DELETED] = "deleted"};
  return name[row];
}

static void take_last(struct facts *f, const struct run_record *r) {
  f->has_run = true;
  f->started_ms = r->started_ms;
  f->ended_ms = r->status == RUN_RUNNING ? 0 : r->ended_ms;
  f->has_exit = r->status == RUN_ENDED;
  f->exit_code = r->exit;
  f->waited_ms = report_view_number(r->report, "requests", "waited_ms");
  for (int i = 0; i < FACTS_ROWS; i++)
    f->rows[i] = report_view_number(r->report, "rows", facts_row_name((enum facts_row)i));
}

int facts_read(struct daemon *d, struct served *s, struct error *err) {
  struct facts *f = &s->facts;
  struct run_record r;
  struct slice name = slice_of(s->name);
  bool is_there;
  if (f->is_read) return 0;
  *f = (struct facts){.has_run = false};
  if (run_record_newest(d->options->state, name, true, &r, &is_there, err) != 0) return -1;
  if (is_there) {
    f->has_success = true;
    f->success_ms = r.ended_ms;
    f->took_ms = r.ended_ms - r.started_ms;
  }
  if (run_record_newest(d->options->state, name, false, &r, &is_there, err) != 0) return -1;
  if (is_there) take_last(f, &r);
  f->is_read = true;
  return 0;
}
