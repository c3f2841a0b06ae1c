#include "cli/command.h"
#include "cli/junit.h"
#include "cli/project.h"
#include "cli/rerun.h"
#include "cli/test_files.h"
#include "host/host.h"

static const struct option test_options[] = {
    {.name = "tap", .type = OPTION_FLAG, .help = "print the Test Anything Protocol"},
    {.name = "junit",
     .type = OPTION_TEXT,
     .value = "FILE",
     .completes = COMPLETES_FILE,
     .help = "write the results as XML for CI servers"},
    {.name = "update", .type = OPTION_FLAG, .help = "write golden files anew"},
    {.name = "watch",
     .type = OPTION_FLAG,
     .help = "run again whenever a file of the project is saved"},
    {.name = "timeout",
     .type = OPTION_DURATION,
     .value = "TIME",
     .fallback = "10m",
     .min = 1,
     .help = "time that all tests together may run"},
    OPTION_END,
};

/* What the events of a job work with. */
struct testing {
  struct cli *cli;
  struct junit junit;
};

static void on_output(void *user, bool is_stderr, struct slice bytes) {
  struct cli *cli = ((struct testing *)user)->cli;
  if (is_stderr)
    term_err_text(cli->term, bytes);
  else
    term_out_script(cli->term, bytes);
}

static void on_log(void *user, enum log_level level, struct slice message, struct slice fields) {
  struct cli *cli = ((struct testing *)user)->cli;
  struct log_field field = {
      .name = "fields", .text = fields, .is_number = true}; /* JSON as it is */
  log_write(cli->log, level, message, &field, fields.len ? 1 : 0);
}

static void on_warn(void *user, const char *message) {
  struct cli *cli = ((struct testing *)user)->cli;
  term_warn(cli->term, "%s", message);
}

static void on_tested(void *user, struct slice file, struct slice name, struct slice message,
                      struct slice seconds) {
  struct testing *t = user;
  junit_add(&t->junit, &(struct junit_case){file, name, message, seconds});
}

/* No test needs one: the worker sends nothing, and a worker that does is refused here. */
static int on_key(void *user, struct secret **key, struct error *err) {
  (void)user, (void)key;
  return error_set(err, ERROR_AUTH, "a test has no key");
}

static struct job job_of(struct testing *t, const struct project *p,
                         const struct test_files *files) {
  struct cli *cli = t->cli;
  const struct config_limits *limits = &p->config->limits;
  return (struct job){
      .kind = JOB_TESTS,
      .tests = {(const char *const *)files->at},
      .is_tap = options_given(&cli->options, "tap"),
      .is_update = options_given(&cli->options, "update"),
      .script = "tests",
      .folder = p->folder,
      .is_folder_readable = p->is_readable,
      .stream = "tests",
      .state = p->state,
      .base_url = p->base_url,
      .environment = cli->environment,
      .requests_per_minute = limits->requests_per_minute,
      .concurrency = limits->concurrency,
      .batch_rows = limits->batch_rows,
      .batch_bytes = limits->batch_bytes,
      .timeout_ms = options_int(&cli->options, "timeout"),
      .is_dry = true,
      .is_verbose = options_count(&cli->options, "verbose") > 0,
      .clock = cli->clock,
      .events = {.user = t,
                 .output = on_output,
                 .log = on_log,
                 .warn = on_warn,
                 .key = on_key,
                 .tested = options_given(&cli->options, "junit") ? on_tested : NULL},
  };
}

/* What fails in a test is in its place on stdout already: that has no place here. */
static int finish(struct testing *t, const struct run_result *r) {
  struct cli *cli = t->cli;
  struct error err;
  bool is_told = r->outcome == RUN_SCRIPT_ERROR && !r->err.file[0];
  term_flush(cli->term);
  if (r->has_error && !is_told) {
    term_error(cli->term, &r->err);
    if (r->trace.len) term_err_text(cli->term, buf_slice(&r->trace));
  }
  const char *path = options_text(&cli->options, "junit");
  if (path && junit_write(&t->junit, path, &err)) return command_fail(cli, &err);
  return r->exit_code;
}

static int run_files(struct cli *cli, struct worker *w, const struct project *p) {
  struct test_files files;
  struct run_result result;
  struct error err;
  int code;
  if (test_files_find(&files, p->folder, cli->args, cli->args_len, &err)) {
    worker_stop(w);
    code = command_fail(cli, &err);
  } else {
    if (files.len == 0)
      term_warn(cli->term, "there is no *_test.lua in scripts/ or tests/ of %s", p->folder);
    struct testing t = {.cli = cli};
    junit_init(&t.junit);
    struct job job = job_of(&t, p, &files);
    host_run(w, &job, &result);
    code = finish(&t, &result);
    run_result_free(&result);
    junit_free(&t.junit);
  }
  test_files_free(&files);
  return code;
}

static int run_once(struct cli *cli, void *unused) {
  (void)unused;
  struct project p;
  struct worker *w = NULL;
  struct error err;
  if (project_find(&p, cli, NULL, &err) || worker_start(&w, &err)) return command_fail(cli, &err);
  int code;
  if (project_load(&p, cli, w, &err)) {
    worker_stop(w);
    code = command_fail(cli, &err);
  } else {
    code = run_files(cli, w, &p);
  }
  project_free(&p);
  return code;
}

static int run(struct cli *cli) {
  struct project p;
  struct error err;
  if (!options_given(&cli->options, "watch")) return run_once(cli, NULL);
  int code = project_find(&p, cli, NULL, &err) ? command_fail(cli, &err)
                                               : rerun_while_saved(cli, p.folder, run_once, NULL);
  project_free(&p);
  return code;
}

const struct command command_test = {
    .name = "test",
    .summary = "run the tests of a project's scripts",
    .usage = "[PATH…]",
    .options = test_options,
    .run = run,
    .args_max = COMMAND_ARGS_ANY,
    .args_complete = COMPLETES_LUA,
};
