/* What ran, when, and what came of it. */
#include "cli/commands.h"
#include "cli/opened_state.h"
#include "state/report_view.h"
#include "cli/run_view.h"
#include "cli/table.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>

enum { LINE_LIMIT = 1 << 20, PAGE = 100, TAIL_PAUSE_MS = 500, TAIL_MAX = 1000 };

static struct slice name_of(const struct run_record *r) { return r->job.len ? r->job : r->script; }

static int print_json(struct cli *cli, const struct run_record *r, struct error *err) {
  struct buf b = BUF_WITH_LIMIT(LINE_LIMIT);
  run_view_put_json(&b, r);
  int result = buf_ok(&b) ? 0 : error_set(err, ERROR_MEMORY, "no memory for a report");
  if (result == 0) term_out(cli->term, buf_slice(&b));
  buf_free(&b);
  return result;
}

/* ---- list ---- */

static const char *const heads[] = {"RUN",           "STARTED (UTC)", ">TOOK", "RESULT",
                                    "JOB OR SCRIPT", "ROWS",          NULL};

static void add_row(struct table *t, const struct run_record *r) {
  struct buf took = BUF_WITH_LIMIT(64), result = BUF_WITH_LIMIT(256), rows = BUF_WITH_LIMIT(512);
  run_view_put_took(&took, r);
  run_view_put_result(&result, r);
  report_view_put_rows(&rows, r->report);
  table_add(t, slice_of(r->run));
  table_add_time(t, r->started_ms);
  table_add(t, buf_slice(&took));
  table_add(t, buf_slice(&result));
  table_add(t, name_of(r));
  table_add(t, buf_slice(&rows));
  buf_free(&took);
  buf_free(&result);
  buf_free(&rows);
}

static struct slice option_slice(const struct cli *cli, const char *name) {
  return slice_of(options_text(&cli->options, name));
}

/* The newest runs, one by one, to EACH. */
static int walk(struct cli *cli, struct state *s, int64_t limit,
                int (*each)(struct cli *cli, void *user, const struct run_record *r,
                            struct error *err),
                void *user, struct error *err) {
  struct run_record page[PAGE];
  struct run_filter filter = {.job = option_slice(cli, "job"),
                              .script = option_slice(cli, "script")};
  while (limit > 0) {
    size_t n, cap = limit < PAGE ? (size_t)limit : PAGE;
    if (run_record_list(s, &filter, page, cap, &n, err) != 0) return -1;
    for (size_t i = 0; i < n; i++)
      if (each(cli, user, &page[i], err) != 0) return -1;
    if (n < cap) return 0;
    filter.before = page[n - 1].number;
    limit -= (int64_t)n;
  }
  return 0;
}

static int list_json(struct cli *cli, void *user, const struct run_record *r, struct error *err) {
  (void)user;
  return print_json(cli, r, err);
}

static int list_row(struct cli *cli, void *user, const struct run_record *r, struct error *err) {
  (void)cli;
  (void)err;
  add_row(user, r);
  return 0;
}

static int list(struct cli *cli, struct opened_state *o, struct error *err) {
  int64_t limit = options_int(&cli->options, "limit");
  struct table table;
  if (options_given(&cli->options, "json")) return walk(cli, o->state, limit, list_json, NULL, err);
  table_begin(&table, heads);
  int result = walk(cli, o->state, limit, list_row, &table, err);
  if (result == 0 && table.cells == 0)
    term_note(cli->term, "no run is recorded in %s", state_name(o->state));
  table_end(&table, cli->term);
  return result;
}

static int run_list(struct cli *cli) { return opened_state_run(cli, true, list); }

static const struct option list_options[] = {
    {.name = "limit",
     .letter = 'n',
     .type = OPTION_INT,
     .value = "N",
     .fallback = "20",
     .min = 1,
     .max = 1000000,
     .help = "how many, the newest first"},
    {.name = "job", .type = OPTION_TEXT, .value = "NAME", .help = "only runs of this job"},
    {.name = "script", .type = OPTION_TEXT, .value = "FILE", .help = "only runs of this script"},
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

static const struct command runs_list = {
    .name = "list",
    .summary = "the latest runs",
    .usage = "",
    .options = list_options,
    .run = run_list,
};

/* ---- show ---- */

static int show(struct cli *cli, struct opened_state *o, struct error *err) {
  struct run_record r;
  struct buf b = BUF_WITH_LIMIT(LINE_LIMIT);
  if (run_record_show(o->state, slice_of(cli->args_len ? cli->args[0] : "last"), &r, err) != 0)
    return -1;
  if (options_given(&cli->options, "json")) return print_json(cli, &r, err);
  run_view_put(&b, &r);
  int result = buf_ok(&b) ? 0 : error_set(err, ERROR_MEMORY, "no memory to show a run");
  if (result == 0) term_out_script(cli->term, buf_slice(&b));
  buf_free(&b);
  return result;
}

static int run_show(struct cli *cli) { return opened_state_run(cli, true, show); }

static const struct option show_options[] = {
    {.name = "json", .type = OPTION_FLAG, .help = "the report as it was written"},
    OPTION_END,
};

static const struct command runs_show = {
    .name = "show",
    .summary = "one run; the last one where none is named",
    .usage = "[RUN]",
    .options = show_options,
    .run = run_show,
    .args_max = 1,
};

/* ---- tail ---- */

/* What was printed of a run, so that each news comes once. */
struct seen {
  int64_t number;
  enum run_status status;
};

struct tail {
  struct seen seen[TAIL_MAX];
  size_t seen_len;
  struct run_record page[TAIL_MAX];
};

/* Whether R is news; remembers it.  Ended runs that are too many leave the memory. */
static bool is_news(struct tail *t, const struct run_record *r) {
  for (size_t i = 0; i < t->seen_len; i++) {
    if (t->seen[i].number != r->number) continue;
    bool has_changed = t->seen[i].status != r->status;
    t->seen[i].status = r->status;
    return has_changed;
  }
  if (t->seen_len == TAIL_MAX) {
    t->seen_len--;
    memmove(t->seen, t->seen + 1, t->seen_len * sizeof *t->seen);
  }
  t->seen[t->seen_len++] = (struct seen){r->number, r->status};
  return true;
}

static void print_news(struct cli *cli, const struct run_record *r) {
  char started[CLOCK_TEXT_SIZE];
  struct buf b = BUF_WITH_LIMIT(LINE_LIMIT);
  clock_format(r->started_ms, started);
  buf_printf(&b, "%s  %s  ", started, r->run);
  buf_add_slice(&b, name_of(r));
  buf_add_text(&b, "  ");
  run_view_put_result(&b, r);
  if (r->status == RUN_ENDED) buf_add_text(&b, "  ");
  report_view_put_rows(&b, r->report);
  buf_add_char(&b, '\n');
  if (buf_ok(&b)) term_out_script(cli->term, buf_slice(&b));
  buf_free(&b);
}

/* Prints what is new among the newest LIMIT runs, the oldest first. */
static int print_new(struct cli *cli, struct state *s, struct tail *t, size_t limit,
                     struct error *err) {
  struct run_filter filter = {.job = option_slice(cli, "job"),
                              .script = option_slice(cli, "script")};
  size_t n;
  if (run_record_list(s, &filter, t->page, limit, &n, err) != 0) return -1;
  while (n-- > 0) {
    if (!is_news(t, &t->page[n])) continue;
    if (options_given(&cli->options, "json")) {
      if (print_json(cli, &t->page[n], err) != 0) return -1;
    } else {
      print_news(cli, &t->page[n]);
    }
  }
  term_flush(cli->term);
  return 0;
}

static int tail(struct cli *cli, struct opened_state *o, struct error *err) {
  struct tail *t = calloc(1, sizeof *t);
  size_t limit = (size_t)options_int(&cli->options, "limit");
  if (!t) return error_set(err, ERROR_MEMORY, "no memory to follow the runs");
  while (print_new(cli, o->state, t, limit, err) == 0) {
    (void)poll(NULL, 0, TAIL_PAUSE_MS); /* a signal ends the program, nothing else does */
    limit = TAIL_MAX / 2;
  }
  free(t);
  return -1;
}

static int run_tail(struct cli *cli) { return opened_state_run(cli, false, tail); }

static const struct option tail_options[] = {
    {.name = "limit",
     .letter = 'n',
     .type = OPTION_INT,
     .value = "N",
     .fallback = "10",
     .min = 1,
     .max = TAIL_MAX / 2,
     .help = "how many of the past ones first"},
    {.name = "job", .type = OPTION_TEXT, .value = "NAME", .help = "only runs of this job"},
    {.name = "script", .type = OPTION_TEXT, .value = "FILE", .help = "only runs of this script"},
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

static const struct command runs_tail = {
    .name = "tail",
    .summary = "the latest runs, then each that begins or ends, until Ctrl-C",
    .usage = "",
    .options = tail_options,
    .run = run_tail,
};

/* ---- prune ---- */

static int prune(struct cli *cli, struct opened_state *o, struct error *err) {
  int64_t runs, before_ms = clock_wall_ms(cli->clock) - options_int(&cli->options, "older");
  int64_t keep = options_int(&cli->options, "keep");
  if (run_record_prune(o->state, before_ms, keep, &runs, err) != 0) return -1;
  term_note(cli->term, "%" PRId64 " run%s forgotten", runs, runs == 1 ? " is" : "s are");
  return 0;
}

static int run_prune(struct cli *cli) { return opened_state_run(cli, false, prune); }

static const struct option prune_options[] = {
    {.name = "older",
     .type = OPTION_DURATION,
     .value = "TIME",
     .fallback = "90d",
     .help = "runs that began longer ago go"},
    {.name = "keep",
     .type = OPTION_INT,
     .value = "N",
     .fallback = "10",
     .max = 1000000,
     .help = "but the newest N of each job or script stay"},
    OPTION_END,
};

static const struct command runs_prune = {
    .name = "prune",
    .summary = "forget old runs",
    .usage = "",
    .options = prune_options,
    .run = run_prune,
};

static const struct command *const subs[] = {&runs_list, &runs_show, &runs_tail, &runs_prune, NULL};

const struct command command_runs = {
    .name = "runs",
    .summary = "run history",
    .usage = "",
    .subs = subs,
    .is_first_sub_default = true,
};
