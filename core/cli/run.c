#include "base/file.h"
#include "cli/commands.h"
#include "cli/run_job.h"

#include <string.h>

static const struct option run_options[] = {
    {.name = "dry-run", .type = OPTION_FLAG, .help = "decide everything, send nothing, print what would be done"},
    {.name = "report", .type = OPTION_TEXT, .value = "FILE", .completes = COMPLETES_FILE,
     .help = "write a JSON report of the run; - is stdout"},
    RUN_JOB_OPTIONS,
    {.name = "no-progress", .type = OPTION_FLAG, .help = "draw no progress line"},
    OPTION_END,
};

static int write_report(struct run_job *c, const struct run_result *r, struct error *err) {
  const char *to = options_text(&c->cli->options, "report");
  struct buf text = BUF_WITH_LIMIT(1 << 20);
  int rc = 0;
  if (!to) return 0;
  report_put(&text, &c->job, r);
  buf_add_char(&text, '\n');
  if (!buf_ok(&text)) rc = error_set(err, ERROR_MEMORY, "out of memory for the report");
  else if (strcmp(to, "-") == 0) term_out(c->cli->term, buf_slice(&text));
  else rc = file_replace(to, buf_slice(&text), 0644, err);
  buf_free(&text);
  return rc;
}

static int finish(struct run_job *c, const struct run_result *r) {
  struct error err;
  run_job_tell(c, r);
  if (write_report(c, r, &err) == 0) return r->exit_code;
  int code = command_fail(c->cli, &err);
  return r->exit_code ? r->exit_code : code;
}

static int run_kind(struct cli *cli, enum job_kind kind) {
  struct run_job *c;
  struct worker *w;
  struct run_result result;
  struct error err;
  int code;
  if (run_job_new(&c, &w, cli, kind, &err)) {
    code = command_fail(cli, &err);
  } else {
    host_run(w, &c->job, &result);
    code = finish(c, &result);
    run_result_free(&result);
  }
  run_job_free(c);
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
