/* keystore.h - named keys in one encrypted file.
 *
 * keystore_open() reads and checks what can be checked without the passphrase;
 * unlock_keystore() (unlock.h) opens it.  Names, origins, headers and times are
 * believed only after that, since only then they are authenticated.
 *
 * Each change is a transaction of its own: take the lock, read the file again,
 * change, write the new file whole, sync, rename, give the lock back.  So two
 * programs that change one keystore both succeed, and after any failure the old
 * file is whole.  After -1 the keystore is as it was before the call.
 *
 * Refusals of the file (damaged, readable by others, wrong passphrase, no such key)
 * are ERROR_AUTH; what keeps a change from being written is ERROR_STATE. */
#ifndef HOKO_KEYS_KEYSTORE_H
#define HOKO_KEYS_KEYSTORE_H

#include "base/path.h"
#include "keys/secret.h"

#include <stdint.h>

enum { KEYSTORE_NAME_SIZE = 65, KEYSTORE_ENTRIES_MAX = 256, KEYSTORE_ID_SIZE = 33 };

enum keystore_kdf { KEYSTORE_KDF_MODERATE, KEYSTORE_KDF_INTERACTIVE };

struct keystore_entry {
  char name[KEYSTORE_NAME_SIZE]; /* letters, digits, "." "_" "-" */
  char origin[ORIGIN_SIZE];
  char header[SECRET_HEADER_SIZE];
  int64_t added_ms;   /* when this key (not its name) came in; wall clock, whole seconds */
  int64_t expires_ms; /* as the user said; 0: not said */
  int64_t used_ms; /* about when it was last used, as keystore_note_used() kept it; 0: not known */
};

struct keystore;

/* HOKO_KEYSTORE, $XDG_CONFIG_HOME/hoko/keystore or ~/.config/hoko/keystore. */
MUST_USE int keystore_path(char path[PATH_SIZE], struct error *err);
/* Whether something stands at PATH, be it a keystore or not. */
bool keystore_exists(const char *path);

/* Makes an empty keystore at PATH, its folder too (0700), and gives it unlocked.
 * Takes the time of the KDF: a second.  An existing file is never replaced. */
struct keystore *keystore_create(const char *path, const struct secret *passphrase,
                                 enum keystore_kdf kdf, struct error *err);
struct keystore *keystore_open(const char *path, struct error *err);
void keystore_free(struct keystore *ks);

/* Takes the time and memory of the KDF, which are given back before it returns.
 * 1: the passphrase is wrong (*err says so); -1: anything else. */
MUST_USE int keystore_unlock(struct keystore *ks, const struct secret *passphrase,
                             struct error *err);
bool keystore_is_unlocked(const struct keystore *ks);
/* Reads the file again when it has changed, as a daemon does before a run, and stays
 * unlocked.  -1: the file is no longer good, or its passphrase changed; the keystore
 * keeps what it had. */
MUST_USE int keystore_refresh(struct keystore *ks, bool *is_changed, struct error *err);
const char *keystore_path_of(const struct keystore *ks);

/* What unlocks it without passphrase and KDF until the passphrase changes; for the kernel's
 * keyring only.  keystore_unlock_token(): 1: it does not fit, or no longer. */
struct secret *keystore_token(const struct keystore *ks, struct error *err);
MUST_USE int keystore_unlock_token(struct keystore *ks, const struct secret *token,
                                   struct error *err);
/* 32 hexadecimal digits, the same for life, known without unlocking. */
void keystore_id(const struct keystore *ks, char text[KEYSTORE_ID_SIZE]);

/* From here on: unlocked keystores only. */

/* Entries in the order in which they were added. */
size_t keystore_len(const struct keystore *ks);
struct keystore_entry keystore_entry(const struct keystore *ks, size_t i);
/* false: there is none of that name; NULL entry: only ask. */
bool keystore_find(const struct keystore *ks, const char *name, struct keystore_entry *entry);

/* The key of that name, bound; NULL: there is none (the hint has the nearest name). */
struct secret *keystore_key(const struct keystore *ks, const char *name, struct error *err);
/* Remembers, at most once a minute, that NAME was used; best effort, in the file
 * "PATH.used" beside the keystore, so that using a key does not write the keystore. */
void keystore_note_used(struct keystore *ks, const char *name, int64_t now_ms);

/* Of ENTRY the name, times and of KEY what it is bound to are kept; a name that is
 * there already is refused. */
MUST_USE int keystore_add(struct keystore *ks, const struct keystore_entry *entry,
                          const struct secret *key, struct error *err);
/* Puts KEY, bound to the entry's own origin and header, in the place of NAME's. */
MUST_USE int keystore_replace(struct keystore *ks, const char *name, const struct secret *key,
                              int64_t added_ms, int64_t expires_ms, struct error *err);
MUST_USE int keystore_rename(struct keystore *ks, const char *from, const char *to,
                             struct error *err);
MUST_USE int keystore_remove(struct keystore *ks, const char *name, struct error *err);
/* Seals everything anew under another passphrase, salt and KDF. */
MUST_USE int keystore_passwd(struct keystore *ks, const struct secret *passphrase,
                             enum keystore_kdf kdf, struct error *err);

/* -1: ERROR_USAGE; NAME cannot name a key. */
MUST_USE int keystore_check_name(const char *name, struct error *err);

#endif
