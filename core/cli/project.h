/* project.h - the folder that a command works in, and what is in force there.
 *
 * The folder is the nearest one with hoko.lua, from the script's folder upward;
 * without one it is the script's folder itself, so that cron and a shell find the
 * same state.  Nothing above the home folder is looked at, nor a folder above the
 * script's that everybody may write to: who can put a hoko.lua into /tmp would decide
 * where keys go.  -C names the folder and ends the search.
 *
 * Precedence: option, environment, hoko.lua, default. */
#ifndef HOKO_CLI_PROJECT_H
#define HOKO_CLI_PROJECT_H

#include "base/origin.h"
#include "base/path.h"
#include "cli/command.h"
#include "cli/config.h"

enum { PROJECT_URL_SIZE = 2048, PROJECT_STATE_SIZE = PATH_SIZE + 16 };

struct project {
  char folder[PATH_SIZE]; /* absolute, without symlinks */
  bool has_file;          /* it has a hoko.lua */
  bool is_readable;       /* false for "/" and the home folder: scripts may not read all of it */
  char script[PATH_SIZE]; /* absolute; "" for standard input and where there is none */

  struct config *config;           /* after project_settle() */
  char base_url[PROJECT_URL_SIZE]; /* without a slash at its end */
  char origin[ORIGIN_SIZE];        /* of base_url */
  char state[PROJECT_STATE_SIZE];  /* "sqlite:/absolute/path" or "postgresql://…" */
  const char *key;                 /* the keystore's entry; borrowed from argv or config */
};

/* Finds the folder.  SCRIPT as the user gave it; NULL or "-": the current folder is
 * meant.  With -C a script that is not found from the current folder is looked for
 * in the project.  -1: ERROR_USAGE, the script or folder does not exist. */
MUST_USE int project_find(struct project *p, const struct cli *cli, const char *script,
                          struct error *err);
/* The same for a script of hoko.lua's, which is a name in the project. */
MUST_USE int project_find_script(struct project *p, const char *script, struct error *err);
/* Decides what is in force.  CONFIG is taken, also after -1, and freed with P; NULL
 * where there is no hoko.lua.  LUA_SOURCE is hoko.lua's text, for places in messages.
 * -1: ERROR_USAGE, a URL that cannot be, or http:// to another machine. */
MUST_USE int project_settle(struct project *p, const struct cli *cli, struct config *config,
                            struct slice lua_source, struct error *err);
/* Reads hoko.lua, where there is one, through W, and settles.  W may run a script
 * afterwards; after -1 it is of no more use. */
struct worker;
MUST_USE int project_load(struct project *p, const struct cli *cli, struct worker *w,
                          struct error *err);
/* The same in two steps: what hoko.lua returns, as JSON, and its text; and what they say,
 * which takes no worker and, with JSON empty, no file. */
MUST_USE int project_read(const struct project *p, struct worker *w, struct buf *json,
                          struct buf *source, struct error *err);
MUST_USE int project_take(struct project *p, const struct cli *cli, struct slice json,
                          struct slice source, struct error *err);
/* All of it, with a worker of its own that is started only where there is a hoko.lua.
 * After -1 P is freed. */
MUST_USE int project_open(struct project *p, const struct cli *cli, const char *script,
                          struct error *err);
void project_free(struct project *p);

/* The script within the project, without ".lua": "scripts/partners", the default
 * stream.  NULL: no script, or it is outside. */
const char *project_script_name(const struct project *p, char to[PATH_SIZE]);

#endif
