/* serve_wishes.h - hoko.lua as the daemon wants it, read anew whenever it changes. */
#ifndef HOKO_CLI_SERVE_WISHES_H
#define HOKO_CLI_SERVE_WISHES_H

#include "cli/job_rules.h"
#include "cli/project.h"
#include "schedule/daemon.h"

struct serve_wishes {
  struct project project;
  struct job_rules *rules; /* one a job */
  struct daemon_wishes wishes;
};

/* Reads the project around the current folder.  -1: *err, and nothing is left. */
MUST_USE int serve_wishes_read(struct serve_wishes *w, const struct cli *cli, struct zones *zones,
                               struct error *err);
void serve_wishes_free(struct serve_wishes *w);

#endif
