/* Each change: lock, read again, plan, seal, check what was sealed, write, take it over.
 * Nothing but the last write touches the file, and keystore_take() comes after it. */
#include "keys/keystore_inside.h"

#include "base/random.h"
#include "keys/seal.h"

#include <stdlib.h>

/* Puts what is asked into PLAN. */
typedef int change_edit(struct vault_plan *plan, const void *asked, struct error *err);

/* The content that PLAN says, read back as a reader would before it replaces anything. */
static struct vault *seal_plan(struct vault_plan *plan, struct error *err) {
  struct buf bytes = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  if (vault_put(&bytes, plan, err) != 0) {
    buf_free(&bytes);
    return NULL;
  }
  struct vault *v = vault_take(&bytes, err);
  if (v && vault_fits(v, plan->master) && vault_authenticate(v, plan->master, err) == 0) return v;
  if (v) error_set(err, ERROR_INTERNAL, "the new keystore does not read back");
  vault_free(v);
  return NULL;
}

/* Writes V to its place and remembers which file that made. */
static int write_vault(const struct keystore *ks, struct vault *v, struct error *err) {
  if (keyfile_write(ks->path, buf_slice(&v->bytes), err) != 0) return -1;
  v->stamp = keyfile_stamp_of(ks->path);
  return 0;
}

/* Notes of keys that are no more would fill the file; a renamed key keeps its own. */
static void update_notes(struct keystore *ks, const char *from, const char *to) {
  int64_t at_ms = from ? used_at(&ks->notes, from) : 0;
  if (at_ms > 0) used_set(&ks->notes, to, at_ms);
  size_t kept = 0;
  for (size_t i = 0; i < ks->notes.len; i++) {
    struct used_entry *e = &ks->notes.entry[i];
    if (keystore_find(ks, e->name, NULL)) ks->notes.entry[kept++] = *e;
  }
  ks->notes.len = kept;
  ks->notes.generation = ks->vault->file.head.generation;
  used_write(&ks->notes, ks->path);
}

/* NOW is the file as read under the lock. */
static int change_locked(struct keystore *ks, struct vault_plan *plan, const struct vault *now,
                         change_edit *edit, const void *asked, struct error *err) {
  vault_plan_from(plan, now, ks->master);
  if (edit(plan, asked, err) != 0) return -1;
  struct vault *next = seal_plan(plan, err);
  if (!next) return -1;
  if (write_vault(ks, next, err) == 0) {
    keystore_take(ks, next, NULL);
    return 0;
  }
  vault_free(next);
  return -1;
}

static int change(struct keystore *ks, change_edit *edit, const void *asked, struct error *err) {
  int lock = keyfile_lock(ks->path, err);
  if (lock < 0) return -1;
  struct vault_plan *plan = malloc(sizeof *plan);
  struct vault *now = plan ? keystore_read_again(ks, err) : NULL;
  int rc = -1;
  if (!plan) error_set(err, ERROR_MEMORY, "no memory for changing the keystore");
  if (now) rc = change_locked(ks, plan, now, edit, asked, err);
  vault_free(now);
  free(plan);
  keyfile_unlock(lock);
  return rc;
}

/* The row of NAME, or NULL with *err set. */
static struct vault_row *row_of(struct vault_plan *plan, const char *name, struct error *err) {
  size_t i = keystore_index(&plan->old->file, name);
  if (i < plan->len) return &plan->row[i];
  keystore_no_such_key(&plan->old->file, name, err);
  return NULL;
}

static int check_free(const struct vault_plan *plan, const char *name, struct error *err) {
  if (keystore_check_name(name, err) != 0) return -1;
  if (keystore_index(&plan->old->file, name) == plan->len) return 0;
  error_set(err, ERROR_USAGE, "there is a key \"%s\" in the keystore already", name);
  return error_hint(err, "hoko key rotate %s puts a new key of the same server in its place", name);
}

struct asked_add {
  const struct keystore_entry *entry;
  const struct secret *key;
};

static int edit_add(struct vault_plan *plan, const void *asked, struct error *err) {
  const struct asked_add *add = asked;
  if (check_free(plan, add->entry->name, err) != 0) return -1;
  if (secret_origin(add->key)[0] == '\0')
    return error_set(err, ERROR_INTERNAL, "a key without an origin");
  if (plan->len == KEYSTORE_ENTRIES_MAX)
    return error_set(err, ERROR_STATE, "the keystore holds %d keys, as many as it can",
                     KEYSTORE_ENTRIES_MAX);
  plan->row[plan->len++] =
      (struct vault_row){.entry = {.added_s = add->entry->added_ms / 1000,
                                   .expires_s = add->entry->expires_ms / 1000,
                                   .name = slice_of(add->entry->name),
                                   .origin = slice_of(secret_origin(add->key)),
                                   .header = slice_of(secret_template(add->key)),
                                   .key_len = secret_len(add->key)},
                         .key = add->key};
  return 0;
}

int keystore_add(struct keystore *ks, const struct keystore_entry *entry, const struct secret *key,
                 struct error *err) {
  const struct asked_add add = {.entry = entry, .key = key};
  if (change(ks, edit_add, &add, err) != 0) return -1;
  update_notes(ks, NULL, NULL);
  return 0;
}

struct asked_replace {
  const char *name;
  const struct secret *key;
  int64_t added_ms, expires_ms;
};

static int edit_replace(struct vault_plan *plan, const void *asked, struct error *err) {
  const struct asked_replace *replace = asked;
  struct vault_row *row = row_of(plan, replace->name, err);
  if (!row) return -1;
  if (!slice_is(row->entry.origin, secret_origin(replace->key)))
    return error_set(err, ERROR_USAGE, "the key \"%s\" is for %.*s, the new one is for %s",
                     replace->name, SLICE_ARG(row->entry.origin), secret_origin(replace->key));
  row->key = replace->key;
  row->entry.key_len = secret_len(replace->key);
  row->entry.added_s = replace->added_ms / 1000;
  row->entry.expires_s = replace->expires_ms / 1000;
  return 0;
}

int keystore_replace(struct keystore *ks, const char *name, const struct secret *key,
                     int64_t added_ms, int64_t expires_ms, struct error *err) {
  const struct asked_replace replace = {name, key, added_ms, expires_ms};
  if (change(ks, edit_replace, &replace, err) != 0) return -1;
  update_notes(ks, NULL, NULL);
  return 0;
}

struct asked_rename {
  const char *from, *to;
};

static int edit_rename(struct vault_plan *plan, const void *asked, struct error *err) {
  const struct asked_rename *rename = asked;
  struct vault_row *row = row_of(plan, rename->from, err);
  if (!row || check_free(plan, rename->to, err) != 0) return -1;
  row->entry.name = slice_of(rename->to);
  return 0;
}

int keystore_rename(struct keystore *ks, const char *from, const char *to, struct error *err) {
  const struct asked_rename rename = {from, to};
  if (change(ks, edit_rename, &rename, err) != 0) return -1;
  update_notes(ks, from, to);
  return 0;
}

static int edit_remove(struct vault_plan *plan, const void *asked, struct error *err) {
  struct vault_row *row = row_of(plan, asked, err);
  if (!row) return -1;
  size_t behind = (size_t)(plan->row + plan->len - row) - 1;
  memmove(row, row + 1, behind * sizeof *row);
  plan->len--;
  return 0;
}

int keystore_remove(struct keystore *ks, const char *name, struct error *err) {
  if (change(ks, edit_remove, name, err) != 0) return -1;
  update_notes(ks, NULL, NULL);
  return 0;
}

struct asked_passwd {
  const struct format_head *head;
  const struct secret *master;
};

static int edit_passwd(struct vault_plan *plan, const void *asked, struct error *err) {
  const struct asked_passwd *passwd = asked;
  (void)err;
  plan->master = passwd->master;
  plan->head.passes = passwd->head->passes;
  plan->head.memory_kib = passwd->head->memory_kib;
  memcpy(plan->head.salt, passwd->head->salt, sizeof plan->head.salt);
  return 0;
}

int keystore_passwd(struct keystore *ks, const struct secret *passphrase, enum keystore_kdf kdf,
                    struct error *err) {
  struct format_head head = {.generation = 1};
  seal_set_kdf(&head, kdf);
  random_bytes(head.salt, sizeof head.salt);
  struct secret *master = seal_derive(passphrase, &head, err);
  if (!master) return -1;
  const struct asked_passwd passwd = {.head = &head, .master = master};
  if (change(ks, edit_passwd, &passwd, err) != 0) {
    secret_free(master);
    return -1;
  }
  keystore_take(ks, NULL, master);
  update_notes(ks, NULL, NULL);
  return 0;
}

/* The first content, under the lock. */
static int create_locked(struct keystore *ks, const struct format_head *head, struct error *err) {
  if (keystore_exists(ks->path)) {
    error_set(err, ERROR_AUTH, "there is something at %s already", ks->path);
    return error_hint(err, "hoko key list");
  }
  struct vault_plan *plan = calloc(1, sizeof *plan);
  if (!plan) return error_set(err, ERROR_MEMORY, "no memory for a keystore");
  plan->head = *head;
  plan->master = ks->master;
  ks->vault = seal_plan(plan, err);
  free(plan);
  return ks->vault ? write_vault(ks, ks->vault, err) : -1;
}

struct keystore *keystore_create(const char *path, const struct secret *passphrase,
                                 enum keystore_kdf kdf, struct error *err) {
  struct format_head head = {.generation = 1};
  struct keystore *ks = keystore_new(path, err);
  if (!ks) return NULL;
  seal_set_kdf(&head, kdf);
  random_bytes(head.salt, sizeof head.salt);
  random_bytes(head.id, sizeof head.id);
  int lock = -1;
  if (keyfile_make_folder(path, err) == 0 && (ks->master = seal_derive(passphrase, &head, err)))
    lock = keyfile_lock(path, err);
  int rc = lock < 0 ? -1 : create_locked(ks, &head, err);
  if (lock >= 0) keyfile_unlock(lock);
  if (rc == 0) {
    keystore_id(ks, ks->notes.id); /* which are empty yet */
    update_notes(ks, NULL, NULL);
    return ks;
  }
  keystore_free(ks);
  return NULL;
}
