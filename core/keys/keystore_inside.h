/* keystore_inside.h - what keystore.c (opening, looking) and keystore_change.c share. */
#ifndef HOKO_KEYS_KEYSTORE_INSIDE_H
#define HOKO_KEYS_KEYSTORE_INSIDE_H

#include "keys/keystore.h"
#include "keys/used.h"
#include "keys/vault.h"

struct keystore {
  char path[PATH_SIZE];
  struct vault *vault;
  struct secret *master; /* NULL while it is locked */
  struct used notes;     /* as they were before vault was read */
};

/* One with a path and nothing in it. */
struct keystore *keystore_new(const char *path, struct error *err);
/* The file as it is now: ours, whole, and not older than what we have. */
struct vault *keystore_read_again(struct keystore *ks, struct error *err);
/* Takes V and, unless NULL, MASTER in the place of what it has. */
void keystore_take(struct keystore *ks, struct vault *v, struct secret *master);
/* Index of NAME, or entries_len. */
size_t keystore_index(const struct format_file *file, const char *name);
/* "There is no such key", with the nearest name; -1. */
int keystore_no_such_key(const struct format_file *file, const char *name, struct error *err);

#endif
