#include "base/number.h"
#include "cli/commands.h"
#include "cli/repl_mock.h"
#include "cli/run_job.h"
#include "repl/repl.h"

#include <unistd.h>

static const struct option repl_options[] = {
    {.name = "dry-run",
     .type = OPTION_FLAG,
     .help = "decide everything, send nothing, print what would be done"},
    {.name = "mock",
     .type = OPTION_FLAG,
     .help = "play with a local Hoko that is started beside it, without an account"},
    {.name = "yes", .type = OPTION_FLAG, .help = "send without asking"},
    RUN_JOB_OPTIONS,
    {.name = "no-progress", .type = OPTION_FLAG, .help = "draw no progress line"},
    OPTION_END,
};

/* What the run_job's own events lack. */
struct talk {
  struct session *session;
  struct repl_options options;
  struct repl_mock *mock; /* or NULL */
  bool is_key_of_environment;
  char origin[ORIGIN_SIZE]; /* of the mock */
  char history[PATH_SIZE];
};

/* ---- events -------------------------------------------------------------- */

static void on_print(void *user, struct slice text) {
  struct run_job *c = user;
  term_out_script(c->cli->term, text);
}

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

/* A prompt behind what was printed would not know its column. */
static void on_ended(void *user) {
  struct run_job *c = user;
  const struct talk *t = c->of_command;
  progress_end(&c->progress);
  if (c->is_within_line && t->options.is_terminal) term_out(c->cli->term, SLICE("\n"));
  c->is_within_line = false;
  term_flush(c->cli->term);
}

static size_t on_columns(void *user) {
  struct run_job *c = user;
  return term_columns(c->cli->term);
}

static void put_count(struct buf *b, const char *verb, int64_t count) {
  if (count == 0) return;
  buf_printf(b, "%s%s ", b->len ? ", " : "", verb);
  number_put_grouped(b, count);
}

/* "create 2, update 1 at https://hoko.to with key default". */
static void put_plan(struct buf *b, const struct run_job *c, const struct write_plan *plan) {
  const struct talk *t = c->of_command;
  put_count(b, "create", plan->creates);
  put_count(b, "update", plan->updates);
  put_count(b, "delete", plan->deletes);
  if (!plan->is_all) buf_add_text(b, " and more");
  if (plan->request) buf_add_text(b, plan->request);
  buf_printf(b, " at %s with ", c->project.origin);
  buf_printf(b, "%s%s", t->is_key_of_environment ? "HOKO_API_KEY" : "key ",
             t->is_key_of_environment ? "" : c->project.key);
}

static enum confirmed on_confirm(void *user, const struct write_plan *plan) {
  struct run_job *c = user;
  const struct talk *t = c->of_command;
  struct buf text = BUF_WITH_LIMIT(4096);
  progress_end(&c->progress);
  put_plan(&text, c, plan);
  buf_add_char(&text, '\n');
  const char *shown = buf_text(&text);
  if (shown) term_prompt(c->cli->term, shown);
  char answer = repl_ask(&t->options, session_signals(t->session), "Send?", "yNa");
  if (!answer) term_note(c->cli->term, "hint: nobody can be asked here; hoko repl --yes sends");
  buf_free(&text);
  return answer == 'a' ? CONFIRMED_ALWAYS : answer == 'y' ? CONFIRMED_YES : CONFIRMED_NO;
}

static int on_mock_key(void *user, struct secret **key, struct error *err) {
  const struct run_job *c = user;
  const struct talk *t = c->of_command;
  if (secret_harden_process(err)) return -1;
  *key = secret_of(SLICE("mock"), err);
  return *key ? secret_bind(*key, t->origin, SECRET_HEADER_DEFAULT, err) : -1;
}

/* ---- the whole ----------------------------------------------------------- */

/* $XDG_STATE_HOME/hoko/history; NULL: there is no home. */
static const char *history_path(const struct cli *cli, char to[PATH_SIZE]) {
  const char *state = command_env(cli, "XDG_STATE_HOME"), *home = command_env(cli, "HOME");
  bool is_set = state && state[0] == '/'; /* others are to be ignored, as its specification says */
  if (is_set) return path_join(to, state, "hoko/history") ? NULL : to;
  return home && path_join(to, home, ".local/state/hoko/history") == 0 ? to : NULL;
}

/* What is tried on the mock leaves no trace in the project's state. */
static int use_mock(struct run_job *c, struct talk *t, struct error *err) {
  if (repl_mock_start(&t->mock, c->cli->clock, err)) return -1;
  c->job.base_url = repl_mock_url(t->mock);
  c->job.state = "sqlite::memory:";
  c->job.events.key = on_mock_key;
  term_note(c->cli->term, "a mock with %d partners answers at %s", REPL_MOCK_PARTNERS,
            c->job.base_url);
  return origin_of_url(t->origin, slice_of(c->job.base_url), err);
}

static bool is_asked(const struct run_job *c, const struct talk *t) {
  return !t->mock && !options_given(&c->cli->options, "yes") &&
         !origin_is_loopback(c->project.origin);
}

static int prepare(struct run_job *c, struct talk *t, struct worker *w, struct error *err) {
  int in = term_in_fd(c->cli->term);
  bool is_terminal = isatty(in) == 1 && term_err_is_terminal(c->cli->term);
  t->options =
      (struct repl_options){.in_fd = in,
                            .is_terminal = is_terminal,
                            .folder = c->job.folder,
                            .history = is_terminal ? history_path(c->cli, t->history) : NULL,
                            .events = {.user = c,
                                       .print = on_print,
                                       .note = on_note,
                                       .fail = on_fail,
                                       .begins = on_begins,
                                       .ended = on_ended}};
  c->of_command = t;
  t->is_key_of_environment =
      command_env(c->cli, "HOKO_API_KEY") && !options_given(&c->cli->options, "key");
  c->job.events.columns = on_columns;
  if (options_given(&c->cli->options, "mock") && use_mock(c, t, err)) {
    worker_stop(w);
    return -1;
  }
  if (is_asked(c, t)) c->job.events.confirm = on_confirm;
  return session_open(&t->session, w, &c->job, err);
}

static int talk(struct run_job *c, struct worker *w) {
  struct error err;
  struct run_result result;
  struct talk t = {.session = NULL};
  int number = -1, code = 0;
  if (prepare(c, &t, w, &err) == 0) {
    number = repl_run(t.session, &t.options, &err);
    session_close(t.session, &result);
    code = number > 0 ? 128 + number : result.exit_code;
    run_result_free(&result);
  }
  repl_mock_end(t.mock);
  return number < 0 ? command_fail(c->cli, &err) : code;
}

static int run(struct cli *cli) {
  struct run_job *c;
  struct worker *w;
  struct error err;
  int code = run_job_new(&c, &w, cli, JOB_SESSION, &err) ? command_fail(cli, &err) : talk(c, w);
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
