/* credential.h - the key that a command uses: HOKO_API_KEY, or the keystore's. */
#ifndef HOKO_CLI_CREDENTIAL_H
#define HOKO_CLI_CREDENTIAL_H

#include "cli/project.h"
#include "keys/keys.h"

/* The key for P's origin; the caller frees it.  PURPOSE goes into the passphrase
 * prompt.  -1: ERROR_AUTH, naming the ways to give one. */
MUST_USE int credential_find(struct cli *cli, const struct project *p, const char *purpose, struct secret **key,
                             struct error *err);

#endif
