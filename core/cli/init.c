/* A new project: the files of core/cli/init, none of them over one that is there, and the
 * annotations of the API, which follow the version of hoko and so are renewed. */
#include "cli/command.h"

#include "base/embed.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

extern const struct embed init_files[];
extern const struct embed init_meta[]; /* what editors know of the API */

struct template {
  const char *name; /* in init_files */
  const char *path; /* in the project */
};

static const struct template templates[] = {
    {"hoko.lua", "hoko.lua"},
    {"partners.lua", "scripts/partners.lua"},
    {"partners_test.lua", "scripts/partners_test.lua"},
    {"partners.csv", "data/partners.csv"},
    {"gitignore", ".gitignore"},
    {"luarc.json", ".luarc.json"},
};

/* O_EXCL, so that a file that appears at this moment is not lost either. */
static int write_new(const char *path, struct slice content, bool *is_kept, struct error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  *is_kept = fd < 0 && errno == EEXIST;
  if (*is_kept) return 0;
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "%s", path);
  int outcome = file_write_all(fd, content, path, err);
  if (close(fd) && outcome == 0) outcome = error_errno(err, ERROR_STATE, errno, "%s", path);
  if (outcome) (void)unlink(path); /* half a file would be kept the next time */
  return outcome;
}

static int make(struct cli *cli, const char *folder, const struct template *t, struct error *err) {
  char path[PATH_SIZE], above[PATH_SIZE];
  bool is_kept;
  if (path_join(path, folder, t->path) || path_dir(above, path))
    return error_set(err, ERROR_USAGE, "%s: too long a path", folder);
  if (file_make_dirs(above, 0755, err)) return -1;
  if (write_new(path, embed_find(init_files, t->name), &is_kept, err)) return -1;
  term_printf(cli->term, is_kept ? "kept     %s, which is there already\n" : "created  %s\n", path);
  return 0;
}

/* Behind make(), so that only .hoko is made here: it holds the state, and is for the owner. */
static int renew_meta(struct cli *cli, const char *folder, struct error *err) {
  char path[PATH_SIZE], above[PATH_SIZE];
  if (path_join(path, folder, ".hoko/meta/hoko.lua") || path_dir(above, path))
    return error_set(err, ERROR_USAGE, "%s: too long a path", folder);
  if (file_make_dirs(above, 0700, err)) return -1;
  if (file_replace(path, embed_find(init_meta, "hoko.lua"), 0644, err)) return -1;
  term_printf(cli->term, "written  %s, which editors complete from\n", path);
  return 0;
}

static int run(struct cli *cli) {
  const char *named = options_text(&cli->options, "project");
  const char *folder = cli->args_len > 0 ? cli->args[0] : named ? named : ".";
  struct error err;
  for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++)
    if (make(cli, folder, &templates[i], &err)) return command_fail(cli, &err);
  if (renew_meta(cli, folder, &err)) return command_fail(cli, &err);
  const char *change = strcmp(folder, ".") == 0 ? "" : "cd ";
  term_note(cli->term, "next: %s%s%shoko run --dry-run scripts/partners.lua", change,
            change[0] ? folder : "", change[0] ? " && " : "");
  return EXIT_OK;
}

const struct command command_init = {
    .name = "init",
    .summary = "a new project: hoko.lua, a script, its data and its test",
    .usage = "[DIR]",
    .run = run,
    .args_max = 1,
    .args_complete = COMPLETES_FOLDER,
};
