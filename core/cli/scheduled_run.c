#include "cli/scheduled_run.h"

#include "keys/keys.h"

#include <stdio.h>
#include <stdlib.h>

/* The texts of LIST as paths in the project. */
static const char **paths_of(const struct project *p, const struct config_texts *list,
                             struct error *err) {
  char path[PATH_SIZE];
  const char **to = calloc(list->len + 1, sizeof *to);
  for (size_t i = 0; to && i < list->len; i++) {
    if (path_join(path, p->folder, list->at[i]) == 0 && (to[i] = strdup(path))) continue;
    while (i > 0) free((char *)to[--i]);
    free((void *)to);
    to = NULL;
  }
  if (!to) (void)error_set(err, ERROR_MEMORY, "no memory for the permissions of a job");
  return to;
}

static void free_paths(const char **paths) {
  for (size_t i = 0; paths && paths[i]; i++) free((char *)paths[i]);
  free((void *)paths);
}

static struct texts texts_of(const struct config_texts *list) { return (struct texts){list->at}; }

/* The script as messages call it: within the project where it is in there. */
static void name_script(struct scheduled_run *r) {
  const char *rest;
  bool is_inside = path_beneath(r->base.project.folder, r->base.project.script, &rest) && *rest;
  (void)snprintf(r->base.script, sizeof r->base.script, "%s",
                 is_inside ? rest : r->base.project.script);
}

static void make_job(struct scheduled_run *r, struct cli *cli, bool is_job) {
  static const char *const no_args[] = {NULL};
  const struct config_limits *limits = &r->base.project.config->limits;
  const struct config_job *wish = r->wish;
  const char *const *args = wish->args.len > 0 ? wish->args.at : no_args;
  name_script(r);
  r->base.job = (struct job){
      .kind = JOB_SCRIPT,
      .script = r->base.script,
      .folder = r->base.project.folder,
      .is_folder_readable = r->base.project.is_readable,
      .name = is_job ? wish->name : NULL,
      .stream = project_script_name(&r->base.project, r->base.stream),
      .args = is_job ? args : no_args,
      .state = r->base.project.state,
      .base_url = r->base.project.base_url,
      .allowed = {.read = {r->read},
                  .write = {r->write},
                  .net = texts_of(&wish->allow.net),
                  .env = texts_of(&wish->allow.env),
                  .run = texts_of(&wish->allow.run),
                  .is_run_any = wish->allow.is_run_any},
      .environment = cli->environment,
      .requests_per_minute = limits->requests_per_minute,
      .concurrency = limits->concurrency,
      .batch_rows = limits->batch_rows,
      .batch_bytes = limits->batch_bytes,
      .settle_window_ms = limits->settle_window_ms,
      .give_up_ms = limits->give_up_ms,
      .bisect_limit = 1500, /* as `hoko run` has it */
      .timeout_ms = wish->timeout_ms,
      .memory_bytes = wish->memory_bytes,
      .is_verbose = options_count(&cli->options, "verbose") > 0,
      .clock = cli->clock,
  };
}

static const char *script_of(const struct config_job *wish, enum scheduled_script script) {
  switch (script) {
  case SCHEDULED_JOB: return wish->script;
  case SCHEDULED_ON_FAILURE: return wish->on_failure;
  case SCHEDULED_ON_RECOVERY: return wish->on_recovery;
  }
  return NULL;
}

static int open_run(struct scheduled_run *r, struct cli *cli, const char *name,
                    enum scheduled_script script, struct error *err) {
  r->wish = config_job_named(r->base.project.config, name, err);
  const char *path = r->wish ? script_of(r->wish, script) : NULL;
  if (r->wish && !path) (void)error_set(err, ERROR_USAGE, "job \"%s\" has no such script", name);
  if (!path) return -1;
  if (project_find_script(&r->base.project, path, err) != 0) {
    (void)error_context(err, "job \"%s\"", name);
    return error_place(err, "hoko.lua", config_job_line(r->wish, NULL));
  }
  r->read = paths_of(&r->base.project, &r->wish->allow.read, err);
  r->write = r->read ? paths_of(&r->base.project, &r->wish->allow.write, err) : NULL;
  if (!r->write) return -1;
  make_job(r, cli, script == SCHEDULED_JOB);
  return 0;
}

int scheduled_run_open(struct scheduled_run *r, struct cli *cli, const char *name,
                       enum scheduled_script script, struct slice json, struct slice source,
                       struct error *err) {
  *r = (struct scheduled_run){.base.cli = cli};
  int result = project_find(&r->base.project, cli, NULL, err);
  if (result == 0) result = project_take(&r->base.project, cli, json, source, err);
  if (result == 0) result = open_run(r, cli, name, script, err);
  if (result != 0) scheduled_run_close(r);
  return result;
}

void scheduled_run_close(struct scheduled_run *r) {
  keystore_free(r->base.keystore);
  r->base.keystore = NULL;
  project_free(&r->base.project);
  free_paths(r->read);
  free_paths(r->write);
  r->read = r->write = NULL;
}
