/* credential.h - the key that a command uses: HOKO_API_KEY, or the keystore's. */
#ifndef HOKO_CLI_CREDENTIAL_H
#define HOKO_CLI_CREDENTIAL_H

#include "cli/project.h"
#include "keys/keys.h"

/* The key for P's origin; the caller frees it.  PURPOSE goes into the passphrase
 * prompt.  -1: ERROR_AUTH, naming the ways to give one. */
MUST_USE int credential_find(struct cli *cli, const struct project *p, const char *purpose,
                             struct secret **key, struct error *err);

/* The same with the keystore, if that is where the key is, kept unlocked in *KEPT (NULL at
 * first; keystore_free() it) for further keys: a passphrase that came through a descriptor
 * comes once.  A keystore that was kept is read again when its file has changed. */
MUST_USE int credential_find_kept(struct cli *cli, const struct project *p, const char *purpose,
                                  struct keystore **kept, struct secret **key, struct error *err);
/* The entry NAME, for any origin.  HOKO_API_KEY does not stand in for it. */
MUST_USE int credential_named(struct cli *cli, const char *purpose, const char *name,
                              struct keystore **kept, struct secret **key, struct error *err);

#endif
