/* The part of project.h that needs a worker: hoko.lua is Lua, and runs only there. */
#include "cli/project.h"

#include "base/file.h"
#include "host/host.h"

enum { JSON_BYTES = 8 << 20, SOURCE_BYTES = 4 << 20 };

int project_read(const struct project *p, struct worker *w, struct buf *json, struct buf *source,
                 struct error *err) {
  char path[PATH_SIZE];
  json->limit = JSON_BYTES;
  source->limit = SOURCE_BYTES;
  if (path_join(path, p->folder, "hoko.lua") != 0)
    return error_set(err, ERROR_USAGE, "the project's path is too long");
  if (file_read(source, path, err) != 0) return -1;
  return worker_config(w, p->folder, json, err);
}

int project_take(struct project *p, const struct cli *cli, struct slice json, struct slice source,
                 struct error *err) {
  struct config *config = NULL;
  if (json.len > 0 && config_read(&config, json, source, "hoko.lua", err) != 0) return -1;
  return project_settle(p, cli, config, source, err);
}

int project_load(struct project *p, const struct cli *cli, struct worker *w, struct error *err) {
  struct buf json = {0}, source = {0};
  int outcome = p->has_file ? project_read(p, w, &json, &source, err) : 0;
  if (outcome == 0) outcome = project_take(p, cli, buf_slice(&json), buf_slice(&source), err);
  buf_free(&json);
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
