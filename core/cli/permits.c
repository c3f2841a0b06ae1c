#include "cli/permits.h"

#include <stdlib.h>
#include <unistd.h>

/* WORD as a path from FOLDER, or as it is where that is NULL. */
static char *copy_word(struct slice word, const char *folder) {
  char text[PATH_SIZE], joined[PATH_SIZE];
  if (!folder) return strndup(word.ptr, word.len);
  if (word.len >= sizeof text) return NULL;
  memcpy(text, word.ptr, word.len);
  text[word.len] = '\0';
  return path_join(joined, folder, text) ? NULL : strdup(joined);
}

static int add(struct permits *p, struct permit_list *to, struct slice word, const char *folder,
               struct error *err) {
  if (to->len == PERMITS_MAX)
    return error_set(err, ERROR_USAGE, "more than %d names of a kind are allowed", PERMITS_MAX);
  char *copy = copy_word(word, folder);
  if (!copy)
    return error_set(err, ERROR_USAGE, "\"%.*s\" cannot be allowed: it is too long",
                     SLICE_ARG(word));
  p->copies[p->copies_len++] = copy;
  to->at[to->len++] = copy;
  return 0;
}

static int add_options(struct permits *p, const struct cli *cli, const char *option,
                       struct permit_list *to, const char *folder, struct error *err) {
  struct slice word;
  for (struct options_walk w = {0}; options_next(&cli->options, option, &w, &word);)
    if (add(p, to, word, folder, err)) return error_context(err, "--%s", option);
  return 0;
}

static int add_texts(struct permits *p, const struct config_texts *texts, struct permit_list *to,
                     const char *folder, struct error *err) {
  for (size_t i = 0; i < texts->len; i++)
    if (add(p, to, slice_of(texts->at[i]), folder, err)) return error_context(err, "hoko.lua");
  return 0;
}

static int add_jobs(struct permits *p, const struct project *project, const char *script,
                    struct error *err) {
  for (size_t i = 0; i < project->config->jobs_len; i++) {
    const struct config_job *job = &project->config->jobs[i];
    const struct config_allow *a = &job->allow;
    const char *folder = project->folder;
    if (strcmp(job->script, script) != 0) continue;
    if (add_texts(p, &a->read, &p->read, folder, err) ||
        add_texts(p, &a->write, &p->write, folder, err) ||
        add_texts(p, &a->net, &p->net, NULL, err) || add_texts(p, &a->env, &p->env, NULL, err) ||
        add_texts(p, &a->run, &p->run, NULL, err))
      return -1;
    if (a->is_run_any) p->is_run_any = true;
  }
  return 0;
}

int permits_take(struct permits *p, const struct cli *cli, const struct project *project,
                 const char *script, struct error *err) {
  char here[PATH_SIZE];
  if (!getcwd(here, sizeof here))
    return error_set(err, ERROR_USAGE, "the current folder has no name any more");
  if (add_options(p, cli, "allow-read", &p->read, here, err) ||
      add_options(p, cli, "allow-write", &p->write, here, err) ||
      add_options(p, cli, "allow-net", &p->net, NULL, err) ||
      add_options(p, cli, "allow-env", &p->env, NULL, err) ||
      add_options(p, cli, "allow-run", &p->run, NULL, err))
    return -1;
  if (p->run.len == 1 && strcmp(p->run.at[0], "true") == 0)
    p->is_run_any = true; /* "true" alone: all */
  return add_jobs(p, project, script, err);
}

struct allowed permits_allowed(const struct permits *p) {
  return (struct allowed){.read = {p->read.at},
                          .write = {p->write.at},
                          .net = {p->net.at},
                          .env = {p->env.at},
                          .run = {p->run.at},
                          .is_run_any = p->is_run_any};
}

void permits_free(struct permits *p) {
  for (size_t i = 0; i < p->copies_len; i++) free(p->copies[i]);
  p->copies_len = 0;
}
