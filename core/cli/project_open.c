/* The part of project.h that needs a worker: hoko.lua is Lua, and runs only there. */
#include "cli/project.h"

#include "base/file.h"
#include "host/host.h"

enum { JSON_BYTES = 8 << 20, SOURCE_BYTES = 4 << 20 };

static int read_config(const struct project *p, struct worker *w, struct buf *source,
                       struct config **config, struct error *err) {
  struct buf json = BUF_WITH_LIMIT(JSON_BYTES);
  char path[PATH_SIZE];
  int outcome = path_join(path, p->folder, "hoko.lua")
                    ? error_set(err, ERROR_USAGE, "the project's path is too long")
                    : file_read(source, path, err);
  if (outcome == 0) outcome = worker_config(w, p->folder, &json, err);
  if (outcome == 0)
    outcome = config_read(config, buf_slice(&json), buf_slice(source), "hoko.lua", err);
  buf_free(&json);
  return outcome;
}

int project_load(struct project *p, const struct cli *cli, struct worker *w, struct error *err) {
  struct buf source = BUF_WITH_LIMIT(SOURCE_BYTES);
  struct config *config = NULL;
  int outcome = p->has_file ? read_config(p, w, &source, &config, err) : 0;
  if (outcome == 0) outcome = project_settle(p, cli, config, buf_slice(&source), err);
  buf_free(&source);
  return outcome;
}

int project_open(struct project *p, const struct cli *cli, const char *script, struct error *err) {
  struct worker *w = NULL;
  if (project_find(p, cli, script, err)) return -1;
  int outcome = p->has_file ? worker_start(&w, err) : 0;
  if (outcome == 0) outcome = project_load(p, cli, w, err);
  worker_stop(w);
  if (outcome) project_free(p);
  return outcome;
}
