/* opened_state.h - the state that is in force where a command is given. */
#ifndef HOKO_CLI_OPENED_STATE_H
#define HOKO_CLI_OPENED_STATE_H

#include "cli/project.h"
#include "state/state.h"

struct opened_state {
  struct project project;
  struct state *state;
};

/* Opens the project around the current folder and its state; a reader makes nothing,
 * and sees an empty state where there is none.  After -1 O is closed. */
MUST_USE int opened_state_begin(struct opened_state *o, const struct cli *cli, bool is_reader,
                                struct error *err);
void opened_state_end(struct opened_state *o);

/* Does DO_IT with the state, prints its failure; returns the exit code. */
int opened_state_run(struct cli *cli, bool is_reader,
                     int (*do_it)(struct cli *cli, struct opened_state *o, struct error *err));

/* The --base-url that was given, else the empty slice: any. */
struct slice opened_state_url(const struct opened_state *o, const struct cli *cli);

#endif
