#include "cli/run_job.h"

#include "cli/credential.h"
#include "cli/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- events -------------------------------------------------------------- */

static void on_output(void *user, bool is_stderr, struct slice bytes) {
  struct run_job *c = user;
  if (bytes.len) c->is_within_line = bytes.ptr[bytes.len - 1] != '\n';
  if (is_stderr)
    term_err_text(c->cli->term, bytes);
  else
    term_out_script(c->cli->term, bytes);
  term_flush(c->cli->term); /* the worker has gathered it already */
}

static void on_log(void *user, enum log_level level, struct slice message, struct slice fields) {
  struct run_job *c = user;
  struct log_field field = {
      .name = "fields", .text = fields, .is_number = true}; /* JSON as it is */
  log_write(c->cli->log, level, message, &field, fields.len ? 1 : 0);
}

static void on_warn(void *user, const char *message) {
  struct run_job *c = user;
  term_warn(c->cli->term, "%s", message);
}

static void on_progress(void *user, const struct tally *tally, const char *wait) {
  struct run_job *c = user;
  bool is_idle = c->job.kind == JOB_SESSION && tally->submitted + tally->skipped == 0 && !wait[0];
  if (is_idle || !progress_due(&c->progress)) return;
  struct buf line = BUF_WITH_LIMIT(1024);
  summary_put_progress(&line, tally, wait, clock_mono_ns(c->cli->clock) - c->began_ns);
  if (buf_ok(&line)) progress_draw(&c->progress, buf_slice(&line));
  buf_free(&line);
}

/* A line of a dry run, which is freed. */
static void show_planned(struct run_job *c, struct buf *line) {
  if (buf_ok(line) && c->planned)
    buf_add_slice(c->planned, buf_slice(line));
  else if (buf_ok(line))
    term_out_script(c->cli->term, buf_slice(line));
  buf_free(line);
}

static void on_planned(void *user, const struct row *row, bool is_create,
                       const struct known *known) {
  struct run_job *c = user;
  struct buf line = BUF_WITH_LIMIT(1 << 20);
  summary_put_planned(&line, row, is_create, known);
  show_planned(c, &line);
}

static void on_planned_reject(void *user, const struct reject *r) {
  struct run_job *c = user;
  struct buf line = BUF_WITH_LIMIT(1 << 20);
  summary_put_planned_reject(&line, r);
  show_planned(c, &line);
}

static void on_planned_wait(void *user, const struct row *row) {
  struct run_job *c = user;
  struct buf line = BUF_WITH_LIMIT(4096);
  summary_put_planned_wait(&line, row);
  show_planned(c, &line);
}

static void on_missing(void *user, const struct partner *p, bool is_deleted) {
  struct run_job *c = user;
  struct buf line = BUF_WITH_LIMIT(4096);
  summary_put_missing(&line, p, is_deleted);
  show_planned(c, &line);
}

static int on_key(void *user, struct secret **key, struct error *err) {
  struct run_job *c = user;
  return credential_find_kept(c->cli, &c->project, "sync", &c->keystore, key, err);
}

static int on_named_key(void *user, const char *name, struct secret **key, struct error *err) {
  struct run_job *c = user;
  return credential_named(c->cli, "run a script", name, &c->keystore, key, err);
}

struct run_events run_job_events(struct run_job *c) {
  return (struct run_events){.user = c,
                             .output = on_output,
                             .log = on_log,
                             .warn = on_warn,
                             .progress = on_progress,
                             .planned = on_planned,
                             .planned_reject = on_planned_reject,
                             .planned_wait = on_planned_wait,
                             .missing = on_missing,
                             .key = on_key,
                             .named_key = on_named_key};
}

void run_job_tell(struct run_job *c, const struct run_result *r) {
  progress_end(&c->progress);
  term_flush(c->cli->term);
  if (r->has_error) {
    term_error(c->cli->term, &r->err);
    if (r->excerpt.len) term_err_text(c->cli->term, buf_slice(&r->excerpt));
    if (r->trace.len) term_err_text(c->cli->term, buf_slice(&r->trace));
  }
  summary_print(c->cli->term, &c->job, r);
}

/* ---- the job ------------------------------------------------------------- */

static int64_t limit_of(struct run_job *c, const char *option, int64_t in_file) {
  return options_given(&c->cli->options, option) ? options_int(&c->cli->options, option) : in_file;
}

/* The script as messages call it: within the project where it is in there. */
static void name_script(struct run_job *c, const char *given) {
  const char *rest;
  bool is_inside =
      c->project.script[0] && path_beneath(c->project.folder, c->project.script, &rest) && *rest;
  (void)snprintf(c->script, sizeof c->script, "%s",
                 is_inside              ? rest
                 : c->project.script[0] ? c->project.script
                                        : given);
}

static int make_job(struct run_job *c, enum job_kind kind, struct error *err) {
  struct cli *cli = c->cli;
  const struct config_limits *limits = &c->project.config->limits;
  bool is_code = kind == JOB_CODE, is_session = kind == JOB_SESSION;
  name_script(c, is_session ? "repl" : is_code ? "eval" : cli->args[0]);
  if (permits_take(&c->permits, cli, &c->project, c->script, err)) return -1;
  c->job = (struct job){
      .kind = kind,
      .code = is_code ? cli->args[0] : NULL,
      .columns = term_columns(cli->term),
      .script = c->script,
      .folder = c->project.folder,
      .is_folder_readable = c->project.is_readable,
      .stream = project_script_name(&c->project, c->stream),
      .args = is_session ? cli->args : cli->args + 1,
      .state = c->project.state,
      .base_url = c->project.base_url,
      .allowed = permits_allowed(&c->permits),
      .environment = cli->environment,
      .requests_per_minute = limits->requests_per_minute,
      .concurrency = limits->concurrency,
      .batch_rows = limits->batch_rows,
      .batch_bytes = limits->batch_bytes,
      .settle_window_ms = limit_of(c, "settle-window", limits->settle_window_ms),
      .give_up_ms = limit_of(c, "give-up", limits->give_up_ms),
      .wait_ms = options_int(&cli->options, "wait"),
      .bisect_limit = options_int(&cli->options, "bisect-limit"),
      .timeout_ms = limit_of(c, "timeout", 0),
      .memory_bytes = limit_of(c, "memory", 0),
      .is_dry = options_given(&cli->options, "dry-run"),
      .is_verbose = options_count(&cli->options, "verbose") > 0,
      .is_uncaged = options_given(&cli->options, "allow-uncaged"),
      .recreates = options_given(&cli->options, "recreate"),
      .retries_rejects = options_given(&cli->options, "retry-rejects"),
      .clock = cli->clock,
      .events = run_job_events(c),
  };
  return 0;
}

/* ---- the whole ----------------------------------------------------------- */

static int prepare(struct run_job *c, struct worker **w, enum job_kind kind, struct error *err) {
  const char *script = kind == JOB_SCRIPT ? c->cli->args[0] : NULL;
  if (project_find(&c->project, c->cli, script, err) || worker_start(w, err)) return -1;
  if (project_load(&c->project, c->cli, *w, err) == 0 && make_job(c, kind, err) == 0) return 0;
  worker_stop(*w);
  return -1;
}

int run_job_new(struct run_job **out, struct worker **w, struct cli *cli, enum job_kind kind,
                struct error *err) {
  struct run_job *c = calloc(1, sizeof *c);
  *out = c;
  if (!c) return error_set(err, ERROR_MEMORY, "out of memory for a run");
  c->cli = cli;
  if (prepare(c, w, kind, err)) return -1;
  c->began_ns = clock_mono_ns(cli->clock);
  c->progress = progress_begin(cli->term, cli->clock, !options_given(&cli->options, "no-progress"));
  return 0;
}

void run_job_free(struct run_job *c) {
  if (!c) return;
  project_free(&c->project);
  permits_free(&c->permits);
  keystore_free(c->keystore);
  free(c);
}
