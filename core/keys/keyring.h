/* keyring.h - the kernel's keyring of the user: bytes that outlive a process, not the
 * login's end nor their time.  Every process of this user can read them. */
#ifndef HOKO_KEYS_KEYRING_H
#define HOKO_KEYS_KEYRING_H

#include "keys/secret.h"

#include <stdint.h>

MUST_USE int keyring_keep(const char *name, const struct secret *bytes, int64_t for_ms,
                          struct error *err);
/* NULL: nothing is kept under NAME, its time is over, or there is no keyring here. */
struct secret *keyring_find(const char *name);
/* Whether this process has one: containers often forbid it. */
bool keyring_is_there(void);
/* false: there was nothing. */
bool keyring_forget(const char *name);

#endif
