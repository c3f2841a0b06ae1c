#include "cli/summary.h"

#include "base/number.h"

#include <inttypes.h>

static void put_count(struct buf *b, const char *name, int64_t count) {
  if (!count) return;
  if (b->len) buf_add_text(b, ", ");
  number_put_grouped(b, count);
  buf_printf(b, " %s", name);
}

static void put_counts(struct buf *b, const struct tally *t) {
  put_count(b, "created", t->created);
  put_count(b, "updated", t->updated);
  put_count(b, "unchanged", t->unchanged);
  put_count(b, "superseded", t->superseded);
  put_count(b, "rejected", t->rejected);
  put_count(b, "held", t->held);
  put_count(b, "pending", t->pending);
  put_count(b, "skipped", t->skipped);
  put_count(b, "missing", t->missing);
  put_count(b, "deleted", t->deleted);
}

void summary_put_progress(struct buf *line, const struct tally *t, const char *wait,
                          int64_t elapsed_ns) {
  number_put_grouped(line, t->submitted);
  buf_add_text(line, t->submitted == 1 ? " row" : " rows");
  double seconds = (double)elapsed_ns / 1e9;
  if (seconds >= 1) {
    buf_add_text(line, " (");
    number_put_grouped(line, (int64_t)((double)t->submitted / seconds));
    buf_add_text(line, "/s)");
  }
  struct buf counts = BUF_WITH_LIMIT(512);
  put_counts(&counts, t);
  if (counts.len) buf_add_text(line, ": ");
  buf_add_slice(line, buf_slice(&counts));
  buf_free(&counts);
  if (wait[0]) buf_printf(line, "; waiting for %s", wait);
}

void summary_put_planned(struct buf *line, const struct row *row, bool is_create,
                         const struct known *known) {
  buf_add_text(line, is_create ? "create" : "update");
  if (row->key.len)
    buf_printf(line, " %.*s", SLICE_ARG(row->key));
  else if (row->id.len)
    buf_printf(line, " %.*s", SLICE_ARG(row->id));
  for (int f = 0; f < ROW_FIELDS; f++) {
    if (!row->field[f].len || (is_create && row_is_null(row->field[f]))) continue;
    buf_printf(line, "  %s: ", row_field_name[f]);
    if (!is_create && known->field[f].len)
      buf_printf(line, "%.*s → ", SLICE_ARG(known->field[f]));
    else if (!is_create)
      buf_add_text(line, "(not known) → ");
    buf_add_slice(line, row->field[f]);
  }
  buf_add_char(line, '\n');
}

void summary_put_planned_reject(struct buf *line, const struct reject *r) {
  buf_printf(line, "reject %.*s  %.*s", SLICE_ARG(r->key), SLICE_ARG(r->code));
  if (r->field.len) buf_printf(line, " %.*s", SLICE_ARG(r->field));
  buf_add_text(line, ": ");
  buf_add_slice(line, r->message);
  if (r->file.len && r->line) buf_printf(line, " (%.*s:%" PRId64 ")", SLICE_ARG(r->file), r->line);
  buf_add_char(line, '\n');
}

void summary_put_planned_wait(struct buf *line, const struct row *row) {
  buf_add_text(line, "cannot be known");
  if (row->key.len) buf_printf(line, " %.*s", SLICE_ARG(row->key));
  buf_add_text(line,
               ": a create that was sent before has no known outcome; hoko settle decides it\n");
}

void summary_put_missing(struct buf *line, const struct partner *p, bool is_deleted) {
  char id[UUID_TEXT_LEN];
  uuid_format(&p->id, id);
  buf_printf(line, "%s %.*s  id: %.*s\n", is_deleted ? "delete" : "missing", SLICE_ARG(p->key),
             UUID_TEXT_LEN, id);
}

void summary_print(struct term *t, const struct job *job, const struct run_result *r) {
  struct buf counts = BUF_WITH_LIMIT(1024), time = BUF_WITH_LIMIT(64);
  put_counts(&counts, &r->tally);
  number_put_duration(&time, r->ended_ms - r->started_ms);
  const char *text = buf_text(&counts), *took = buf_text(&time);
  bool is_worth = job->is_dry || job->is_verbose || term_err_is_terminal(t) || r->tally.rejected ||
                  r->tally.held || r->tally.pending;
  if (text && took && is_worth && r->tally.submitted + r->tally.skipped > 0)
    term_note(t, "%s%s in %s, %" PRId64 " request%s to %s", job->is_dry ? "dry run: would be " : "",
              text[0] ? text : "no rows", took, r->requests_sent, r->requests_sent == 1 ? "" : "s",
              job->base_url);
  if (r->tally.rejected && !job->is_dry)
    term_note(t, "hint: hoko rejects list shows the rejected rows and why");
  if (r->tally.held && !job->is_dry)
    term_note(t, "hint: hoko settle decides the creates whose outcome is unknown");
  buf_free(&counts);
  buf_free(&time);
}
