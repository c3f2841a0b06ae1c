/* When a job comes due: from hoko.lua by its name, or an expression to try. */
#include "base/calendar.h"
#include "base/json_text.h"
#include "cli/job_rules.h"
#include "cli/jobs.h"
#include "cli/opened_state.h"
#include "schedule/next.h"

enum { CHUNK_SIZE = 32768, LINE_MAX_SIZE = 8192 };

static const struct option next_options[] = {
    {.name = "cron",
     .type = OPTION_TEXT,
     .value = "EXPR",
     .help = "an expression to try, in place of a job"},
    {.name = "timezone",
     .type = OPTION_TEXT,
     .value = "ZONE",
     .help = "the zone of --cron; without it UTC"},
    {.name = "limit",
     .letter = 'n',
     .type = OPTION_INT,
     .value = "N",
     .fallback = "10",
     .min = 1,
     .max = 1000000,
     .help = "how many instants"},
    {.name = "from",
     .type = OPTION_TEXT,
     .value = "TIME",
     .help = "those after this time, as 2026-11-24T08:00:00+03:00; without it now"},
    {.name = "json", .type = OPTION_FLAG, .help = "one JSON object a line"},
    OPTION_END,
};

/* What is to be printed. */
struct listing {
  struct cli *cli;
  struct buf name, zone; /* of the job and its zone, as JSON */
  struct buf text;
  bool is_json;
  int64_t limit, printed;
};

static void flush(struct listing *l) {
  term_out(l->cli->term, buf_slice(&l->text));
  buf_clear(&l->text);
}

static void put(struct listing *l, const struct next *n) {
  char at[NEXT_TEXT_SIZE];
  struct slice time = {at, next_format(n, at)};
  if (l->is_json) {
    buf_add_text(&l->text, "{\"job\":");
    buf_add_slice(&l->text, buf_slice(&l->name));
    buf_add_text(&l->text, ",\"at\":\"");
    buf_add_slice(&l->text, time);
    buf_add_text(&l->text, "\",\"timezone\":");
    buf_add_slice(&l->text, buf_slice(&l->zone));
    buf_add_text(&l->text, n->is_moved ? ",\"moved\":true}\n" : ",\"moved\":false}\n");
  } else {
    buf_add_slice(&l->text, time);
    buf_add_text(&l->text, n->is_moved ? "  moved by daylight saving\n" : "\n");
  }
  l->printed++;
  if (l->text.len > CHUNK_SIZE) flush(l);
}

static void put_cron(struct listing *l, const struct cron *cron, const struct zone *zone,
                     int64_t from_ms) {
  struct next_walk walk;
  struct next next;
  next_begin(&walk, cron, zone, calendar_floor(from_ms, 1000));
  while (l->printed < l->limit && next_step(&walk, &next)) put(l, &next);
}

static void put_interval(struct listing *l, const struct policy_rules *r, int64_t start_ms,
                         int64_t from_ms) {
  int64_t at_ms = start_ms;
  if (from_ms > start_ms) at_ms += (from_ms - start_ms) / r->every_ms * r->every_ms;
  while (l->printed < l->limit) {
    at_ms += r->every_ms;
    int64_t at_s = calendar_floor(at_ms, 1000);
    if (at_s >= NEXT_END_S) return;
    put(l, &(struct next){.at_s = at_s, .offset_s = zone_at(r->zone, at_s).offset_s});
  }
}

/* When the job last started; FROM_MS where it never did. */
static int last_start(struct cli *cli, const struct project *p, const char *name, int64_t from_ms,
                      int64_t *start_ms, struct error *err) {
  const struct state_options options = {.url = p->state, .clock = cli->clock, .is_reader = true};
  struct run_filter filter = {.job = slice_of(name)};
  struct run_record run;
  struct state *state;
  size_t n;
  *start_ms = from_ms;
  if (state_open(&state, &options, err) != 0) return -1;
  int result;
  do {
    result = run_record_list(state, &filter, &run, 1, &n, err);
    if (result == 0 && n > 0) filter.before = run.number;
  } while (result == 0 && n > 0 && run.status == RUN_NOT_STARTED);
  if (result == 0 && n > 0) *start_ms = run.started_ms;
  state_close(state);
  return result;
}

static int list_rules(struct listing *l, const struct project *p, const struct job_rules *j,
                      int64_t from_ms, struct error *err) {
  int64_t start_ms;
  json_put_string(&l->name, slice_of(j->job->name));
  json_put_string(&l->zone, slice_of(j->job->timezone));
  if (j->rules.cron) {
    put_cron(l, j->rules.cron, j->rules.zone, from_ms);
    return 0;
  }
  if (j->rules.every_ms == 0) {
    (void)error_set(err, ERROR_USAGE, "job \"%s\" has no schedule", j->job->name);
    (void)error_place(err, "hoko.lua", config_job_line(j->job, NULL));
    return error_hint(err, "it runs by `hoko jobs run %s` only; give it schedule or every",
                      j->job->name);
  }
  if (last_start(l->cli, p, j->job->name, from_ms, &start_ms, err) != 0) return -1;
  put_interval(l, &j->rules, start_ms, from_ms);
  return 0;
}

static int list_job(struct listing *l, const char *name, struct zones *zones, int64_t from_ms,
                    struct error *err) {
  struct project project;
  struct job_rules rules;
  if (project_open(&project, l->cli, NULL, err) != 0) return -1;
  const struct config_job *job = config_job_named(project.config, name, err);
  int result = job ? job_rules_read(&rules, job, zones, from_ms, err) : -1;
  if (result == 0) result = list_rules(l, &project, &rules, from_ms, err);
  project_free(&project);
  return result;
}

static int list_cron(struct listing *l, const char *text, struct zones *zones, int64_t from_ms,
                     struct error *err) {
  const char *name = options_text(&l->cli->options, "timezone");
  const struct zone *zone;
  struct cron cron;
  if (!name) name = "UTC";
  if (cron_parse(&cron, slice_of(text), err) != 0) return error_context(err, "--cron");
  if (zones_get(zones, slice_of(name), &zone, err) != 0) return error_context(err, "--timezone");
  buf_add_text(&l->name, "null");
  json_put_string(&l->zone, slice_of(name));
  put_cron(l, &cron, zone, from_ms);
  if (l->printed > 0) return 0;
  (void)error_set(err, ERROR_USAGE, "--cron: \"%s\" never comes after that time in %s", text, name);
  return error_hint(err, "try an earlier --from, or the minute as a number");
}

static int read_from(const struct cli *cli, int64_t *from_ms, struct error *err) {
  const char *text = options_text(&cli->options, "from");
  *from_ms = clock_wall_ms(cli->clock);
  if (!text || clock_parse(slice_of(text), from_ms) == 0) return 0;
  (void)error_set(err, ERROR_USAGE, "--from: \"%s\" is no time with its offset", text);
  return error_hint(err, "write it as 2026-11-24T08:00:00+03:00 or 2026-11-24T05:00:00Z");
}

/* A job's name or --cron, and --timezone with the latter only. */
static int check_use(const struct cli *cli, struct error *err) {
  bool has_cron = options_given(&cli->options, "cron");
  if (cli->args_len == 0 && !has_cron) {
    (void)error_set(err, ERROR_USAGE, "hoko jobs next needs a job's name, or --cron");
    return error_hint(err, "hoko jobs next NAME, or --cron '*/15 * * * *' --timezone Asia/Riyadh");
  }
  if (cli->args_len > 0 && has_cron) {
    (void)error_set(err, ERROR_USAGE, "\"%s\" is a job's name, and --cron is given too",
                    cli->args[0]);
    return error_hint(err, "leave one of them out; an expression stands in quotes");
  }
  if (has_cron || !options_given(&cli->options, "timezone")) return 0;
  (void)error_set(err, ERROR_USAGE, "--timezone goes with --cron");
  return error_hint(err, "a job's zone is its timezone in hoko.lua");
}

static int list(struct listing *l, struct error *err) {
  const struct cli *cli = l->cli;
  int64_t from_ms;
  if (check_use(cli, err) != 0 || read_from(cli, &from_ms, err) != 0) return -1;
  struct zones *zones = zones_new(command_env(cli, "TZDIR"));
  if (!zones) return error_set(err, ERROR_MEMORY, "no memory for time zones");
  int result = cli->args_len > 0
                   ? list_job(l, cli->args[0], zones, from_ms, err)
                   : list_cron(l, options_text(&cli->options, "cron"), zones, from_ms, err);
  zones_free(zones);
  return result;
}

static int run(struct cli *cli) {
  struct error err;
  struct listing l = {.cli = cli,
                      .name = BUF_WITH_LIMIT(LINE_MAX_SIZE),
                      .zone = BUF_WITH_LIMIT(LINE_MAX_SIZE),
                      .text = BUF_WITH_LIMIT(CHUNK_SIZE + 3 * LINE_MAX_SIZE),
                      .is_json = options_given(&cli->options, "json"),
                      .limit = options_int(&cli->options, "limit")};
  int result = list(&l, &err);
  if (result == 0 && !(buf_ok(&l.name) && buf_ok(&l.zone) && buf_ok(&l.text)))
    result = error_set(&err, ERROR_MEMORY, "no memory for the instants");
  flush(&l);
  buf_free(&l.name);
  buf_free(&l.zone);
  buf_free(&l.text);
  return result == 0 ? EXIT_OK : command_fail(cli, &err);
}

const struct command jobs_next = {
    .name = "next",
    .summary = "the instants at which a job comes due",
    .usage = "[NAME]",
    .options = next_options,
    .run = run,
    .args_max = 1,
};
