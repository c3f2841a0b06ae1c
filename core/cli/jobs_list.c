/* The jobs of hoko.lua: when each comes next, and what became of its last run. */
#include "base/calendar.h"
#include "base/json_text.h"
#include "base/number.h"
#include "cli/job_rules.h"
#include "cli/jobs.h"
#include "cli/opened_state.h"
#include "cli/run_view.h"
#include "cli/table.h"
#include "schedule/control.h"
#include "schedule/next.h"
#include "state/report_view.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_LIMIT = 64 << 20, CELL_LIMIT = 1024, PAGE = 100, WATCH_MS = 1000 };

static const struct option list_options[] = {
    {.name = "watch",
     .letter = 'w',
     .type = OPTION_FLAG,
     .help = "show them anew each second, until Ctrl-C"},
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

/* A job, with what the state knows of it. */
struct listed {
  struct job_rules rules;
  bool is_known;
  unsigned flags;
  int64_t settled_ms;
  bool has_run;
  struct run_record run; /* its slices live until the next row is read */
};

struct listing {
  struct cli *cli;
  struct opened_state *o;
  struct zones *zones;
  struct listed *rows;
  size_t rows_len;
};

/* ---- gathering ---- */

static struct listed *row_named(struct listing *l, struct slice name) {
  for (size_t i = 0; i < l->rows_len; i++)
    if (slice_is(name, l->rows[i].rules.job->name)) return &l->rows[i];
  return NULL;
}

static int read_rules(struct listing *l, int64_t now_ms, struct error *err) {
  const struct config *config = l->o->project.config;
  l->rows = calloc(config->jobs_len + 1, sizeof *l->rows);
  if (!l->rows) return error_set(err, ERROR_MEMORY, "no memory for the jobs");
  for (; l->rows_len < config->jobs_len; l->rows_len++)
    if (job_rules_read(&l->rows[l->rows_len].rules, &config->jobs[l->rows_len], l->zones, now_ms,
                       err) != 0)
      return -1;
  return 0;
}

static int read_records(struct listing *l, struct error *err) {
  struct job_record page[PAGE];
  struct slice after = {0};
  for (size_t n;; after = page[n - 1].name) {
    if (job_record_list(l->o->state, after, page, PAGE, &n, err) != 0) return -1;
    for (size_t i = 0; i < n; i++) {
      struct listed *row = row_named(l, page[i].name);
      if (!row) continue;
      row->is_known = true;
      row->flags = page[i].flags;
      row->settled_ms = page[i].settled_ms;
    }
    if (n < PAGE) return 0;
  }
}

/* ---- one job ---- */

/* INT64_MAX: it does not come by itself. */
static int64_t next_ms(const struct listed *row, int64_t now_ms) {
  bool is_interval = row->rules.rules.every_ms > 0;
  if (row->flags & (JOB_PAUSED | JOB_KEYLESS)) return INT64_MAX;
  int64_t at_ms =
      policy_each(&row->rules.rules, is_interval && row->is_known ? row->settled_ms : now_ms);
  return at_ms < now_ms ? now_ms : at_ms;
}

/* In the job's zone, with its offset. */
static struct slice format_next(const struct listed *row, int64_t at_ms,
                                char text[NEXT_TEXT_SIZE]) {
  int64_t at_s = at_ms / 1000;
  const struct next next = {.at_s = at_s,
                            .offset_s = zone_at(row->rules.rules.zone, at_s).offset_s};
  return (struct slice){text, next_format(&next, text)};
}

static const char *standing_of(const struct listed *row) {
  if (row->flags & JOB_PAUSED) return "paused";
  if (row->flags & JOB_KEYLESS) return "waits for a key";
  return row->rules.job->schedule || row->rules.job->every_ms ? "" : "by hand";
}

/* "ok"; of a run under way how long it has been, and how long the last one took. */
static void put_result(struct listing *l, struct buf *b, const struct listed *row,
                       int64_t last_took_ms) {
  if (!row->has_run) return;
  run_view_put_result(b, &row->run);
  if (row->run.status != RUN_RUNNING) return;
  buf_add_text(b, ", ");
  number_put_duration(b, clock_wall_ms(l->cli->clock) - row->run.started_ms);
  if (last_took_ms <= 0) return;
  buf_add_text(b, " of some ");
  number_put_duration(b, last_took_ms);
}

static int read_last(struct listing *l, struct listed *row, int64_t *last_took_ms,
                     struct error *err) {
  struct slice name = slice_of(row->rules.job->name);
  bool has_ok;
  *last_took_ms = 0;
  if (run_record_newest(l->o->state, name, true, &row->run, &has_ok, err) != 0) return -1;
  if (has_ok) *last_took_ms = row->run.ended_ms - row->run.started_ms;
  return run_record_newest(l->o->state, name, false, &row->run, &row->has_run, err);
}

static void put_json(struct buf *b, const struct listed *row, int64_t now_ms) {
  const struct config_job *job = row->rules.job;
  char text[NEXT_TEXT_SIZE];
  int64_t at_ms = next_ms(row, now_ms);
  buf_add_text(b, "{\"job\":");
  json_put_string(b, slice_of(job->name));
  buf_add_text(b, ",\"script\":");
  json_put_string(b, slice_of(job->script));
  buf_add_text(b, ",\"schedule\":");
  if (job->schedule)
    json_put_string(b, slice_of(job->schedule));
  else
    buf_add_text(b, "null");
  buf_printf(b, ",\"every_ms\":%" PRId64 ",\"timezone\":", job->every_ms);
  json_put_string(b, slice_of(job->timezone));
  buf_add_text(b, ",\"next\":");
  if (at_ms < INT64_MAX)
    json_put_string(b, format_next(row, at_ms, text));
  else
    buf_add_text(b, "null");
  buf_printf(b, ",\"paused\":%s,\"keyless\":%s,\"failing\":%s,\"last\":",
             row->flags & JOB_PAUSED ? "true" : "false",
             row->flags & JOB_KEYLESS ? "true" : "false",
             row->flags & JOB_FAILING ? "true" : "false");
  if (row->has_run) {
    run_view_put_json(b, &row->run);
    b->len--; /* its line end */
  } else {
    buf_add_text(b, "null");
  }
  buf_add_text(b, "}\n");
}

static void add_row(struct listing *l, struct table *t, const struct listed *row,
                    int64_t last_took_ms, int64_t now_ms) {
  char text[NEXT_TEXT_SIZE];
  struct buf took = BUF_WITH_LIMIT(CELL_LIMIT), result = BUF_WITH_LIMIT(CELL_LIMIT);
  struct buf rows = BUF_WITH_LIMIT(CELL_LIMIT);
  int64_t at_ms = next_ms(row, now_ms);
  if (row->has_run) run_view_put_took(&took, &row->run);
  put_result(l, &result, row, last_took_ms);
  if (row->has_run) report_view_put_rows(&rows, row->run.report);
  table_add(t, slice_of(row->rules.job->name));
  table_add(t, at_ms < INT64_MAX ? format_next(row, at_ms, text) : slice_of(standing_of(row)));
  table_add_time(t, row->has_run ? row->run.started_ms : 0);
  table_add(t, buf_slice(&took));
  table_add(t, buf_slice(&result));
  table_add(t, buf_slice(&rows));
  buf_free(&took);
  buf_free(&result);
  buf_free(&rows);
}

/* ---- all ---- */

static const char *const heads[] = {"JOB", "NEXT", "LAST (UTC)", ">TOOK", "RESULT", "ROWS", NULL};

static int print_rows(struct listing *l, struct error *err) {
  bool is_json = options_given(&l->cli->options, "json");
  int64_t now_ms = clock_wall_ms(l->cli->clock), took_ms;
  struct buf json = BUF_WITH_LIMIT(TEXT_LIMIT);
  struct table table;
  int result = 0;
  table_begin(&table, heads);
  for (size_t i = 0; i < l->rows_len && result == 0; i++) {
    result = read_last(l, &l->rows[i], &took_ms, err);
    if (result != 0) break;
    if (is_json)
      put_json(&json, &l->rows[i], now_ms);
    else
      add_row(l, &table, &l->rows[i], took_ms, now_ms);
  }
  if (result == 0 && !buf_ok(&json))
    result = error_set(err, ERROR_MEMORY, "no memory for the jobs");
  if (result == 0) term_out(l->cli->term, buf_slice(&json));
  table_end(&table, l->cli->term);
  buf_free(&json);
  return result;
}

/* Whether somebody is there to start them. */
static void note_daemon(struct listing *l) {
  struct error ignored;
  int fd, is_served = control_connect(l->o->project.folder, &fd, &ignored);
  if (is_served > 0) (void)close(fd);
  if (is_served == 0 && l->rows_len > 0)
    term_note(l->cli->term, "nothing starts by itself: hoko serve does not run here");
}

static int list_once(struct cli *cli, struct opened_state *o, struct error *err) {
  struct listing l = {.cli = cli, .o = o, .zones = zones_new(command_env(cli, "TZDIR"))};
  int result = l.zones ? 0 : error_set(err, ERROR_MEMORY, "no memory for time zones");
  if (result == 0) result = read_rules(&l, clock_wall_ms(cli->clock), err);
  if (result == 0) result = read_records(&l, err);
  if (result == 0) result = print_rows(&l, err);
  if (result == 0 && l.rows_len == 0)
    term_note(cli->term, "hoko.lua in %s has no jobs", o->project.folder);
  if (result == 0 && !options_given(&cli->options, "json")) note_daemon(&l);
  free(l.rows);
  zones_free(l.zones);
  return result;
}

static int run(struct cli *cli) {
  bool is_watched = options_given(&cli->options, "watch");
  bool is_screen = term_out_is_terminal(cli->term) && !options_given(&cli->options, "json");
  for (;;) {
    if (is_watched && is_screen) term_printf(cli->term, "\033[H\033[2J"); /* home, clear */
    int code = opened_state_run(cli, true, list_once);
    term_flush(cli->term);
    if (!is_watched || code != EXIT_OK) return code;
    (void)poll(NULL, 0, WATCH_MS); /* a signal ends the program, nothing else does */
  }
}

const struct command jobs_list = {
    .name = "list",
    .summary = "each job's next instant and last outcome",
    .usage = "",
    .options = list_options,
    .run = run,
};
