#include "cli/config.h"

#include "base/nearest.h"
#include "cli/config_reader.h"
#include "cli/config_schema.h"
#include "cli/lua_place.h"

#include <stdlib.h>

static void *member(void *base, size_t offset) { return (char *)base + offset; }

int config_set_defaults(const struct config_field *fields, void *base) {
  for (const struct config_field *f = fields; f->name; f++) {
    void *to = member(base, f->offset);
    switch (f->kind) {
    case CONFIG_INT:
    case CONFIG_RATE:
    case CONFIG_DURATION:
    case CONFIG_SIZE: *(int64_t *)to = f->fallback; break;
    case CONFIG_FACTOR: *(double *)to = (double)f->fallback; break;
    case CONFIG_CHOICE: *(int *)to = (int)f->fallback; break;
    case CONFIG_TEXT:
      if (f->text_fallback && !(*(const char **)to = strdup(f->text_fallback))) return -1;
      break;
    case CONFIG_TABLE:
      if (config_set_defaults(f->fields, to)) return -1;
      break;
    case CONFIG_TEXTS:
    case CONFIG_COMMANDS:
    case CONFIG_JOBS: break;
    }
  }
  return 0;
}

static void free_texts(struct config_texts *t) {
  for (size_t i = 0; i < t->len; i++) free((char *)t->at[i]);
  free((void *)t->at);
}

static void free_fields(const struct config_field *fields, void *base) {
  for (const struct config_field *f = fields; f->name; f++) {
    void *at = member(base, f->offset);
    if (f->kind == CONFIG_TEXT) free(*(char **)at);
    if (f->kind == CONFIG_TEXTS || f->kind == CONFIG_COMMANDS) free_texts(at);
    if (f->kind == CONFIG_TABLE) free_fields(f->fields, at);
    if (f->kind != CONFIG_JOBS) continue;
    struct config *c = base;
    for (size_t i = 0; i < c->jobs_len; i++) {
      free((char *)c->jobs[i].name);
      free_fields(f->fields, &c->jobs[i]);
    }
    free(c->jobs);
  }
}

void config_free(struct config *c) {
  if (!c) return;
  free_fields(config_fields, c);
  free(c->source);
  free(c);
}

struct config *config_default(void) {
  struct config *c = calloc(1, sizeof *c);
  if (c && config_set_defaults(config_fields, c)) {
    config_free(c);
    return NULL;
  }
  return c;
}

static int compare_jobs(const void *a, const void *b) {
  const struct config_job *left = a, *right = b;
  return strcmp(left->name, right->name);
}

int config_read(struct config **out, struct slice json, struct slice source, const char *file,
                struct error *err) {
  struct config *c = config_default();
  if (!c) return error_set(err, ERROR_MEMORY, "no memory for %s", file);
  if (config_reader_fill(c, json, source, file, err)) {
    config_free(c);
    return -1;
  }
  c->source = strndup(source.len ? source.ptr : "", source.len);
  if (!c->source) {
    config_free(c);
    return error_set(err, ERROR_MEMORY, "no memory for %s", file);
  }
  for (size_t i = 0; i < c->jobs_len; i++) c->jobs[i].config = c;
  if (c->jobs_len > 1) qsort(c->jobs, c->jobs_len, sizeof *c->jobs, compare_jobs);
  *out = c;
  return 0;
}

int config_job_line(const struct config_job *job, const char *field) {
  const char *const path[] = {"jobs", job->name, field};
  return job->config ? lua_place_line(slice_of(job->config->source), path, field ? 3 : 2) : 1;
}

/* The nearest job's name to the end of the message. */
static void name_nearest(const struct config *c, const char *name, struct error *err) {
  const char **names = calloc(c->jobs_len + 1, sizeof *names);
  if (!names) return; /* then the message does without */
  for (size_t i = 0; i < c->jobs_len; i++) names[i] = c->jobs[i].name;
  const char *nearest = nearest_name(slice_of(name), names, c->jobs_len);
  if (nearest)
    (void)error_set(err, ERROR_USAGE, "hoko.lua has no job \"%s\"; the nearest is %s", name,
                    nearest);
  free((void *)names);
}

const struct config_job *config_job_named(const struct config *c, const char *name,
                                          struct error *err) {
  for (size_t i = 0; i < c->jobs_len; i++)
    if (strcmp(c->jobs[i].name, name) == 0) return &c->jobs[i];
  (void)error_set(err, ERROR_USAGE, "hoko.lua has no job \"%s\"", name);
  name_nearest(c, name, err);
  (void)error_hint(err, "hoko jobs list");
  return NULL;
}
