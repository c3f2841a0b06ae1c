/* seal.h - the keystore's cryptography: libsodium's own constructions, put together as
 * format.h says and nowhere else.
 *
 * The *master key* is 32 bytes from the passphrase; each use has a subkey of its own,
 * which is on the stack for that use only and wiped. */
#ifndef HOKO_KEYS_SEAL_H
#define HOKO_KEYS_SEAL_H

#include "keys/format.h"

enum { SEAL_MASTER_SIZE = 32 };

/* The passes and memory of KDF into HEAD. */
void seal_set_kdf(struct format_head *head, enum keystore_kdf kdf);
/* The master key that HEAD's parameters, which must be within format.h's limits, make of
 * PASSPHRASE.  NULL: ERROR_MEMORY. */
struct secret *seal_derive(const struct secret *passphrase, const struct format_head *head,
                           struct error *err);

void seal_check(const struct secret *master, struct slice head, uint8_t to[FORMAT_CHECK_SIZE]);
void seal_authenticate(const struct secret *master, struct slice bytes,
                       uint8_t to[FORMAT_AUTHENTICATOR_SIZE]);
void seal_digest(struct slice bytes, uint8_t to[FORMAT_DIGEST_SIZE]);
/* Whether COMPUTED is what STORED holds, of equal length; in constant time. */
bool seal_equal(const uint8_t *computed, struct slice stored);

/* Appends nonce and sealed KEY to B, with ASSOCIATED as what is bound to it. */
void seal_put(struct buf *b, const struct secret *master, struct slice associated,
              const struct secret *key);
/* The key again; NULL: ERROR_AUTH, something of it is not as it was sealed. */
struct secret *seal_open(const struct secret *master, struct slice associated, struct slice nonce,
                         struct slice sealed, struct error *err);

#endif
