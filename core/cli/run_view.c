#include "cli/run_view.h"

#include "base/json_text.h"
#include "base/number.h"
#include "state/report_view.h"

#include <inttypes.h>

/* "ok", "rejected (exit 3)", "running (process 12)", "died", "missed". */
void run_view_put_result(struct buf *b, const struct run_record *r) {
  switch (r->status) {
  case RUN_RUNNING: buf_printf(b, "running (process %" PRId64 ")", r->pid); break;
  case RUN_DIED: buf_add_text(b, "died"); break;
  case RUN_NOT_STARTED: buf_add_slice(b, r->outcome); break;
  case RUN_ENDED:
    buf_add_slice(b, r->outcome);
    if (r->exit != 0) buf_printf(b, " (exit %d)", r->exit);
    break;
  }
}

void run_view_put_took(struct buf *b, const struct run_record *r) {
  if (r->status == RUN_ENDED) number_put_duration(b, r->ended_ms - r->started_ms);
}

static void put_text(struct buf *b, const char *name, struct slice text) {
  buf_printf(b, ",\"%s\":", name);
  if (text.len > 0)
    json_put_string(b, text);
  else
    buf_add_text(b, "null");
}

static struct slice outcome_of(const struct run_record *r) {
  if (r->status == RUN_RUNNING) return SLICE("running");
  return r->status == RUN_DIED ? SLICE("died") : r->outcome;
}

/* The report as it was written; of a run that has none, as much as is known. */
void run_view_put_json(struct buf *b, const struct run_record *r) {
  char started[CLOCK_TEXT_SIZE];
  if (r->status == RUN_ENDED && r->report.len > 0) {
    buf_add_slice(b, r->report);
    buf_add_char(b, '\n');
    return;
  }
  clock_format(r->started_ms, started);
  buf_printf(b, "{\"schema\":\"hoko.run/1\",\"run\":\"%s\"", r->run);
  put_text(b, "script", r->script);
  put_text(b, "job", r->job);
  put_text(b, "started", slice_of(started));
  buf_add_text(b, ",\"ended\":null,\"exit\":null");
  put_text(b, "outcome", outcome_of(r));
  buf_add_text(b, ",\"rows\":null,\"requests\":null,\"bytes\":null,\"peak_memory_bytes\":null,"
                  "\"error\":null}\n");
}

static void put_line(struct buf *b, const char *name, struct slice text) {
  if (text.len == 0) return;
  buf_printf(b, "%-10s", name);
  buf_add_slice(b, text);
  buf_add_char(b, '\n');
}

/* Sets TEXT to what PUT appends for R. */
static void put_made(struct buf *b, const char *name, const struct run_record *r,
                     void (*put)(struct buf *b, const struct run_record *r)) {
  struct buf text = BUF_WITH_LIMIT(4096);
  put(&text, r);
  put_line(b, name, buf_slice(&text));
  buf_free(&text);
}

static void put_rows(struct buf *b, const struct run_record *r) {
  number_put_grouped(b, report_view_number(r->report, "rows", "submitted"));
  buf_add_text(b, " submitted");
  size_t len = b->len;
  buf_add_text(b, ": ");
  report_view_put_rows(b, r->report);
  if (b->len == len + 2) b->len = len; /* there were none */
}

static void put_requests(struct buf *b, const struct run_record *r) {
  number_put_grouped(b, report_view_number(r->report, "requests", "sent"));
  buf_add_text(b, " sent, ");
  number_put_grouped(b, report_view_number(r->report, "requests", "retried"));
  buf_add_text(b, " retried, ");
  number_put_duration(b, report_view_number(r->report, "requests", "waited_ms"));
  buf_add_text(b, " waited");
}

static void put_error(struct buf *b, const struct run_record *r) {
  (void)report_view_text(r->report, "error", "message", b); /* most runs have none */
}

static void put_hint(struct buf *b, const struct run_record *r) {
  (void)report_view_text(r->report, "error", "hint", b); /* not all errors have one */
}

static void put_twins(struct buf *b, const struct run_record *r) {
  report_view_put_twins(b, r->report);
}

static void put_memory(struct buf *b, const struct run_record *r) {
  number_put_size(b, report_view_number(r->report, NULL, "peak_memory_bytes"));
}

static void put_started(struct buf *b, const struct run_record *r) {
  char text[CLOCK_TEXT_SIZE];
  clock_format(r->started_ms, text);
  buf_add_text(b, text);
  if (r->status == RUN_ENDED) buf_add_text(b, ", took ");
  run_view_put_took(b, r);
}

void run_view_put(struct buf *b, const struct run_record *r) {
  put_line(b, "run", slice_of(r->run));
  put_line(b, "script", r->script);
  put_line(b, "job", r->job);
  put_made(b, "started", r, put_started);
  put_made(b, "result", r, run_view_put_result);
  if (r->report.len == 0) return;
  put_made(b, "rows", r, put_rows);
  put_made(b, "requests", r, put_requests);
  put_made(b, "twins", r, put_twins);
  put_made(b, "memory", r, put_memory);
  put_made(b, "error", r, put_error);
  put_made(b, "hint", r, put_hint);
}
