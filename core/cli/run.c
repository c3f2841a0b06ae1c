#include "base/file.h"
#include "cli/commands.h"
#include "cli/plan_diff.h"
#include "cli/rerun.h"
#include "cli/run_job.h"

#include <string.h>

static const struct option run_options[] = {
    RUN_SCRIPT_OPTIONS,
    {.name = "watch",
     .type = OPTION_FLAG,
     .help = "run again whenever a file of the project is saved, and show what changed; with "
             "--dry-run"},
    RUN_JOB_OPTIONS,
    {.name = "no-progress", .type = OPTION_FLAG, .help = "draw no progress line"},
    OPTION_END,
};

static const struct option eval_options[] = {
    RUN_SCRIPT_OPTIONS,
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
  if (!buf_ok(&text))
    rc = error_set(err, ERROR_MEMORY, "out of memory for the report");
  else if (strcmp(to, "-") == 0)
    term_out(c->cli->term, buf_slice(&text));
  else
    rc = file_replace(to, buf_slice(&text), 0644, err);
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

/* PLANNED takes what a dry run would do, unless it is NULL. */
static int run_kind(struct cli *cli, enum job_kind kind, struct buf *planned) {
  struct run_job *c;
  struct worker *w;
  struct run_result result;
  struct error err;
  int code;
  if (run_job_new(&c, &w, cli, kind, &err)) {
    code = command_fail(cli, &err);
  } else {
    c->planned = planned;
    host_run(w, &c->job, &result);
    code = finish(c, &result);
    run_result_free(&result);
  }
  run_job_free(c);
  return code;
}

/* ---- --watch ------------------------------------------------------------- */

enum { PLANNED_MAX = 256 << 20 };

/* What the last run that went through would have done. */
struct watching {
  struct buf before;
  bool has_before;
};

static void show_changes(struct cli *cli, const struct watching *w, const struct buf *now) {
  struct buf diff = BUF_WITH_LIMIT(PLANNED_MAX);
  struct error err;
  if (!w->has_before) {
    term_out_script(cli->term, buf_slice(now));
  } else if (plan_diff_put(&diff, buf_slice(&w->before), buf_slice(now), &err)) {
    (void)command_fail(cli, &err);
  } else {
    term_out_script(cli->term, buf_slice(&diff));
    if (diff.len == 0) term_note(cli->term, "nothing changed in what would be done");
  }
  term_flush(cli->term);
  buf_free(&diff);
}

/* A run that fails, as one of a file that is half written does, changes nothing: the next
 * one is compared with the last that went through. */
static int run_watched(struct cli *cli, void *user) {
  struct watching *w = user;
  struct buf now = BUF_WITH_LIMIT(PLANNED_MAX);
  int code = run_kind(cli, JOB_SCRIPT, &now);
  bool went_through = code == EXIT_OK || code == EXIT_REJECTED || code == EXIT_HELD;
  if (went_through && buf_ok(&now)) {
    show_changes(cli, w, &now);
    buf_free(&w->before);
    w->before = now;
    w->has_before = true;
  } else {
    buf_free(&now);
  }
  return code;
}

static int watch(struct cli *cli) {
  struct watching w = {.before = BUF_WITH_LIMIT(PLANNED_MAX)};
  struct project p;
  struct error err;
  int code;
  if (!options_given(&cli->options, "dry-run")) {
    (void)error_set(&err, ERROR_USAGE, "--watch would send on each save");
    (void)error_hint(&err, "add --dry-run");
    return command_fail(cli, &err);
  }
  if (project_find(&p, cli, cli->args[0], &err))
    code = command_fail(cli, &err);
  else
    code = rerun_while_saved(cli, p.folder, run_watched, &w);
  project_free(&p);
  buf_free(&w.before);
  return code;
}

/* A --dry-run behind the script is the script's: a slip that would send. */
static void warn_of_dry_run(struct cli *cli) {
  for (size_t i = 1; i < cli->args_len; i++) {
    if (strcmp(cli->args[i], "--dry-run") != 0) continue;
    term_warn(cli->term,
              "--dry-run stands behind %s and is the script's, so this run sends; hoko's options "
              "stand before it",
              cli->args[0]);
    return;
  }
}

static int run(struct cli *cli) {
  if (!options_given(&cli->options, "dry-run")) warn_of_dry_run(cli);
  return options_given(&cli->options, "watch") ? watch(cli) : run_kind(cli, JOB_SCRIPT, NULL);
}

static int eval(struct cli *cli) { return run_kind(cli, JOB_CODE, NULL); }

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
    .options = eval_options,
    .run = eval,
    .is_rest_verbatim = true,
    .args_min = 1,
    .args_max = COMMAND_ARGS_ANY,
};
