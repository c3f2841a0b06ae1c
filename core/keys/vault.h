/* vault.h - the content of a keystore in memory: the file's bytes, checked, and the way
 * to a new content.  Keys in it stay sealed; one is opened only when asked for. */
#ifndef HOKO_KEYS_VAULT_H
#define HOKO_KEYS_VAULT_H

#include "keys/format.h"
#include "keys/keyfile.h"

struct vault {
  struct buf bytes;
  struct format_file file; /* points into bytes */
  struct keyfile_stamp stamp;
};

/* What PATH holds, checked as far as no passphrase is needed. */
struct vault *vault_read(const char *path, struct error *err);
/* Takes what BYTES holds (it is empty afterwards, whatever comes), checked likewise. */
struct vault *vault_take(struct buf *bytes, struct error *err);
void vault_free(struct vault *v);

/* Whether MASTER is its key. */
bool vault_fits(const struct vault *v, const struct secret *master);
/* Whether all of it is as it was written by who knew MASTER.  -1: ERROR_AUTH. */
MUST_USE int vault_authenticate(const struct vault *v, const struct secret *master,
                                struct error *err);
/* The key of entry I, bound. */
struct secret *vault_key(const struct vault *v, const struct secret *master, size_t i,
                         struct error *err);

/* An entry of a content to come: what vault_put() reads of ENTRY are texts and times. */
struct vault_row {
  struct format_entry entry;
  const struct secret *key; /* NULL: the key of entry FROM of the old content */
  size_t from;
};

struct vault_plan {
  const struct vault *old; /* NULL where no row needs it */
  const struct secret *old_master;
  struct format_head head; /* entries_len and entries_size are vault_put()'s */
  const struct secret *master;
  struct vault_row row[KEYSTORE_ENTRIES_MAX];
  size_t len;
};

/* The plan that changes nothing but the generation. */
void vault_plan_from(struct vault_plan *plan, const struct vault *v, const struct secret *master);
/* Appends the whole file that PLAN says. */
MUST_USE int vault_put(struct buf *b, struct vault_plan *plan, struct error *err);

#endif
