/* permits.h - what a script may do besides: the --allow options, and what hoko.lua allows
 * the jobs that run this script. */
#ifndef HOKO_CLI_PERMITS_H
#define HOKO_CLI_PERMITS_H

#include "cli/project.h"
#include "host/host.h"

enum { PERMITS_MAX = 64 }; /* words of a kind */

struct permit_list {
  const char *at[PERMITS_MAX + 1];
  size_t len;
};

struct permits {
  struct permit_list read, write, net, env, run;
  bool is_run_any;
  char *copies[5 * PERMITS_MAX];
  size_t copies_len;
};

/* SCRIPT is named from the project's folder; a path of the command line begins where hoko
 * was started, one of hoko.lua in the project.  -1: more than PERMITS_MAX words, or no
 * memory; permits_free() *p all the same, zero before. */
MUST_USE int permits_take(struct permits *p, const struct cli *cli, const struct project *project,
                          const char *script, struct error *err);
/* Valid as long as *p. */
struct allowed permits_allowed(const struct permits *p);
void permits_free(struct permits *p);

#endif
