#include "cli/commands.h"
#include "cli/run_job.h"
#include "cli/summary.h"
#include "repl/repl.h"

#include <unistd.h>

static const struct option repl_options[] = {
    {.name = "dry-run",
     .type = OPTION_FLAG,
     .help = "decide everything, send nothing, print what would be done"},
    RUN_JOB_OPTIONS,
    {.name = "no-progress", .type = OPTION_FLAG, .help = "draw no progress line"},
    OPTION_END,
};

static void on_note(void *user, const char *text) {
  struct run_job *c = user;
  term_note(c->cli->term, "%s", text);
}

static void on_fail(void *user, const struct error *err, struct slice trace) {
  struct run_job *c = user;
  term_error(c->cli->term, err);
  if (trace.len) term_err_text(c->cli->term, trace);
}

static void on_begins(void *user) {
  struct run_job *c = user;
  c->began_ns = clock_mono_ns(c->cli->clock);
}

static void on_ended(void *user) {
  struct run_job *c = user;
  progress_end(&c->progress);
  term_flush(c->cli->term);
}

static size_t on_columns(void *user) {
  struct run_job *c = user;
  return term_columns(c->cli->term);
}

/* $XDG_STATE_HOME/hoko/history; NULL: there is no home. */
static const char *history_path(const struct cli *cli, char to[PATH_SIZE]) {
  const char *state = command_env(cli, "XDG_STATE_HOME"), *home = command_env(cli, "HOME");
  bool is_set = state && state[0] == '/'; /* others are to be ignored, as its specification says */
  if (is_set) return path_join(to, state, "hoko/history") ? NULL : to;
  return home && path_join(to, home, ".local/state/hoko/history") == 0 ? to : NULL;
}

static int talk(struct run_job *c, struct session *s) {
  struct error err;
  struct run_result result;
  int in = term_in_fd(c->cli->term);
  char history[PATH_SIZE];
  bool is_terminal = isatty(in) == 1 && term_err_is_terminal(c->cli->term);
  const struct repl_options options = {
      .in_fd = in,
      .is_terminal = is_terminal,
      .history = is_terminal ? history_path(c->cli, history) : NULL,
      .events = {
          .user = c, .note = on_note, .fail = on_fail, .begins = on_begins, .ended = on_ended}};
  int number = repl_run(s, &options, &err);
  session_close(s, &result);
  int code = number > 0 ? 128 + number : result.exit_code;
  run_result_free(&result);
  return number < 0 ? command_fail(c->cli, &err) : code;
}

static int run(struct cli *cli) {
  struct run_job *c;
  struct worker *w;
  struct session *s;
  struct error err;
  int code;
  if (run_job_new(&c, &w, cli, JOB_SESSION, &err)) {
    code = command_fail(cli, &err);
  } else {
    c->job.events.columns = on_columns;
    code = session_open(&s, w, &c->job, &err) ? command_fail(cli, &err) : talk(c, s);
  }
  run_job_free(c);
  return code;
}

const struct command command_repl = {
    .name = "repl",
    .summary = "Lua at a prompt",
    .usage = "",
    .options = repl_options,
    .run = run,
};
