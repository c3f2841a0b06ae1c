/* A job now: through `hoko serve` where one runs the project's jobs, else here. */
#include "base/number.h"
#include "cli/jobs.h"
#include "cli/opened_state.h"
#include "cli/run_view.h"
#include "cli/scheduled_run.h"
#include "schedule/child.h"
#include "schedule/control.h"

#include <string.h>
#include <unistd.h>

enum { VIEW_LIMIT = 1 << 20, WORDS_MAX = 32 };

static const struct option run_options[] = {
    {.name = "detach", .letter = 'd', .type = OPTION_FLAG, .help = "do not wait for its end"},
    {.name = "json", .type = OPTION_FLAG, .help = "print the report of the run"},
    OPTION_END,
};

/* ---- through the daemon ---- */

/* The next packet; "error …" and a line that breaks are errors. */
static int hear(int fd, char text[CONTROL_TEXT_SIZE], struct error *err) {
  if (control_receive(fd, text) <= 0) {
    (void)error_set(err, ERROR_STATE, "hoko serve has ended meanwhile; the run goes on by itself");
    return error_hint(err, "hoko runs list");
  }
  if (strncmp(text, "error ", 6) != 0) return 0;
  (void)error_set(err, ERROR_USAGE, "%s", text + 6);
  return error_hint(err, "hoko jobs list");
}

/* Prints what the state has of RUN. */
static int show(struct cli *cli, const char *run, struct error *err) {
  struct opened_state o;
  struct run_record r;
  struct buf b = BUF_WITH_LIMIT(VIEW_LIMIT);
  if (opened_state_begin(&o, cli, true, err) != 0) return -1;
  int result = run_record_show(o.state, slice_of(run), &r, err);
  if (result == 0) {
    if (options_given(&cli->options, "json"))
      run_view_put_json(&b, &r);
    else
      run_view_put(&b, &r);
    if (buf_ok(&b)) term_out_script(cli->term, buf_slice(&b));
  }
  buf_free(&b);
  opened_state_end(&o);
  return result;
}

/* *code: the run's exit code. */
static int follow(struct cli *cli, int fd, int *code, struct error *err) {
  char text[CONTROL_TEXT_SIZE], run[CONTROL_TEXT_SIZE] = "";
  int64_t number;
  for (;;) {
    if (hear(fd, text, err) != 0) return -1;
    if (strncmp(text, "run ", 4) == 0) {
      memcpy(run, text + 4, sizeof run - 4);
      term_note(cli->term, "run %s has started", run);
    }
    if (strncmp(text, "end ", 4) == 0) break;
  }
  if (number_int64(slice_of(text + 4), 0, 255, &number) != 0) number = EXIT_STATE;
  *code = (int)number;
  return show(cli, run, err);
}

static int run_through(struct cli *cli, int fd, int *code, struct error *err) {
  char text[CONTROL_TEXT_SIZE];
  if (!control_send(fd, "run %s", cli->args[0]))
    return error_set(err, ERROR_STATE, "hoko serve does not listen");
  if (hear(fd, text, err) != 0) return -1;
  if (!options_given(&cli->options, "detach")) return follow(cli, fd, code, err);
  term_note(cli->term, "%s runs as soon as its turn comes", cli->args[0]);
  return 0;
}

/* ---- here ---- */

static int print_report(struct scheduled_run *r, const struct run_result *result) {
  struct buf b = BUF_WITH_LIMIT(VIEW_LIMIT);
  report_put(&b, &r->base.job, result);
  buf_add_char(&b, '\n');
  if (buf_ok(&b)) term_out(r->base.cli->term, buf_slice(&b));
  buf_free(&b);
  return result->exit_code;
}

static int run_with(struct cli *cli, struct worker *w, struct slice json, struct slice source,
                    int *code, struct error *err) {
  struct scheduled_run r;
  struct run_result result;
  if (scheduled_run_open(&r, cli, cli->args[0], SCHEDULED_JOB, json, source, err) != 0) {
    worker_stop(w);
    return -1;
  }
  r.base.job.events = run_job_events(&r.base);
  r.base.began_ns = clock_mono_ns(cli->clock);
  r.base.progress = progress_begin(cli->term, cli->clock, true);
  host_run(w, &r.base.job, &result);
  run_job_tell(&r.base, &result);
  if (options_given(&cli->options, "json")) (void)print_report(&r, &result);
  *code = result.exit_code;
  run_result_free(&result);
  scheduled_run_close(&r);
  return 0;
}

static int run_here(struct cli *cli, const struct project *p, int *code, struct error *err) {
  struct buf json = {.limit = 0}, source = {.limit = 0};
  struct worker *w;
  if (worker_start(&w, err) != 0) return -1;
  int result = p->has_file ? project_read(p, w, &json, &source, err) : 0;
  if (result == 0)
    result = run_with(cli, w, buf_slice(&json), buf_slice(&source), code, err);
  else
    worker_stop(w);
  buf_free(&json);
  buf_free(&source);
  return result;
}

/* The same command without --detach, which nobody waits for. */
static int run_behind(struct cli *cli, const struct project *p, struct error *err) {
  const char *words[WORDS_MAX] = {"hoko", "jobs", "run", "-C", p->folder};
  size_t n = 5;
  struct child c;
  const char *names[] = {"--key", "--base-url", "--state"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (!options_given(&cli->options, names[i] + 2)) continue;
    words[n++] = names[i];
    words[n++] = options_text(&cli->options, names[i] + 2);
  }
  words[n++] = "--";
  words[n] = cli->args[0];
  const struct child_start how = {.argv = (char *const *)words,
                                  .environment = cli->environment,
                                  .folder = p->folder,
                                  .handed_fd = -1};
  if (child_start(&c, &how, err) != 0) return -1;
  term_note(cli->term, "%s runs as process %d", cli->args[0], (int)c.pid);
  child_leave(&c);
  return 0;
}

/* ---- the whole ---- */

static int start(struct cli *cli, int *code, struct error *err) {
  struct project project;
  int fd;
  if (project_find(&project, cli, NULL, err) != 0) return -1;
  int is_served = control_connect(project.folder, &fd, err);
  if (is_served < 0) return -1;
  if (is_served > 0) {
    int result = run_through(cli, fd, code, err);
    (void)close(fd);
    return result;
  }
  if (options_given(&cli->options, "detach")) return run_behind(cli, &project, err);
  return run_here(cli, &project, code, err);
}

static int run(struct cli *cli) {
  struct error err;
  int code = EXIT_OK;
  return start(cli, &code, &err) == 0 ? code : command_fail(cli, &err);
}

const struct command jobs_run = {
    .name = "run",
    .summary = "run a job now",
    .usage = "NAME",
    .options = run_options,
    .run = run,
    .args_min = 1,
    .args_max = 1,
};
