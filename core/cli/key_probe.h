/* key_probe.h - whether a key works: one harmless read, sent once. */
#ifndef HOKO_CLI_KEY_PROBE_H
#define HOKO_CLI_KEY_PROBE_H

#include "cli/command.h"
#include "cli/project.h"
#include "keys/secret.h"

/* Reads one partner from the base URL in force.  0: Hoko answered as it does to a key that
 * may read.  -1: ERROR_AUTH (401, 403 with its missing scopes as received, or a key of
 * another origin, to which nothing was sent) or ERROR_UNREACHABLE. */
MUST_USE int key_probe(const struct cli *cli, const struct project *p, const struct secret *key,
                       struct error *err);

#endif
