/* unlock.h - where the passphrase comes from.
 *
 * In this order: --passphrase-fd, HOKO_PASSPHRASE_FILE, the systemd credential
 * "hoko-passphrase", what `hoko key unlock` left in the kernel's keyring, the
 * terminal.  A way that was chosen by the user and fails ends the search: nothing
 * falls through from a wrong passphrase to another way, but for the keyring, whose
 * key goes stale by `hoko key passwd` and is then passed over. */
#ifndef HOKO_KEYS_UNLOCK_H
#define HOKO_KEYS_UNLOCK_H

#include "keys/keystore.h"

struct unlock {
  int passphrase_fd;   /* -1: not given */
  const char *purpose; /* behind "to", for the prompt: "sync with https://hoko.to" */
};

/* ERROR_AUTH within a second, naming the ways, when there is none. */
MUST_USE int unlock_keystore(struct keystore *ks, const struct unlock *how, struct error *err);
/* keystore_path(), keystore_open() and unlock_keystore(). */
struct keystore *unlock_open(const struct unlock *how, struct error *err);
/* The passphrase for a keystore that is to be made at PATH: the same ways without the
 * keyring; the terminal asks twice. */
struct secret *unlock_new_passphrase(const char *path, const struct unlock *how, struct error *err);

/* Keeps the unlocked keystore's derived key in the user's kernel keyring for FOR_MS. */
MUST_USE int unlock_keep(const struct keystore *ks, int64_t for_ms, struct error *err);
/* Whether there is a keyring to keep it in, and whether one is kept there for KS, which need
 * not be unlocked. */
bool unlock_can_keep(void);
bool unlock_is_kept(const struct keystore *ks);
/* Forgets it; false: nothing was kept.  The keystore need not be unlocked. */
bool unlock_forget(const struct keystore *ks);

#endif
