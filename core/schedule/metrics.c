#include "schedule/metrics.h"

#include "schedule/facts.h"

#include <inttypes.h>

/* A value in thousandths; false: the job has none. */
struct family {
  const char *name, *type, *unit, *help;
  bool (*value)(const struct served *s, int64_t now_ms, int64_t *thousandths);
};

static bool last_start(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->facts.started_ms;
  return s->facts.has_run;
}

static bool last_success(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->facts.success_ms;
  return s->facts.has_success;
}

static bool last_duration(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->facts.ended_ms - s->facts.started_ms;
  return s->facts.has_exit;
}

static bool last_exit(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->facts.exit_code * 1000;
  return s->facts.has_exit;
}

static bool waited(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->facts.waited_ms;
  return s->facts.has_exit;
}

/* Rows that are pending have been since the last run that was good, at the most. */
static bool pending_age(const struct served *s, int64_t now_ms, int64_t *v) {
  *v = s->facts.rows[FACTS_PENDING] > 0 && s->facts.has_success ? now_ms - s->facts.success_ms : 0;
  return s->facts.has_exit;
}

static bool next_due(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->deadline_ms;
  return *v > 0 && *v < INT64_MAX;
}

static bool running(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = served_is_under_way(s) ? 1000 : 0;
  return true;
}

static bool paused(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->policy.is_paused ? 1000 : 0;
  return true;
}

static bool keyless(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->policy.is_keyless ? 1000 : 0;
  return true;
}

static bool not_started(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->not_run * 1000;
  return true;
}

static bool runs(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->runs * 1000;
  return true;
}

static bool failures(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->failures * 1000;
  return true;
}

static bool key_expiry(const struct served *s, int64_t now_ms, int64_t *v) {
  (void)now_ms;
  *v = s->key_expires_ms;
  return *v > 0;
}

static const struct family families[] = {
    {"hoko_job_last_start_timestamp_seconds", "gauge", "seconds", "When the job's last run began.",
     last_start},
    {"hoko_job_last_success_timestamp_seconds", "gauge", "seconds", "When its last good run ended.",
     last_success},
    {"hoko_job_last_duration_seconds", "gauge", "seconds", "How long its last run took.",
     last_duration},
    {"hoko_job_last_exit_code", "gauge", NULL, "How its last run ended.", last_exit},
    {"hoko_job_last_waited_seconds", "gauge", "seconds", "How long it waited for the rate limit.",
     waited},
    {"hoko_job_pending_age_seconds", "gauge", "seconds", "How long rows have waited for Hoko.",
     pending_age},
    {"hoko_job_next_timestamp_seconds", "gauge", "seconds", "When there is something to do next.",
     next_due},
    {"hoko_job_running", "gauge", NULL, "Whether a run is under way.", running},
    {"hoko_job_paused", "gauge", NULL, "Whether it starts no more by itself.", paused},
    {"hoko_job_waits_for_key", "gauge", NULL, "Whether it waits for a working key.", keyless},
    {"hoko_job_runs", "counter", NULL, "Runs that have ended since hoko serve began.", runs},
    {"hoko_job_failures", "counter", NULL, "Those that ended with neither 0 nor 4.", failures},
    {"hoko_job_not_started", "counter", NULL, "Occurrences that did not start since then.",
     not_started},
    {"hoko_job_key_expiry_timestamp_seconds", "gauge", "seconds", "When its key expires.",
     key_expiry},
};

static void put_label(struct buf *b, const char *text) {
  for (; *text; text++) {
    if (*text == '\\' || *text == '"') buf_add_char(b, '\\');
    if (*text == '\n')
      buf_add_text(b, "\\n");
    else
      buf_add_char(b, *text);
  }
}

static void put_head(struct buf *b, const char *name, const char *type, const char *unit,
                     const char *help) {
  buf_printf(b, "# TYPE %s %s\n", name, type);
  if (unit) buf_printf(b, "# UNIT %s %s\n", name, unit);
  buf_printf(b, "# HELP %s %s\n", name, help);
}

static void put_family(struct buf *b, const struct family *f, const struct daemon *d) {
  int64_t now_ms = daemon_wall_ms(d);
  bool is_counter = f->type[0] == 'c';
  put_head(b, f->name, f->type, f->unit, f->help);
  for (size_t i = 0; i < d->jobs_len; i++) {
    int64_t v;
    if (!f->value(d->jobs[i], now_ms, &v)) continue;
    buf_printf(b, "%s%s{job=\"", f->name, is_counter ? "_total" : "");
    put_label(b, d->jobs[i]->name);
    buf_printf(b, "\"} %s%" PRId64, v < 0 ? "-" : "", (v < 0 ? -v : v) / 1000);
    if (v % 1000) buf_printf(b, ".%03d", (int)((v < 0 ? -v : v) % 1000));
    buf_add_char(b, '\n');
  }
}

static void put_rows(struct buf *b, const struct daemon *d) {
  put_head(b, "hoko_job_rows", "gauge", NULL, "Rows of its last run, by what became of them.");
  for (size_t i = 0; i < d->jobs_len; i++) {
    if (!d->jobs[i]->facts.has_exit) continue;
    for (int row = 0; row < FACTS_ROWS; row++) {
      buf_add_text(b, "hoko_job_rows{job=\"");
      put_label(b, d->jobs[i]->name);
      buf_printf(b, "\",state=\"%s\"} %" PRId64 "\n", facts_row_name((enum facts_row)row),
                 d->jobs[i]->facts.rows[row]);
    }
  }
}

int metrics_put(struct buf *b, struct daemon *d, struct error *err) {
  for (size_t i = 0; i < d->jobs_len; i++)
    if (facts_read(d, d->jobs[i], err) != 0) return -1;
  for (size_t i = 0; i < sizeof families / sizeof *families; i++) put_family(b, &families[i], d);
  put_rows(b, d);
  put_head(b, "hoko_serve_jobs", "gauge", NULL, "Jobs that are served.");
  buf_printf(b, "hoko_serve_jobs %zu\n# EOF\n", d->jobs_len);
  return 0;
}
