#include "schedule/page.h"

#include "base/exit_code.h"
#include "base/number.h"
#include "schedule/facts.h"
#include "schedule/next.h"
#include "schedule/picture.h"
#include "state/report_view.h"

#include <inttypes.h>
#include <stdlib.h>

enum { REFRESH_S = 30, REFRESH_RUNNING_S = 5, RUNS_SHOWN = 50, REJECTS_SHOWN = 100 };
static const int64_t day_ms = 86400000;

static const char *word(const struct page *p, enum html_word w) {
  return html_word(p->language, w);
}

/* ---- pieces ---- */

static void begin_cell(struct buf *b, const struct page *p, enum html_word label,
                       const char *class) {
  buf_printf(b, "<td%s%s%s data-label=\"%s\"><span>", class ? " class=\"" : "", class ? class : "",
             class ? "\"" : "", word(p, label));
}

static void end_cell(struct buf *b) { buf_add_text(b, "</span></td>"); }

static void put_heads(struct buf *b, const struct page *p, const enum html_word *heads,
                      size_t len) {
  buf_add_text(b, "<table><thead><tr>");
  for (size_t i = 0; i < len; i++) buf_printf(b, "<th scope=\"col\">%s</th>", word(p, heads[i]));
  buf_add_text(b, "</tr></thead><tbody>\n");
}

/* Labelled by its job for those who do not see where it stands. */
static void put_button(struct buf *b, const struct page *p, const struct served *s) {
  buf_add_text(b, "<form method=\"post\" action=\"/start?job=");
  html_put_query(b, slice_of(s->name));
  buf_printf(b, "\"><input type=\"hidden\" name=\"token\" value=\"%s\"><button aria-label=\"%s: ",
             p->token, word(p, WORD_RUN_NOW));
  html_put_text(b, slice_of(s->name));
  buf_printf(b, "\">%s</button></form>", word(p, WORD_RUN_NOW));
}

/* In the job's zone. */
static void put_next(struct buf *b, const struct page *p, const struct served *s) {
  char text[NEXT_TEXT_SIZE];
  int64_t now_ms = daemon_wall_ms(p->daemon);
  int64_t at_ms = policy_each(&s->rules, s->rules.cron ? now_ms : s->policy.settled_ms);
  bool is_waiting = s->policy.is_paused || s->policy.is_keyless;
  if (is_waiting || at_ms == INT64_MAX) {
    html_put_word(b, p->language,
                  s->policy.is_paused    ? WORD_PAUSED
                  : s->policy.is_keyless ? WORD_KEYLESS
                                         : WORD_BY_HAND);
    return;
  }
  int64_t at_s = (at_ms < now_ms ? now_ms : at_ms) / 1000;
  const struct next next = {.at_s = at_s, .offset_s = zone_at(s->rules.zone, at_s).offset_s};
  (void)next_format(&next, text);
  buf_printf(b, "<time datetime=\"%s\" dir=\"ltr\">%.10s %s</time>", text, text, text + 11);
}

static void put_mark(struct buf *b, const char *class, const char *mark, const char *text) {
  buf_printf(b, "<span class=\"%s\"><span aria-hidden=\"true\">%s</span> %s</span>", class, mark,
             text);
}

static void put_result(struct buf *b, const struct page *p, const struct run_record *r) {
  bool is_good = r->exit == EXIT_OK || r->exit == EXIT_HELD;
  switch (r->status) {
  case RUN_RUNNING: put_mark(b, "dim", "…", word(p, WORD_RUNNING)); return;
  case RUN_DIED: put_mark(b, "bad", "✗", word(p, WORD_DIED)); return;
  case RUN_NOT_STARTED: put_mark(b, "dim", "–", word(p, WORD_NOT_STARTED)); break;
  case RUN_ENDED:
    put_mark(b, is_good ? "good" : "bad", is_good ? "✓" : "✗",
             word(p, is_good ? WORD_OK : WORD_FAILED));
  }
  if (r->status == RUN_ENDED && r->exit == EXIT_OK) return;
  buf_add_text(b, " <bdi>(");
  html_put_text(b, r->outcome);
  buf_add_text(b, ")</bdi>");
}

static void put_rows(struct buf *b, struct slice report) {
  struct buf rows = BUF_WITH_LIMIT(1024);
  report_view_put_rows(&rows, report);
  buf_add_text(b, "<bdi>");
  html_put_text(b, buf_slice(&rows));
  buf_add_text(b, "</bdi>");
  buf_free(&rows);
}

static void put_run_link(struct buf *b, const struct run_record *r) {
  buf_printf(b, "<a href=\"/run?run=%s\">", r->run);
  html_put_time(b, r->started_ms);
  buf_add_text(b, "</a>");
}

/* What a run under way has done so far, and how long runs of its job take. */
static void put_progress(struct buf *b, const struct page *p, const struct served *s) {
  buf_add_text(b, " <bdi>");
  number_put_duration(b, daemon_wall_ms(p->daemon) - s->facts.started_ms);
  if (s->facts.took_ms > 0) {
    buf_printf(b, " (%s ", word(p, WORD_USUAL));
    number_put_duration(b, s->facts.took_ms);
    buf_add_char(b, ')');
  }
  buf_add_text(b, "</bdi>");
  if (!s->progress[0]) return;
  buf_add_text(b, "<br><bdi class=\"dim\">");
  html_put_text(b, slice_of(s->progress));
  buf_add_text(b, "</bdi>");
}

/* ---- all jobs ---- */

static int put_job_row(struct buf *b, const struct page *p, struct served *s, struct error *err) {
  struct run_record r;
  bool is_there;
  if (facts_read(p->daemon, s, err) != 0 ||
      run_record_newest(p->daemon->options->state, slice_of(s->name), false, &r, &is_there, err) !=
          0)
    return -1;
  buf_add_text(b, "<tr>");
  begin_cell(b, p, WORD_JOB, NULL);
  buf_add_text(b, "<a href=\"/job?name=");
  html_put_query(b, slice_of(s->name));
  buf_add_text(b, "\"><bdi>");
  html_put_text(b, slice_of(s->name));
  buf_add_text(b, "</bdi></a>");
  end_cell(b);
  begin_cell(b, p, WORD_NEXT, NULL);
  put_next(b, p, s);
  end_cell(b);
  begin_cell(b, p, WORD_LAST, NULL);
  if (is_there)
    put_run_link(b, &r);
  else
    html_put_word(b, p->language, WORD_NEVER);
  end_cell(b);
  begin_cell(b, p, WORD_RESULT, NULL);
  if (is_there) put_result(b, p, &r);
  if (is_there && r.status == RUN_RUNNING) put_progress(b, p, s);
  end_cell(b);
  begin_cell(b, p, WORD_ROWS, "n");
  if (is_there) put_rows(b, r.report);
  end_cell(b);
  buf_add_text(b, "<td class=\"go\">");
  put_button(b, p, s);
  buf_add_text(b, "</td></tr>\n");
  return 0;
}

int page_put_jobs(struct buf *b, const struct page *p, struct error *err) {
  static const enum html_word heads[] = {WORD_JOB,    WORD_NEXT, WORD_LAST,
                                         WORD_RESULT, WORD_ROWS, WORD_RUN_NOW};
  const struct daemon *d = p->daemon;
  html_begin(b, p->language, slice_of(word(p, WORD_JOBS)),
             d->active ? REFRESH_RUNNING_S : REFRESH_S, false);
  if (d->jobs_len == 0)
    buf_printf(b, "<p>%s</p>", word(p, WORD_NO_JOBS));
  else
    put_heads(b, p, heads, sizeof heads / sizeof *heads);
  for (size_t i = 0; i < d->jobs_len; i++)
    if (put_job_row(b, p, d->jobs[i], err) != 0) return -1;
  if (d->jobs_len > 0) buf_add_text(b, "</tbody></table>");
  html_end(b);
  return 0;
}

/* ---- one job ---- */

static void put_term(struct buf *b, const struct page *p, enum html_word name) {
  buf_printf(b, "<dt>%s</dt><dd>", word(p, name));
}

static void put_fact(struct buf *b, const struct page *p, enum html_word name, struct slice text) {
  if (text.len == 0) return;
  put_term(b, p, name);
  buf_add_text(b, "<bdi>");
  html_put_text(b, text);
  buf_add_text(b, "</bdi></dd>");
}

static void put_job_facts(struct buf *b, const struct page *p, const struct served *s) {
  struct buf every = BUF_WITH_LIMIT(64);
  number_put_duration(&every, s->rules.every_ms);
  buf_add_text(b, "<dl>");
  put_fact(b, p, WORD_SCRIPT, slice_of(s->script));
  put_fact(b, p, WORD_SCHEDULE,
           s->schedule         ? slice_of(s->schedule)
           : s->rules.every_ms ? buf_slice(&every)
                               : (struct slice){0});
  put_fact(b, p, WORD_ZONE, slice_of(s->timezone));
  put_term(b, p, WORD_NEXT);
  put_next(b, p, s);
  buf_add_text(b, "</dd>");
  if (served_is_under_way(s)) {
    put_term(b, p, WORD_STATE);
    html_put_word(b, p->language, WORD_RUNNING);
    put_progress(b, p, s);
    buf_add_text(b, "</dd>");
  }
  buf_add_text(b, "</dl>");
  buf_free(&every);
}

static int put_picture(struct buf *b, const struct page *p, const struct served *s,
                       struct error *err) {
  struct run_day days[PICTURE_DAYS];
  size_t n;
  int64_t today = daemon_wall_ms(p->daemon) / day_ms;
  if (run_record_days(p->daemon->options->state, slice_of(s->name), today - PICTURE_DAYS + 1, days,
                      PICTURE_DAYS, &n, err) != 0)
    return -1;
  buf_printf(b, "<h2>%s</h2>", word(p, WORD_DAYS));
  picture_put(b, p->language, days, n, today);
  buf_printf(b, "<p class=\"dim\">%s</p>", word(p, WORD_PER_DAY));
  return 0;
}

static void put_run_row(struct buf *b, const struct page *p, const struct run_record *r) {
  buf_add_text(b, "<tr>");
  begin_cell(b, p, WORD_STARTED, NULL);
  put_run_link(b, r);
  end_cell(b);
  begin_cell(b, p, WORD_TOOK, "n");
  if (r->status == RUN_ENDED) number_put_duration(b, r->ended_ms - r->started_ms);
  end_cell(b);
  begin_cell(b, p, WORD_RESULT, NULL);
  put_result(b, p, r);
  end_cell(b);
  begin_cell(b, p, WORD_ROWS, "n");
  put_rows(b, r->report);
  end_cell(b);
  buf_add_text(b, "</tr>\n");
}

static int put_runs(struct buf *b, const struct page *p, const struct served *s,
                    struct error *err) {
  static const enum html_word heads[] = {WORD_STARTED, WORD_TOOK, WORD_RESULT, WORD_ROWS};
  const struct run_filter filter = {.job = slice_of(s->name)};
  struct run_record *runs = calloc(RUNS_SHOWN, sizeof *runs);
  size_t n = 0;
  if (!runs) return error_set(err, ERROR_MEMORY, "no memory for the runs");
  int result = run_record_list(p->daemon->options->state, &filter, runs, RUNS_SHOWN, &n, err);
  buf_printf(b, "<h2>%s</h2>", word(p, WORD_RUNS));
  if (n == 0)
    buf_printf(b, "<p>%s</p>", word(p, WORD_NO_RUNS));
  else
    put_heads(b, p, heads, sizeof heads / sizeof *heads);
  for (size_t i = 0; result == 0 && i < n; i++) put_run_row(b, p, &runs[i]);
  if (n > 0) buf_add_text(b, "</tbody></table>");
  free(runs);
  return result;
}

int page_put_job(struct buf *b, const struct page *p, struct served *s, struct error *err) {
  if (facts_read(p->daemon, s, err) != 0) return -1;
  html_begin(b, p->language, slice_of(s->name),
             served_is_under_way(s) ? REFRESH_RUNNING_S : REFRESH_S, true);
  put_job_facts(b, p, s);
  put_button(b, p, s);
  if (put_picture(b, p, s, err) != 0 || put_runs(b, p, s, err) != 0) return -1;
  html_end(b);
  return 0;
}

/* ---- one run ---- */

static void put_run_facts(struct buf *b, const struct page *p, const struct run_record *r) {
  struct buf text = BUF_WITH_LIMIT(4096);
  buf_add_text(b, "<dl>");
  put_fact(b, p, WORD_JOB, r->job);
  put_fact(b, p, WORD_SCRIPT, r->script);
  put_term(b, p, WORD_STARTED);
  html_put_time(b, r->started_ms);
  buf_add_text(b, "</dd>");
  put_term(b, p, WORD_RESULT);
  put_result(b, p, r);
  buf_add_text(b, "</dd>");
  if (r->status == RUN_ENDED) {
    number_put_duration(&text, r->ended_ms - r->started_ms);
    put_fact(b, p, WORD_TOOK, buf_slice(&text));
    buf_clear(&text);
    number_put_grouped(&text, report_view_number(r->report, "requests", "sent"));
    put_fact(b, p, WORD_REQUESTS, buf_slice(&text));
    buf_clear(&text);
    buf_printf(&text, "%d", r->exit);
    put_fact(b, p, WORD_EXIT, buf_slice(&text));
  }
  for (int i = 0; i < 2; i++) {
    buf_clear(&text);
    if (report_view_text(r->report, "error", i ? "hint" : "message", &text))
      put_fact(b, p, i ? WORD_HINT : WORD_ERROR, buf_slice(&text));
  }
  buf_add_text(b, "</dl>");
  buf_free(&text);
}

/* Rows by state, those that there were. */
static void put_states(struct buf *b, const struct page *p, struct slice report) {
  static const enum html_word heads[] = {WORD_STATE, WORD_ROWS};
  if (report_view_number(report, "rows", "submitted") +
          report_view_number(report, "rows", "skipped") ==
      0)
    return;
  buf_printf(b, "<h2>%s</h2>", word(p, WORD_ROWS));
  put_heads(b, p, heads, 2);
  for (int i = 0; i < FACTS_ROWS; i++) {
    const char *name = facts_row_name((enum facts_row)i);
    int64_t n = report_view_number(report, "rows", name);
    if (n == 0) continue;
    buf_add_text(b, "<tr>");
    begin_cell(b, p, WORD_STATE, NULL);
    buf_printf(b, "<bdi>%s</bdi>", name);
    end_cell(b);
    begin_cell(b, p, WORD_ROWS, "n");
    number_put_grouped(b, n);
    end_cell(b);
    buf_add_text(b, "</tr>\n");
  }
  buf_add_text(b, "</tbody></table>");
}

static void put_reject(struct buf *b, const struct page *p, const struct reject *r) {
  buf_add_text(b, "<tr>");
  begin_cell(b, p, WORD_KEY, NULL);
  buf_add_text(b, "<bdi>");
  html_put_text(b, r->key.len ? r->key : SLICE("–"));
  buf_add_text(b, "</bdi>");
  end_cell(b);
  begin_cell(b, p, WORD_REASON, NULL);
  buf_add_text(b, "<bdi><code>");
  html_put_text(b, r->code);
  buf_add_text(b, "</code> ");
  html_put_text(b, r->message);
  buf_add_text(b, "</bdi>");
  end_cell(b);
  buf_add_text(b, "</tr>\n");
}

static int put_rejects(struct buf *b, const struct page *p, const char *run, struct error *err) {
  static const enum html_word heads[] = {WORD_KEY, WORD_REASON};
  const struct reject_filter filter = {.run = slice_of(run)};
  struct reject *rejects = calloc(REJECTS_SHOWN, sizeof *rejects);
  size_t n = 0;
  if (!rejects) return error_set(err, ERROR_MEMORY, "no memory for the rejects");
  int result = reject_list(p->daemon->options->state, &filter, 0, rejects, REJECTS_SHOWN, &n, err);
  if (n > 0) {
    buf_printf(b, "<h2>%s</h2>", word(p, WORD_REJECTS));
    put_heads(b, p, heads, 2);
    for (size_t i = 0; i < n; i++) put_reject(b, p, &rejects[i]);
    buf_add_text(b, "</tbody></table>");
  }
  if (n == REJECTS_SHOWN) buf_printf(b, "<p>%s</p>", word(p, WORD_MORE_REJECTS));
  free(rejects);
  return result;
}

int page_put_run(struct buf *b, const struct page *p, struct slice run, struct error *err) {
  struct run_record r;
  if (run_record_show(p->daemon->options->state, run, &r, err) != 0) return -1;
  html_begin(b, p->language, slice_of(r.run), r.status == RUN_RUNNING ? REFRESH_RUNNING_S : 0,
             true);
  put_run_facts(b, p, &r);
  put_states(b, p, r.report);
  if (put_rejects(b, p, r.run, err) != 0) return -1;
  html_end(b);
  return 0;
}

void page_put_note(struct buf *b, enum html_language language, enum html_word title,
                   enum html_word sentence, struct slice about) {
  html_begin(b, language, slice_of(html_word(language, title)), 0, false);
  buf_printf(b, "<p>%s <bdi><code>", html_word(language, sentence));
  html_put_text(b, about);
  buf_add_text(b, "</code></bdi></p>");
  html_end(b);
}
