#include "cli/serve_wishes.h"

#include "base/file.h"
#include "host/host.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* In the order of their names, as config has them. */
static int make_wishes(struct serve_wishes *w, struct zones *zones, int64_t now_ms,
                       struct error *err) {
  const struct config *config = w->project.config;
  w->rules = calloc(config->jobs_len + 1, sizeof *w->rules);
  w->wishes.at = calloc(config->jobs_len + 1, sizeof *w->wishes.at);
  if (!w->rules || !w->wishes.at) return error_set(err, ERROR_MEMORY, "no memory for the jobs");
  for (size_t i = 0; i < config->jobs_len; i++) {
    const struct config_job *job = &config->jobs[i];
    if (job_rules_read(&w->rules[i], job, zones, now_ms, err) != 0) return -1;
    w->wishes.at[w->wishes.len++] = (struct daemon_wish){.name = job->name,
                                                         .script = job->script,
                                                         .schedule = job->schedule,
                                                         .timezone = job->timezone,
                                                         .rules = w->rules[i].rules,
                                                         .on_failure = job->on_failure,
                                                         .on_recovery = job->on_recovery};
  }
  return 0;
}

/* A file without a name, that lives as long as a run has it. */
static int hand_over(struct serve_wishes *w, struct slice json, struct slice source,
                     struct error *err) {
  w->wishes.handed_fd = memfd_create("hoko.lua", MFD_CLOEXEC);
  if (w->wishes.handed_fd < 0)
    return error_errno(err, ERROR_INTERNAL, errno, "making a file in memory");
  if (file_write_all(w->wishes.handed_fd, json, "a file in memory", err) != 0 ||
      file_write_all(w->wishes.handed_fd, (struct slice){"", 1}, "a file in memory", err) != 0)
    return -1;
  return file_write_all(w->wishes.handed_fd, source, "a file in memory", err);
}

static int read_project(struct serve_wishes *w, const struct cli *cli, struct buf *json,
                        struct buf *source, struct error *err) {
  struct worker *worker;
  if (project_find(&w->project, cli, NULL, err) != 0) return -1;
  if (!w->project.has_file) {
    (void)error_set(err, ERROR_USAGE, "there is no hoko.lua in %s", w->project.folder);
    return error_hint(err, "hoko init   makes one, -C DIR names another folder");
  }
  if (worker_start(&worker, err) != 0) return -1;
  int result = project_read(&w->project, worker, json, source, err);
  worker_stop(worker);
  return result;
}

int serve_wishes_read(struct serve_wishes *w, const struct cli *cli, struct zones *zones,
                      struct error *err) {
  struct buf json = {.limit = 0}, source = {.limit = 0};
  *w = (struct serve_wishes){.wishes.handed_fd = -1};
  int result = read_project(w, cli, &json, &source, err);
  if (result == 0)
    result = project_take(&w->project, cli, buf_slice(&json), buf_slice(&source), err);
  if (result == 0) result = make_wishes(w, zones, clock_wall_ms(cli->clock), err);
  if (result == 0) result = hand_over(w, buf_slice(&json), buf_slice(&source), err);
  if (result != 0) serve_wishes_free(w);
  buf_free(&json);
  buf_free(&source);
  return result;
}

void serve_wishes_free(struct serve_wishes *w) {
  if (w->wishes.handed_fd >= 0) (void)close(w->wishes.handed_fd);
  free(w->wishes.at);
  free(w->rules);
  project_free(&w->project);
  *w = (struct serve_wishes){.wishes.handed_fd = -1};
}
