/* What a worker hands over as hoko.lua's table, and, behind a NUL, hoko.lua's text:
 * refused with a place in it, or a config that keeps its ranges. */
#include "check.h"

#include "cli/config.h"

static int lines_of(struct slice source) {
  int lines = 1;
  for (size_t i = 0; i < source.len; i++) lines += source.ptr[i] == '\n';
  return lines;
}

static void check_job(const struct config_job *job) {
  check(job->name[0] != '\0' && !strchr(job->name, '/') && job->script && job->script[0] != '\0');
  check(!job->schedule || job->every_ms == 0);
  check(job->timezone && job->timezone[0] != '\0');
  check(job->retries.times >= 0 && job->retries.factor >= 1 && job->retries.factor <= 10);
  check(job->overlap >= CONFIG_OVERLAP_SKIP && job->overlap <= CONFIG_OVERLAP_REPLACE);
  for (size_t i = 0; i < job->args.len; i++) check(job->args.at[i] && job->args.at[i][0] != '\0');
  check(job->args.len == 0 || job->args.at[job->args.len] == NULL);
}

static void check_config(const struct config *c) {
  check(c->limits.concurrency >= 1 && c->limits.concurrency <= 64);
  check(c->limits.batch_rows >= 1 && c->limits.batch_rows <= 10000);
  check(c->limits.batch_bytes >= 1024 && c->limits.requests_per_minute >= 0);
  check(c->limits.settle_window_ms >= 0 && c->limits.give_up_ms >= 0);
  for (size_t i = 0; i < c->jobs_len; i++) {
    check_job(&c->jobs[i]);
    check(i == 0 || strcmp(c->jobs[i - 1].name, c->jobs[i].name) <= 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const char *bytes = (const char *)data;
  const char *nul = len > 0 ? memchr(bytes, '\0', len) : NULL;
  struct slice json = {bytes, nul ? (size_t)(nul - bytes) : len};
  struct slice source = {bytes + json.len + (nul != NULL), len - json.len - (nul != NULL)};
  struct config *c = NULL;
  struct error err;
  if (config_read(&c, json, source, "hoko.lua", &err) == 0) {
    check_config(c);
    config_free(c);
    return 0;
  }
  check(err.code == ERROR_USAGE || err.code == ERROR_INTERNAL || err.code == ERROR_MEMORY);
  check(err.message[0] != '\0' && !strchr(err.message, '\n'));
  if (err.code == ERROR_USAGE) check(err.line >= 1 && err.line <= lines_of(source));
  return 0;
}
