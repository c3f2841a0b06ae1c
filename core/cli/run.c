#include "base/file.h"
#include "cli/commands.h"
#include "cli/credential.h"
#include "cli/progress.h"
#include "cli/project.h"
#include "cli/summary.h"
#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALLOW_MAX = 64 };

static const struct option run_options[] = {
    {.name = "dry-run", .type = OPTION_FLAG, .help = "decide everything, send nothing, print what would be done"},
    {.name = "report", .type = OPTION_TEXT, .value = "FILE", .completes = COMPLETES_FILE,
     .help = "write a JSON report of the run; - is stdout"},
    {.name = "give-up", .type = OPTION_DURATION, .value = "TIME", .fallback = "15m", .min = 1,
     .help = "how long Hoko may be out of reach, counted from its last good answer"},
    {.name = "wait", .type = OPTION_DURATION, .value = "TIME", .fallback = "0ms",
     .help = "how long to wait for a stream that another run writes"},
    {.name = "settle-window", .type = OPTION_DURATION, .value = "TIME", .fallback = "15m",
     .help = "how late a create may be applied that was never answered"},
    {.name = "bisect-limit", .type = OPTION_INT, .value = "N", .fallback = "1500", .max = 1000000,
     .help = "requests that may be spent on finding rows that Hoko refuses"},
    {.name = "retry-rejects", .type = OPTION_FLAG, .help = "send rejected rows again even if they are unchanged"},
    {.name = "recreate", .type = OPTION_FLAG, .help = "make partners anew that Hoko no longer has"},
    {.name = "timeout", .type = OPTION_DURATION, .value = "TIME", .min = 1,
     .help = "time that the script itself may run; requests take at most 10 s to connect, 60 s without a byte, 300 s in all"},
    {.name = "memory", .type = OPTION_SIZE, .value = "SIZE", .min = 1 << 20, .help = "memory that the script may use"},
    {.name = "allow-read", .type = OPTION_LIST, .value = "LIST", .completes = COMPLETES_FILE,
     .help = "folders and files that the script may read besides the project"},
    {.name = "allow-write", .type = OPTION_LIST, .value = "LIST", .completes = COMPLETES_FOLDER,
     .help = "folders that the script may write in besides the project"},
    {.name = "allow-env", .type = OPTION_LIST, .value = "LIST", .help = "environment variables that the script may see"},
    {.name = "allow-run", .type = OPTION_LIST, .value = "LIST",
     .help = "commands that the script may start, without a shell; true: all, with one"},
    {.name = "allow-uncaged", .type = OPTION_FLAG, .help = "run the script even where the kernel has no seccomp to hold it"},
    {.name = "no-progress", .type = OPTION_FLAG, .help = "draw no progress line"},
    OPTION_END,
};

/* What one `hoko run` or `hoko eval` is made of; its texts outlive the run. */
struct running_command {
  struct cli *cli;
  enum job_kind kind;
  struct project project;
  struct progress progress;
  const char *read[ALLOW_MAX + 1], *write[ALLOW_MAX + 1], *env[ALLOW_MAX + 1], *run[ALLOW_MAX + 1];
  char *copies[4 * ALLOW_MAX];
  size_t copies_len;
  int64_t began_ns;
  char stream[PATH_SIZE], script[PATH_SIZE];
};

/* ---- events -------------------------------------------------------------- */

static void on_output(void *user, bool is_stderr, struct slice bytes) {
  struct running_command *c = user;
  if (is_stderr) term_err_text(c->cli->term, bytes);
  else term_out_script(c->cli->term, bytes);
  term_flush(c->cli->term); /* the worker has gathered it already */
}

static void on_log(void *user, enum log_level level, struct slice message, struct slice fields) {
  struct running_command *c = user;
  struct log_field field = {.name = "fields", .text = fields, .is_number = true}; /* JSON as it is */
  log_write(c->cli->log, level, message, &field, fields.len ? 1 : 0);
}

static void on_warn(void *user, const char *message) {
  struct running_command *c = user;
  term_warn(c->cli->term, "%s", message);
}

static void on_progress(void *user, const struct tally *tally, const char *wait) {
  struct running_command *c = user;
  if (!progress_due(&c->progress)) return;
  struct buf line = BUF_WITH_LIMIT(1024);
  summary_put_progress(&line, tally, wait, clock_mono_ns(c->cli->clock) - c->began_ns);
  if (buf_ok(&line)) progress_draw(&c->progress, buf_slice(&line));
  buf_free(&line);
}

static void on_planned(void *user, const struct row *row, bool is_create, const struct known *known) {
  struct running_command *c = user;
  struct buf line = BUF_WITH_LIMIT(1 << 20);
  summary_put_planned(&line, row, is_create, known);
  if (buf_ok(&line)) term_out_script(c->cli->term, buf_slice(&line));
  buf_free(&line);
}

static int on_key(void *user, struct secret **key, struct error *err) {
  struct running_command *c = user;
  return credential_find(c->cli, &c->project, "sync", key, err);
}

/* ---- the job ------------------------------------------------------------- */

/* A path of the command line begins where hoko was started. */
static char *from_here(struct slice word) {
  char here[PATH_SIZE], text[PATH_SIZE], joined[PATH_SIZE];
  if (word.len >= sizeof text || !getcwd(here, sizeof here)) return NULL;
  memcpy(text, word.ptr, word.len);
  text[word.len] = '\0';
  return path_join(joined, here, text) ? NULL : strdup(joined);
}

/* The words of a list, NUL-terminated, into TO; more than ALLOW_MAX is the user's mistake. */
static int take_list(struct running_command *c, const char *option, bool is_path, const char **to, struct error *err) {
  struct slice word;
  size_t len = 0;
  for (struct options_walk w = {0}; options_next(&c->cli->options, option, &w, &word);) {
    if (len == ALLOW_MAX) return error_set(err, ERROR_USAGE, "--%s takes at most %d names", option, ALLOW_MAX);
    char *copy = is_path ? from_here(word) : strndup(word.ptr, word.len);
    if (!copy) return error_set(err, ERROR_MEMORY, "out of memory for --%s", option);
    c->copies[c->copies_len++] = copy;
    to[len++] = copy;
  }
  to[len] = NULL;
  return 0;
}

static int64_t limit_of(struct running_command *c, const char *option, int64_t in_file) {
  return options_given(&c->cli->options, option) ? options_int(&c->cli->options, option) : in_file;
}

/* The script as messages call it: within the project where it is in there. */
static void name_script(struct running_command *c, const char *given) {
  const char *rest;
  bool is_inside = c->project.script[0] && path_beneath(c->project.folder, c->project.script, &rest) && *rest;
  (void)snprintf(c->script, sizeof c->script, "%s", is_inside ? rest : c->project.script[0] ? c->project.script : given);
}

static const char chunk_name[] = "eval"; /* in places of messages */

/* "true" alone stands for all. */
static bool is_run_any(const struct running_command *c) {
  return c->run[0] && !c->run[1] && strcmp(c->run[0], "true") == 0;
}

static int make_job(struct running_command *c, struct job *job, struct error *err) {
  struct cli *cli = c->cli;
  const struct config_limits *limits = &c->project.config->limits;
  if (take_list(c, "allow-read", true, c->read, err) || take_list(c, "allow-write", true, c->write, err) ||
      take_list(c, "allow-env", false, c->env, err) || take_list(c, "allow-run", false, c->run, err))
    return -1;
  bool is_code = c->kind == JOB_CODE;
  name_script(c, is_code ? chunk_name : cli->args[0]);
  *job = (struct job){
      .kind = c->kind,
      .code = is_code ? cli->args[0] : NULL,
      .columns = term_columns(cli->term),
      .script = c->script,
      .folder = c->project.folder,
      .is_folder_readable = c->project.is_readable,
      .stream = project_script_name(&c->project, c->stream),
      .args = cli->args + 1,
      .state = c->project.state,
      .base_url = c->project.base_url,
      .allowed = {.read = {c->read}, .write = {c->write}, .env = {c->env}, .run = {c->run}, .is_run_any = is_run_any(c)},
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
      .events = {.user = c,
                 .output = on_output,
                 .log = on_log,
                 .warn = on_warn,
                 .progress = on_progress,
                 .planned = on_planned,
                 .key = on_key},
  };
  return 0;
}

/* ---- the end ------------------------------------------------------------- */

static int write_report(struct running_command *c, const struct job *job, const struct run_result *r, struct error *err) {
  const char *to = options_text(&c->cli->options, "report");
  struct buf text = BUF_WITH_LIMIT(1 << 20);
  int rc = 0;
  if (!to) return 0;
  report_put(&text, job, r);
  buf_add_char(&text, '\n');
  if (!buf_ok(&text)) rc = error_set(err, ERROR_MEMORY, "out of memory for the report");
  else if (strcmp(to, "-") == 0) term_out(c->cli->term, buf_slice(&text));
  else rc = file_replace(to, buf_slice(&text), 0644, err);
  buf_free(&text);
  return rc;
}

static int finish(struct running_command *c, const struct job *job, const struct run_result *r) {
  struct error err;
  progress_end(&c->progress);
  term_flush(c->cli->term);
  if (r->has_error) {
    term_error(c->cli->term, &r->err);
    if (r->excerpt.len) term_err_text(c->cli->term, buf_slice(&r->excerpt));
    if (r->trace.len) term_err_text(c->cli->term, buf_slice(&r->trace));
  }
  summary_print(c->cli->term, job, r);
  if (write_report(c, job, r, &err) == 0) return r->exit_code;
  int code = command_fail(c->cli, &err);
  return r->exit_code ? r->exit_code : code;
}

static int run_project(struct running_command *c, struct worker *w) {
  struct job job;
  struct run_result result;
  struct error err;
  if (project_load(&c->project, c->cli, w, &err) || make_job(c, &job, &err)) {
    worker_stop(w);
    return command_fail(c->cli, &err);
  }
  c->began_ns = clock_mono_ns(c->cli->clock);
  c->progress = progress_begin(c->cli->term, c->cli->clock, !options_given(&c->cli->options, "no-progress"));
  host_run(w, &job, &result);
  int code = finish(c, &job, &result);
  run_result_free(&result);
  return code;
}

static int run_kind(struct cli *cli, enum job_kind kind) {
  const char *script = kind == JOB_SCRIPT ? cli->args[0] : NULL;
  struct error err;
  struct worker *w;
  struct running_command *c = calloc(1, sizeof *c);
  if (!c) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for a run");
    return command_fail(cli, &err);
  }
  c->cli = cli;
  c->kind = kind;
  int code;
  if (project_find(&c->project, cli, script, &err) || worker_start(&w, &err)) code = command_fail(cli, &err);
  else code = run_project(c, w);
  project_free(&c->project);
  for (size_t i = 0; i < c->copies_len; i++) free(c->copies[i]);
  free(c);
  return code;
}

static int run(struct cli *cli) { return run_kind(cli, JOB_SCRIPT); }
static int eval(struct cli *cli) { return run_kind(cli, JOB_CODE); }

const struct command command_run = {
    .name = "run",
    .summary = "run a Lua script once",
    .usage = "SCRIPT [ARG…]",
    .options = run_options,
    .run = run,
    .is_rest_verbatim = true,
    .args_min = 1,
    .args_max = COMMAND_ARGS_ANY,
    .args_complete = COMPLETES_LUA,
};

const struct command command_eval = {
    .name = "eval",
    .summary = "run a line of Lua and print its values",
    .usage = "CODE [ARG…]",
    .options = run_options,
    .run = eval,
    .is_rest_verbatim = true,
    .args_min = 1,
    .args_max = COMMAND_ARGS_ANY,
};
