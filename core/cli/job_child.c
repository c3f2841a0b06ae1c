/* A run that `hoko serve` has recorded, in a process of its own: what hoko.lua said when it
 * was started comes by a descriptor, so that a file that breaks meanwhile breaks nothing.
 *
 * Its lines go to the daemon, which bounds them: \1, the level's number, the message. */
#include "base/file.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/scheduled_run.h"
#include "cli/summary.h"
#include "keys/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HANDED_FD = 3, HANDED_LIMIT = 16 << 20, REPORT_LIMIT = 1 << 20, PROGRESS_NS = 500000000 };

static const char *const hooks[] = {"on_failure", "on_recovery", NULL};

static const struct option child_options[] = {
    {.name = "run", .type = OPTION_TEXT, .value = "RUN", .help = "the run's name"},
    {.name = "hook",
     .type = OPTION_CHOICE,
     .value = "NAME",
     .choices = hooks,
     .help = "the script that is told"},
    {.name = "cause", .type = OPTION_TEXT, .value = "RUN", .help = "of what it is told"},
    OPTION_END,
};

struct child {
  struct cli *cli;
  int64_t told_ns; /* when the progress was last told */
  struct scheduled_run run;
  struct buf handed, cause;
};

/* ---- events ---- */

static void on_output(void *user, bool is_stderr, struct slice bytes) {
  struct child *c = user;
  (void)is_stderr;
  term_out_script(c->cli->term, bytes);
  term_flush(c->cli->term);
}

static void put_line(struct child *c, enum log_level level, struct slice message,
                     struct slice more) {
  struct buf line = BUF_WITH_LIMIT(64 << 10);
  buf_printf(&line, "\1%d", (int)level);
  buf_add_slice(&line, message);
  for (size_t i = 0; i < line.len; i++)
    if (line.ptr[i] == '\n') line.ptr[i] = ' ';
  if (more.len > 0) buf_add_char(&line, ' ');
  buf_add_slice(&line, more);
  buf_add_char(&line, '\n');
  if (buf_ok(&line)) term_out_script(c->cli->term, buf_slice(&line));
  term_flush(c->cli->term);
  buf_free(&line);
}

static void on_log(void *user, enum log_level level, struct slice message, struct slice fields) {
  struct child *c = user;
  if (level >= c->cli->log->least) put_line(c, level, message, fields);
}

static void on_warn(void *user, const char *message) {
  put_line(user, LOG_WARN, slice_of(message), (struct slice){0});
}

/* Twice a second, for those who look at the page. */
static void on_progress(void *user, const struct tally *tally, const char *wait) {
  struct child *c = user;
  int64_t now_ns = clock_mono_ns(c->cli->clock);
  struct buf line = BUF_WITH_LIMIT(1024);
  if (now_ns < c->told_ns + PROGRESS_NS) return;
  c->told_ns = now_ns;
  buf_add_text(&line, "\1p");
  summary_put_progress(&line, tally, wait, now_ns - c->run.base.began_ns);
  buf_add_char(&line, '\n');
  if (buf_ok(&line)) term_out(c->cli->term, buf_slice(&line));
  term_flush(c->cli->term);
  buf_free(&line);
}

static int on_key(void *user, struct secret **key, struct error *err) {
  struct child *c = user;
  return run_job_events(&c->run.base).key(&c->run.base, key, err);
}

static int on_named_key(void *user, const char *name, struct secret **key, struct error *err) {
  struct child *c = user;
  return run_job_events(&c->run.base).named_key(&c->run.base, name, key, err);
}

/* When the key expires that this run used; the daemon's metrics tell it. */
static void tell_expiry(struct child *c) {
  struct keystore_entry entry;
  const struct keystore *ks = c->run.base.keystore;
  if (!ks || !keystore_find(ks, c->run.base.project.key, &entry) || entry.expires_ms == 0) return;
  term_printf(c->cli->term, "\1k%" PRId64 "\n", entry.expires_ms);
}

/* ---- what was handed over ---- */

/* Each run has an offset of its own only by opening the file anew. */
static int read_handed(struct child *c, struct slice *json, struct slice *source,
                       struct error *err) {
  char path[32];
  c->handed.limit = HANDED_LIMIT;
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", HANDED_FD);
  if (file_read(&c->handed, path, err) != 0) return -1;
  const char *end = c->handed.len > 0 ? memchr(c->handed.ptr, '\0', c->handed.len) : NULL;
  if (!end) return error_set(err, ERROR_INTERNAL, "what hoko serve handed over is not whole");
  *json = (struct slice){c->handed.ptr, (size_t)(end - c->handed.ptr)};
  *source = (struct slice){end + 1, c->handed.len - json->len - 1};
  return 0;
}

/* The report of the run that made a hook start; of one that died there is none. */
static int read_cause(struct child *c, const char *name, struct error *err) {
  struct state_options options = {
      .url = c->run.base.project.state, .clock = c->cli->clock, .is_reader = true};
  struct state *s;
  struct run_record r;
  if (state_open(&s, &options, err) != 0) return -1;
  int result = run_record_show(s, slice_of(name), &r, err);
  c->cause.limit = REPORT_LIMIT;
  if (result == 0)
    buf_add_slice(&c->cause, r.report.len ? r.report : SLICE("{\"outcome\":\"died\"}"));
  c->run.base.job.cause = result == 0 ? buf_text(&c->cause) : NULL;
  state_close(s);
  return result;
}

/* ---- a run that cannot begin ---- */

static int put_end(struct state *s, struct run_record *r, const char *script, const char *name,
                   const struct error *why, struct error *err) {
  struct run_result result = {.started_ms = r->started_ms,
                              .ended_ms = r->started_ms,
                              .exit_code = (int)exit_code_of(why->code),
                              .outcome = why->code == ERROR_USAGE ? RUN_USAGE : RUN_STATE,
                              .has_error = true,
                              .err = *why};
  const struct job job = {.script = script, .name = name};
  struct buf report = BUF_WITH_LIMIT(REPORT_LIMIT);
  memcpy(result.run, r->run, sizeof result.run);
  report_put(&report, &job, &result);
  r->ended_ms = result.ended_ms;
  r->exit = result.exit_code;
  r->outcome = slice_of(run_outcome_name(result.outcome));
  r->report = buf_slice(&report);
  int rc = run_record_finish(s, r, err);
  buf_free(&report);
  return rc;
}

/* Records why; false: that could not be, and the log must tell it. */
static bool record_failure(struct child *c, const char *run, const char *url,
                           const struct error *why) {
  struct error ignored;
  struct state *s;
  struct state_options options = {.url = url, .clock = c->cli->clock};
  struct run_record r;
  char script[PATH_SIZE];
  bool is_recorded = false;
  if (!run || !url[0] || state_open(&s, &options, &ignored) != 0) return false;
  if (run_record_show(s, slice_of(run), &r, &ignored) == 0) {
    (void)snprintf(script, sizeof script, "%.*s", SLICE_ARG(r.script));
    r.started_ms = clock_wall_ms(c->cli->clock);
    is_recorded = run_record_claim(s, &r, &ignored) == 0 &&
                  put_end(s, &r, script, c->cli->args[0], why, &ignored) == 0;
  }
  state_close(s);
  return is_recorded;
}

/* ---- the whole ---- */

static int begin(struct child *c, struct worker **w, struct error *err) {
  const struct options *o = &c->cli->options;
  struct slice json, source;
  bool is_hook = options_given(o, "hook");
  enum scheduled_script script = !is_hook                         ? SCHEDULED_JOB
                                 : options_choice(o, "hook") == 0 ? SCHEDULED_ON_FAILURE
                                                                  : SCHEDULED_ON_RECOVERY;
  if (read_handed(c, &json, &source, err) != 0 ||
      scheduled_run_open(&c->run, c->cli, c->cli->args[0], script, json, source, err) != 0)
    return -1;
  c->run.base.job.run = options_text(o, "run");
  c->run.base.began_ns = c->told_ns = clock_mono_ns(c->cli->clock);
  c->run.base.job.events = (struct run_events){.user = c,
                                               .output = on_output,
                                               .log = on_log,
                                               .warn = on_warn,
                                               .progress = on_progress,
                                               .key = on_key,
                                               .named_key = on_named_key};
  if (is_hook && read_cause(c, options_text(o, "cause"), err) != 0) return -1;
  return worker_start(w, err);
}

static int run(struct cli *cli) {
  struct child c = {.cli = cli};
  struct run_result result;
  struct worker *w;
  struct error err;
  int code;
  if (begin(&c, &w, &err) != 0) {
    if (!record_failure(&c, options_text(&cli->options, "run"), c.run.base.project.state, &err))
      put_line(&c, LOG_ERROR, slice_of(err.message), (struct slice){0});
    code = (int)exit_code_of(err.code);
  } else {
    host_run(w, &c.run.base.job, &result);
    tell_expiry(&c);
    code = result.exit_code;
    run_result_free(&result);
  }
  scheduled_run_close(&c.run);
  buf_free(&c.cause);
  buf_free(&c.handed);
  return code;
}

static const struct command command_child = {
    .name = "__job",
    .summary = "a run of hoko serve",
    .usage = "JOB",
    .options = child_options,
    .run = run,
    .args_min = 1,
    .args_max = 1,
};

const struct command *const job_child_commands[] = {&command_child, NULL};
