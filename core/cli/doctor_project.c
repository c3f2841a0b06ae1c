/* What the project and the user's keys give. */
#include "cli/doctor.h"

#include "keys/keys.h"
#include "state/state.h"

#include <errno.h>
#include <unistd.h>

static void look_at_folder(const struct doctor *d, struct doctor_finding *f) {
  if (d->project->has_file) {
    size_t jobs = d->project->config->jobs_len;
    doctor_say(f, DOCTOR_OK, "%s, %zu job%s", d->project->folder, jobs, jobs == 1 ? "" : "s");
  } else {
    doctor_say(f, DOCTOR_WARN, "%s, which has no hoko.lua", d->project->folder);
    doctor_fix(f, "hoko init");
  }
}

static void look_at_base_url(const struct doctor *d, struct doctor_finding *f) {
  doctor_say(f, DOCTOR_OK, "%s", d->project->base_url);
}

/* The nearest folder above PATH that exists. */
static int nearest_folder(char to[PATH_SIZE], const char *path) {
  if (path_dir(to, path)) return -1;
  while (access(to, F_OK) != 0) {
    char above[PATH_SIZE];
    if (path_dir(above, to)) return -1;
    memcpy(to, above, sizeof above);
  }
  return 0;
}

static bool is_writable(const struct doctor *d, const char *path, struct doctor_finding *f) {
  char folder[PATH_SIZE];
  const char *needed = access(path, F_OK) == 0 ? path : nearest_folder(folder, path) ? "/" : folder;
  if (access(needed, W_OK) == 0) return true;
  doctor_say(f, DOCTOR_FAIL, "%s: %s is not writable", d->project->state, needed);
  doctor_fix(f, "chmod u+w %s, or --state sqlite:FILE", needed);
  f->exit = EXIT_STATE;
  return false;
}

static void look_at_state(const struct doctor *d, struct doctor_finding *f) {
  bool is_file = strncmp(d->project->state, "sqlite:", 7) == 0;
  doctor_say(f, DOCTOR_OK, "%s", d->project->state);
  if (strcmp(d->project->state, "sqlite::memory:") == 0) return;
  if (is_file && !is_writable(d, d->project->state + 7, f)) return;
  struct state *state;
  struct error err;
  const struct state_options options = {
      .url = d->project->state, .clock = d->cli->clock, .is_reader = true};
  if (state_open(&state, &options, &err))
    doctor_fail(f, &err);
  else
    state_close(state);
}

static void look_at_key(const struct doctor *d, struct doctor_finding *f) {
  char path[PATH_SIZE];
  struct error err;
  if (command_env(d->cli, "HOKO_API_KEY")) {
    doctor_say(f, DOCTOR_OK, "HOKO_API_KEY is set and goes to %s", d->project->origin);
    return;
  }
  if (keystore_path(path, &err)) {
    doctor_fail(f, &err);
    return;
  }
  if (!keystore_exists(path)) {
    doctor_say(f, DOCTOR_WARN, "there is no keystore yet, and HOKO_API_KEY is not set");
    doctor_fix(f, "hoko key add %s", d->project->key);
    return;
  }
  struct keystore *ks = keystore_open(path, &err);
  if (!ks) {
    doctor_fail(f, &err);
    return;
  }
  const char *kept = unlock_is_kept(ks) ? ", unlocked for this login" : "";
  doctor_say(f, DOCTOR_OK, "\"%s\" in %s%s", d->project->key, path, kept);
  keystore_free(ks);
}

const struct doctor_check doctor_project[] = {
    {"project", look_at_folder},
    {"base URL", look_at_base_url},
    {"state", look_at_state},
    {"key", look_at_key},
    {NULL, NULL},
};
