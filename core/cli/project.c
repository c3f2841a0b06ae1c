#include "cli/project.h"

#include "cli/job_rules.h"
#include "cli/lua_place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROJECT_FILE "hoko.lua"
#define BASE_URL_DEFAULT "https://hoko.to/api"
#define STATE_DEFAULT "sqlite:.hoko/state.db"
#define KEY_DEFAULT "default"

/* ---- the folder ---- */

static bool has_project_file(const char *folder) {
  char path[PATH_SIZE];
  struct stat st;
  return path_join(path, folder, PROJECT_FILE) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_everybodys(const char *folder) {
  struct stat st;
  return stat(folder, &st) != 0 || (st.st_mode & S_IWOTH) != 0;
}

static bool is_never_readable(const struct cli *cli, const char *folder) {
  const char *home = command_env(cli, "HOME");
  char real[PATH_MAX];
  if (strcmp(folder, "/") == 0) return true;
  return home && realpath(home, real) && strcmp(folder, real) == 0;
}

/* From p->folder upward; leaves it as it is when there is no hoko.lua. */
static void search_upward(struct project *p, const struct cli *cli) {
  char at[PATH_SIZE];
  memcpy(at, p->folder, sizeof at);
  while (strcmp(at, "/") != 0) {
    if (has_project_file(at)) {
      memcpy(p->folder, at, sizeof at);
      return;
    }
    char above[PATH_SIZE];
    if (is_never_readable(cli, at) || path_dir(above, at) || is_everybodys(above)) return;
    memcpy(at, above, sizeof at);
  }
}

static int real_folder(char to[PATH_SIZE], const char *folder, struct error *err) {
  char real[PATH_MAX];
  struct stat st;
  if (!realpath(folder, real) || stat(real, &st) != 0)
    return error_errno(err, ERROR_USAGE, errno, "folder %s", folder);
  if (!S_ISDIR(st.st_mode)) return error_set(err, ERROR_USAGE, "%s is no folder", folder);
  return path_join(to, "", real) ? error_set(err, ERROR_USAGE, "%s: too long a path", folder) : 0;
}

/* PATH is SCRIPT's; its folder without symlinks. */
static int take_script(struct project *p, const char *script, const char *path, struct error *err) {
  char folder[PATH_SIZE], real[PATH_SIZE];
  struct stat st;
  if (stat(path, &st) != 0) return error_errno(err, ERROR_USAGE, errno, "script %s", script);
  if (S_ISDIR(st.st_mode)) return error_set(err, ERROR_USAGE, "script %s is a folder", script);
  if (path_dir(folder, path) || real_folder(real, folder, err)) return -1;
  const char *slash = strrchr(path, '/');
  if (path_join(p->script, real, slash ? slash + 1 : path))
    return error_set(err, ERROR_USAGE, "script %s: too long a path", script);
  return 0;
}

int project_find_script(struct project *p, const char *script, struct error *err) {
  char path[PATH_SIZE];
  if (path_join(path, p->folder, script))
    return error_set(err, ERROR_USAGE, "script %s: too long a path", script);
  return take_script(p, script, path, err);
}

/* From the current folder, else in the project. */
static int find_script(struct project *p, const char *script, bool is_folder_known,
                       struct error *err) {
  char path[PATH_SIZE];
  struct stat st;
  if (is_folder_known && stat(script, &st) != 0) return project_find_script(p, script, err);
  if (path_join(path, "", script))
    return error_set(err, ERROR_USAGE, "script %s: too long a path", script);
  return take_script(p, script, path, err);
}

int project_find(struct project *p, const struct cli *cli, const char *script, struct error *err) {
  memset(p, 0, sizeof *p);
  const char *named = options_text(&cli->options, "project");
  bool has_script = script && strcmp(script, "-") != 0;
  if (named && real_folder(p->folder, named, err)) return error_context(err, "-C");
  if (has_script && find_script(p, script, named != NULL, err)) return -1;
  if (!named) {
    /* path_dir() gives less than the script's path, so it fits */
    if (has_script ? path_dir(p->folder, p->script) : real_folder(p->folder, ".", err)) return -1;
    search_upward(p, cli);
  }
  p->has_file = has_project_file(p->folder);
  p->is_readable = !is_never_readable(cli, p->folder);
  return 0;
}

void project_free(struct project *p) {
  config_free(p->config);
  p->config = NULL;
}

const char *project_script_name(const struct project *p, char to[PATH_SIZE]) {
  const char *rest;
  if (!p->script[0] || !path_beneath(p->folder, p->script, &rest)) return NULL;
  size_t len = strlen(rest);
  if (len > 4 && strcmp(rest + len - 4, ".lua") == 0) len -= 4;
  memcpy(to, rest, len);
  to[len] = '\0';
  return to;
}

/* ---- what is in force ---- */

/* A setting and who said it, for messages. */
struct said {
  const char *text;
  const char *by; /* "--base-url", "HOKO_BASE_URL", "base_url" or "" for the default */
  int line;       /* of hoko.lua, else 0 */
};

struct setting {
  const char *option, *variable, *name, *fallback; /* name: in hoko.lua */
};

static struct said find_said(const struct cli *cli, const struct setting *s, const char *in_file,
                             struct slice source) {
  const char *text = options_text(&cli->options, s->option);
  if (text) return (struct said){text, s->option, 0};
  text = s->variable ? command_env(cli, s->variable) : NULL;
  if (text) return (struct said){text, s->variable, 0};
  if (in_file) return (struct said){in_file, s->name, lua_place_line(source, &s->name, 1)};
  return (struct said){s->fallback, "", 0};
}

static int blame(const struct said *said, const struct setting *s, struct error *err) {
  bool is_option = said->by == s->option;
  (void)error_context(err, "%s%s", is_option ? "--" : "", said->by);
  if (said->line > 0) (void)error_place(err, PROJECT_FILE, said->line);
  err->code = ERROR_USAGE;
  return -1;
}

static bool has_odd_character(const char *url) {
  for (; *url; url++)
    if ((unsigned char)*url <= ' ' || *url == 0x7f || strchr("?#\"<>\\", *url)) return true;
  return false;
}

static int settle_base_url(struct project *p, const char *url, struct error *err) {
  if (origin_of_url(p->origin, slice_of(url), err)) {
    if (err->hint[0]) return -1;
    return error_hint(err, "--base-url " BASE_URL_DEFAULT);
  }
  if (has_odd_character(url)) {
    (void)error_set(err, ERROR_USAGE, "a base URL has no blank, query or fragment");
    return error_hint(err, "--base-url " BASE_URL_DEFAULT);
  }
  if (strncmp(p->origin, "http://", 7) == 0 && !origin_is_loopback(p->origin)) {
    (void)error_set(err, ERROR_USAGE,
                    "http:// would show the key to the network: only https:// "
                    "goes to another machine");
    return error_hint(err, "--base-url https://%s", strstr(url, "://") + 3);
  }
  size_t len = strlen(url);
  while (len > 0 && url[len - 1] == '/') len--;
  if (len >= sizeof p->base_url) return error_set(err, ERROR_USAGE, "the URL is too long");
  memcpy(p->base_url, url, len);
  p->base_url[len] = '\0';
  return 0;
}

/* "postgresql://user:password@host/…": others on this machine would see it. */
static bool has_password(const char *url) {
  const char *authority = strstr(url, "://") + 3;
  size_t len = strcspn(authority, "/?#");
  const char *at = memchr(authority, '@', len);
  if (at && memchr(authority, ':', (size_t)(at - authority))) return true;
  return strstr(authority + len, "password=") != NULL;
}

static int settle_postgres(struct project *p, const char *url, struct error *err) {
  if (has_password(url)) {
    (void)error_set(err, ERROR_USAGE, "a password in a URL is seen by others");
    return error_hint(err, "put it into ~/.pgpass");
  }
  int len = snprintf(p->state, sizeof p->state, "%s", url);
  return len < (int)sizeof p->state ? 0 : error_set(err, ERROR_USAGE, "the URL is too long");
}

static int settle_state(struct project *p, const char *url, struct error *err) {
  bool is_postgres = strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0;
  if (is_postgres) return settle_postgres(p, url, err);
  if (strncmp(url, "sqlite:", 7) != 0 || url[7] == '\0') {
    (void)error_set(err, ERROR_USAGE, "\"%.*s\" is neither sqlite:FILE nor postgresql://…",
                    SLICE_ARG(slice_of(url)));
    return error_hint(err, "--state " STATE_DEFAULT);
  }
  char path[PATH_SIZE];
  bool is_memory = strcmp(url + 7, ":memory:") == 0;
  if (path_join(path, is_memory ? "" : p->folder, url + 7))
    return error_set(err, ERROR_USAGE, "the path is too long");
  (void)snprintf(p->state, sizeof p->state, "sqlite:%s", path);
  return 0;
}

int project_settle(struct project *p, const struct cli *cli, struct config *config,
                   struct slice lua_source, struct error *err) {
  static const struct setting base_url = {"base-url", "HOKO_BASE_URL", "base_url",
                                          BASE_URL_DEFAULT};
  static const struct setting state = {"state", "HOKO_STATE", "state", STATE_DEFAULT};
  static const struct setting key = {"key", NULL, "key", KEY_DEFAULT};
  p->config = config ? config : config_default();
  if (!p->config) return error_set(err, ERROR_MEMORY, "no memory for the project");

  struct said said = find_said(cli, &base_url, p->config->base_url, lua_source);
  if (settle_base_url(p, said.text, err)) return blame(&said, &base_url, err);
  said = find_said(cli, &state, p->config->state, lua_source);
  if (settle_state(p, said.text, err)) return blame(&said, &state, err);
  p->key = find_said(cli, &key, p->config->key, lua_source).text;
  return job_rules_check(p->config, command_env(cli, "TZDIR"), clock_wall_ms(cli->clock), err);
}
