#include "cli/commands.h"
#include "cli/serve_wishes.h"
#include "keys/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { WORDS_MAX = 32, WORD_SIZE = 4200 };

static const struct option serve_options[] = {
    {.name = "jobs",
     .letter = 'j',
     .type = OPTION_INT,
     .value = "N",
     .fallback = "8",
     .min = 1,
     .max = 1000,
     .help = "how many runs may be under way at once"},
    {.name = "grace",
     .type = OPTION_DURATION,
     .value = "TIME",
     .fallback = "30s",
     .help = "how long runs may finish what is in flight when it is to end"},
    {.name = "metrics",
     .type = OPTION_TEXT,
     .value = "ADDRESS:PORT",
     .help = "answer /metrics (OpenMetrics) and /healthz there"},
    {.name = "web",
     .type = OPTION_TEXT,
     .value = "ADDRESS:PORT",
     .help = "show the jobs as a page there, to this machine only"},
    OPTION_END,
};

struct serving {
  struct cli *cli;
  struct zones *zones;
  struct serve_wishes now; /* what is in force */
  struct stat keystore;    /* as it was when it was last looked at */
  const char *words[WORDS_MAX + 1];
  char *copies[WORDS_MAX];
  size_t words_len, copies_len;
};

/* ---- what the daemon asks for ---- */

static int load(void *user, const struct daemon_wishes **to, struct error *err) {
  struct serving *s = user;
  struct serve_wishes newer;
  if (serve_wishes_read(&newer, s->cli, s->zones, err) != 0) return -1;
  if (strcmp(newer.project.state, s->now.project.state) != 0) {
    serve_wishes_free(&newer);
    (void)error_set(err, ERROR_USAGE, "state: the daemon cannot move to another one while it runs");
    return error_hint(err, "restart hoko serve");
  }
  serve_wishes_free(&s->now);
  s->now = newer;
  *to = &s->now.wishes;
  return 0;
}

static bool has_key_changed(void *user) {
  struct serving *s = user;
  char path[PATH_SIZE];
  struct error ignored; /* without a place there is no keystore, and nothing changes */
  struct stat now = {.st_ino = 0};
  if (keystore_path(path, &ignored) != 0 || stat(path, &now) != 0) now = (struct stat){.st_ino = 0};
  bool is_same = now.st_ino == s->keystore.st_ino && now.st_size == s->keystore.st_size &&
                 now.st_mtim.tv_sec == s->keystore.st_mtim.tv_sec &&
                 now.st_mtim.tv_nsec == s->keystore.st_mtim.tv_nsec;
  s->keystore = now;
  return !is_same;
}

/* ---- the command line of a run ---- */

static int add_word(struct serving *s, const char *name, const char *text, struct error *err) {
  char word[WORD_SIZE];
  int len = snprintf(word, sizeof word, "--%s%s%s", name, *text ? "=" : "", text);
  bool has_room = len < (int)sizeof word && s->words_len < WORDS_MAX;
  char *copy = has_room ? strdup(word) : NULL;
  if (!copy)
    return error_set(err, ERROR_USAGE, "--%s: too much for the command line of a run", name);
  s->words[s->words_len++] = s->copies[s->copies_len++] = copy;
  return 0;
}

/* What was given to all commands holds for each run; its log goes through the daemon. */
static int make_words(struct serving *s, struct error *err) {
  static const char *const passed[] = {"key", "base-url", "state", "quiet", "verbose", NULL};
  const struct options *o = &s->cli->options;
  s->words[s->words_len++] = "hoko";
  s->words[s->words_len++] = "__job";
  if (add_word(s, "project", s->now.project.folder, err) != 0) return -1;
  for (size_t i = 0; i < o->words_len; i++)
    for (const char *const *name = passed; *name; name++)
      if (strcmp(o->words[i].option->name, *name) == 0 &&
          add_word(s, *name, o->words[i].text, err) != 0)
        return -1;
  s->words[s->words_len] = NULL;
  return 0;
}

/* ---- the whole ---- */

static int serve(struct serving *s, struct error *err) {
  const struct options *o = &s->cli->options;
  static const char *const check_words[] = {"hoko", "check", "--json", "--quiet", "--", NULL};
  struct state *state;
  const struct state_options in = {.url = s->now.project.state, .clock = s->cli->clock};
  if (make_words(s, err) != 0 || state_open(&state, &in, err) != 0) return -1;
  char folder[PATH_SIZE];
  memcpy(folder, s->now.project.folder, sizeof folder); /* it outlives what is read anew */
  const struct daemon_options options = {.folder = folder,
                                         .state = state,
                                         .zones = s->zones,
                                         .clock = s->cli->clock,
                                         .log = s->cli->log,
                                         .environment = s->cli->environment,
                                         .run_words = s->words,
                                         .check_words = check_words,
                                         .runs_max = options_int(o, "jobs"),
                                         .grace_ms = options_int(o, "grace"),
                                         .metrics = options_text(o, "metrics"),
                                         .web = options_text(o, "web"),
                                         .user = s,
                                         .load = load,
                                         .has_key_changed = has_key_changed};
  int result = daemon_run(&options, err);
  state_close(state);
  return result;
}

static int refuse_descriptor(struct error *err) {
  (void)error_set(err, ERROR_USAGE, "--passphrase-fd is read once, and hoko serve has many runs");
  return error_hint(err, "HOKO_PASSPHRASE_FILE=FILE, systemd's LoadCredential, or hoko key unlock");
}

static int run(struct cli *cli) {
  struct serving s = {.cli = cli, .now.wishes.handed_fd = -1};
  struct error err;
  int result = options_given(&cli->options, "passphrase-fd") ? refuse_descriptor(&err) : 0;
  s.zones = zones_new(command_env(cli, "TZDIR"));
  if (result == 0 && !s.zones) result = error_set(&err, ERROR_MEMORY, "no memory for time zones");
  if (result == 0) result = serve_wishes_read(&s.now, cli, s.zones, &err);
  if (result == 0) result = serve(&s, &err);
  serve_wishes_free(&s.now);
  zones_free(s.zones);
  for (size_t i = 0; i < s.copies_len; i++) free(s.copies[i]);
  return result == 0 ? EXIT_OK : command_fail(cli, &err);
}

const struct command command_serve = {
    .name = "serve",
    .summary = "the scheduler daemon",
    .usage = "",
    .options = serve_options,
    .run = run,
};
