/* A job that starts no more by itself, until it is resumed: told to `hoko serve` where one
 * runs, else written into the state. */
#include "cli/job_rules.h"
#include "cli/jobs.h"
#include "cli/opened_state.h"
#include "schedule/control.h"

#include <inttypes.h>
#include <unistd.h>

enum { PAGE = 100 };

static int tell_daemon(struct cli *cli, int fd, bool is_pause, struct error *err) {
  char text[CONTROL_TEXT_SIZE];
  if (!control_send(fd, "%s %s", is_pause ? "pause" : "resume", cli->args[0]) ||
      control_receive(fd, text) <= 0)
    return error_set(err, ERROR_STATE, "hoko serve does not listen");
  if (strcmp(text, "ok") == 0) return 0;
  (void)error_set(err, ERROR_USAGE, "%s", strncmp(text, "error ", 6) == 0 ? text + 6 : text);
  return error_hint(err, "hoko jobs list");
}

/* The job's record, or one that begins now. */
static int find_record(struct opened_state *o, const struct config_job *job, int64_t now_ms,
                       struct job_record *to, struct error *err) {
  struct job_record page[PAGE];
  struct slice after = {0};
  for (size_t n;; after = page[n - 1].name) {
    if (job_record_list(o->state, after, page, PAGE, &n, err) != 0) return -1;
    for (size_t i = 0; i < n; i++) {
      if (!slice_is(page[i].name, job->name)) continue;
      *to = page[i];
      return 0;
    }
    if (n < PAGE) break;
  }
  *to = (struct job_record){.name = slice_of(job->name),
                            .schedule = slice_of(job->schedule),
                            .timezone = slice_of(job->timezone),
                            .every_ms = job->every_ms,
                            .settled_ms = now_ms,
                            .awake_ms = now_ms};
  return 0;
}

static int write_record(struct cli *cli, struct opened_state *o, bool is_pause, struct error *err) {
  const struct job_step none = {.kind = JOB_STEP_NONE};
  const struct config_job *job = config_job_named(o->project.config, cli->args[0], err);
  struct job_record r;
  bool is_taken;
  if (!job || find_record(o, job, clock_wall_ms(cli->clock), &r, err) != 0) return -1;
  if (is_pause)
    r.flags |= JOB_PAUSED;
  else
    r.flags &= ~(unsigned)JOB_PAUSED;
  if (is_pause && r.phase == POLICY_RETRYING) r.phase = POLICY_IDLE;
  return job_record_write(o->state, &r, &none, &is_taken, err);
}

/* No daemon may begin meanwhile, which would not see it. */
static int write_locked(struct cli *cli, bool is_pause, struct error *err) {
  struct opened_state o;
  struct holder who;
  int fd;
  if (opened_state_begin(&o, cli, false, err) != 0) return -1;
  int taken = job_lock(o.state, &fd, &who, err);
  int result = taken > 0 ? write_record(cli, &o, is_pause, err) : -1;
  if (taken == 0)
    (void)error_set(err, ERROR_STATE, "hoko serve, process %" PRId64 ", does not listen yet",
                    who.pid);
  if (taken > 0 && fd >= 0) (void)close(fd);
  opened_state_end(&o);
  return result;
}

static int run_either(struct cli *cli, bool is_pause) {
  struct project project;
  struct error err;
  int fd = -1, result = project_find(&project, cli, NULL, &err);
  int is_served = result == 0 ? control_connect(project.folder, &fd, &err) : -1;
  if (is_served > 0) {
    result = tell_daemon(cli, fd, is_pause, &err);
    (void)close(fd);
  } else {
    result = is_served == 0 ? write_locked(cli, is_pause, &err) : -1;
  }
  if (result != 0) return command_fail(cli, &err);
  term_note(cli->term, "%s is %s", cli->args[0], is_pause ? "paused" : "resumed");
  return EXIT_OK;
}

static int pause_it(struct cli *cli) { return run_either(cli, true); }
static int resume_it(struct cli *cli) { return run_either(cli, false); }

const struct command jobs_pause = {
    .name = "pause",
    .summary = "start a job no more by itself",
    .usage = "NAME",
    .run = pause_it,
    .args_min = 1,
    .args_max = 1,
};

const struct command jobs_resume = {
    .name = "resume",
    .summary = "let a paused job start again",
    .usage = "NAME",
    .run = resume_it,
    .args_min = 1,
    .args_max = 1,
};
