/* keys.h - the room's face: keys that no script can reach.
 *
 * Keys live in one encrypted file (keystore.h) or in HOKO_API_KEY, are unlocked by a
 * passphrase or by what the user's session keeps (unlock.h), and are in memory only
 * as struct secret (secret.h), tied to the origin that they may go to.  What is
 * defended by that, and what is not, is told in THREATS.md.
 *
 * All of it belongs to the host's main thread.  A function that gives a pointer
 * gives its ownership, to be ended by the _free of its type. */
#ifndef HOKO_KEYS_KEYS_H
#define HOKO_KEYS_KEYS_H

#include "keys/digest.h"
#include "keys/keystore.h"
#include "keys/prompt.h"
#include "keys/secret.h"
#include "keys/unlock.h"

/* Of libsodium. */
const char *keys_version(void);

#endif
