#include "keys/keystore_inside.h"

#include "base/nearest.h"
#include "keys/seal.h"

#include <sodium.h>

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NOTE_EVERY_MS = 60 * 1000, TOKEN_SIZE = FORMAT_SALT_SIZE + SEAL_MASTER_SIZE };

static int path_from(char path[PATH_SIZE], const char *folder, const char *name,
                     struct error *err) {
  if (path_join(path, folder, name) == 0) return 0;
  return error_set(err, ERROR_USAGE, "the keystore's path is too long");
}

int keystore_path(char path[PATH_SIZE], struct error *err) {
  const char *named = getenv("HOKO_KEYSTORE"), *config = getenv("XDG_CONFIG_HOME");
  const char *home = getenv("HOME");
  if (named && named[0] != '\0') {
    char here[PATH_SIZE];
    if (!getcwd(here, sizeof here))
      return error_errno(err, ERROR_USAGE, errno, "the current folder");
    return path_from(path, here, named, err);
  }
  if (config && config[0] == '/') return path_from(path, config, "hoko/keystore", err);
  if (home && home[0] == '/') return path_from(path, home, ".config/hoko/keystore", err);
  error_set(err, ERROR_AUTH, "no place for a keystore: neither HOME nor XDG_CONFIG_HOME is set");
  return error_hint(err, "set HOKO_KEYSTORE to the file, or HOKO_API_KEY to a key");
}

bool keystore_exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

int keystore_check_name(const char *name, struct error *err) {
  static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  size_t len = strlen(name);
  if (len > 0 && len < KEYSTORE_NAME_SIZE && name[strspn(name, good)] == '\0' && name[0] != '-' &&
      name[0] != '.')
    return 0;
  error_set(err, ERROR_USAGE, "\"%.80s\" cannot name a key", name);
  return error_hint(err,
                    "take 1 to %d letters, digits, \".\", \"_\" or \"-\", a letter or digit first",
                    KEYSTORE_NAME_SIZE - 1);
}

struct keystore *keystore_new(const char *path, struct error *err) {
  struct keystore *ks = NULL;
  if (sodium_init() < 0)
    error_set(err, ERROR_INTERNAL, "libsodium does not start");
  else if (strlen(path) >= PATH_SIZE)
    error_set(err, ERROR_USAGE, "the keystore's path is too long");
  else if (!(ks = calloc(1, sizeof *ks)))
    error_set(err, ERROR_MEMORY, "no memory for the keystore");
  if (ks) memcpy(ks->path, path, strlen(path) + 1);
  return ks;
}

void keystore_free(struct keystore *ks) {
  if (!ks) return;
  vault_free(ks->vault);
  secret_free(ks->master);
  free(ks);
}

struct keystore *keystore_open(const char *path, struct error *err) {
  struct keystore *ks = keystore_new(path, err);
  if (!ks) return NULL;
  used_read(&ks->notes, path);
  if ((ks->vault = vault_read(path, err))) return ks;
  keystore_free(ks);
  return NULL;
}

static void id_text(const struct vault *v, char text[KEYSTORE_ID_SIZE]) {
  (void)sodium_bin2hex(text, KEYSTORE_ID_SIZE, v->file.head.id, sizeof v->file.head.id);
}

void keystore_id(const struct keystore *ks, char text[KEYSTORE_ID_SIZE]) {
  id_text(ks->vault, text);
}

const char *keystore_path_of(const struct keystore *ks) { return ks->path; }
bool keystore_is_unlocked(const struct keystore *ks) { return ks->master != NULL; }

static int older_copy(const struct keystore *ks, uint64_t has, uint64_t seen, struct error *err) {
  error_set(err, ERROR_AUTH,
            "%s is an older copy: it is change %llu, and change %llu was seen here", ks->path,
            (unsigned long long)has, (unsigned long long)seen);
  return error_hint(err, "if you put it back on purpose, remove %.400s.used", ks->path);
}

/* The newest notes, those of others too. */
static void read_notes(struct keystore *ks, const struct vault *v) {
  char id[KEYSTORE_ID_SIZE];
  id_text(v, id);
  used_read(&ks->notes, ks->path);
  used_claim(&ks->notes, id);
}

/* V, which MASTER fits, must be whole and not older than what was seen before V was read. */
static int accept(struct keystore *ks, const struct vault *v, const struct secret *master,
                  struct error *err) {
  char id[KEYSTORE_ID_SIZE];
  uint64_t generation = v->file.head.generation;
  if (vault_authenticate(v, master, err) != 0) return error_context(err, "%s", ks->path);
  id_text(v, id);
  used_claim(&ks->notes, id);
  if (generation < ks->notes.generation)
    return older_copy(ks, generation, ks->notes.generation, err);
  read_notes(ks, v);
  if (generation <= ks->notes.generation) return 0;
  ks->notes.generation = generation;
  used_write(&ks->notes, ks->path);
  return 0;
}

void keystore_take(struct keystore *ks, struct vault *v, struct secret *master) {
  if (v) {
    vault_free(ks->vault);
    ks->vault = v;
  }
  if (master) {
    secret_free(ks->master);
    ks->master = master;
  }
}

/* Takes MASTER. */
static int unlock_with(struct keystore *ks, struct secret *master, struct error *err) {
  if (accept(ks, ks->vault, master, err) != 0) {
    secret_free(master);
    return -1;
  }
  keystore_take(ks, NULL, master);
  return 0;
}

int keystore_unlock(struct keystore *ks, const struct secret *passphrase, struct error *err) {
  struct secret *master = seal_derive(passphrase, &ks->vault->file.head, err);
  if (!master) return -1;
  if (vault_fits(ks->vault, master)) return unlock_with(ks, master, err);
  secret_free(master);
  error_set(err, ERROR_AUTH, "wrong passphrase for the keystore %s", ks->path);
  return 1;
}

struct secret *keystore_token(const struct keystore *ks, struct error *err) {
  struct secret *token = secret_new(TOKEN_SIZE, err);
  if (!token) return NULL;
  memcpy(secret_room(token), ks->vault->file.head.salt, FORMAT_SALT_SIZE);
  memcpy(secret_room(token) + FORMAT_SALT_SIZE, secret_open(ks->master).ptr, SEAL_MASTER_SIZE);
  secret_close(ks->master);
  secret_filled(token, TOKEN_SIZE);
  return token;
}

int keystore_unlock_token(struct keystore *ks, const struct secret *token, struct error *err) {
  error_set(err, ERROR_AUTH, "what was kept of %s no longer unlocks it", ks->path);
  if (secret_len(token) != TOKEN_SIZE) return 1;
  struct slice bytes = secret_open(token);
  bool is_of_salt = memcmp(bytes.ptr, ks->vault->file.head.salt, FORMAT_SALT_SIZE) == 0;
  struct secret *master =
      secret_of((struct slice){bytes.ptr + FORMAT_SALT_SIZE, SEAL_MASTER_SIZE}, err);
  secret_close(token);
  if (!master) return -1;
  if (is_of_salt && vault_fits(ks->vault, master)) return unlock_with(ks, master, err);
  secret_free(master);
  return 1;
}

struct vault *keystore_read_again(struct keystore *ks, struct error *err) {
  used_read(&ks->notes, ks->path);
  struct vault *now = vault_read(ks->path, err);
  if (!now) return NULL;
  if (!vault_fits(now, ks->master)) {
    error_set(err, ERROR_AUTH, "the passphrase of %s was changed meanwhile", ks->path);
    error_hint(err, "start again with the new passphrase");
  } else if (now->file.head.generation < ks->vault->file.head.generation) {
    older_copy(ks, now->file.head.generation, ks->vault->file.head.generation, err);
  } else if (accept(ks, now, ks->master, err) == 0) {
    return now;
  }
  vault_free(now);
  return NULL;
}

int keystore_refresh(struct keystore *ks, bool *is_changed, struct error *err) {
  *is_changed = !keyfile_is_same(ks->path, &ks->vault->stamp);
  if (!*is_changed) return 0;
  struct vault *now = keystore_read_again(ks, err);
  if (!now) return -1;
  keystore_take(ks, now, NULL);
  return 0;
}

size_t keystore_len(const struct keystore *ks) {
  assert(ks->master);
  return ks->vault->file.head.entries_len;
}

static void copy_slice(char *to, struct slice s) {
  memcpy(to, s.ptr, s.len); /* lengths were checked by format.c */
  to[s.len] = '\0';
}

struct keystore_entry keystore_entry(const struct keystore *ks, size_t i) {
  assert(i < keystore_len(ks));
  const struct format_entry *e = &ks->vault->file.entry[i];
  struct keystore_entry entry = {.added_ms = e->added_s * 1000, .expires_ms = e->expires_s * 1000};
  copy_slice(entry.name, e->name);
  copy_slice(entry.origin, e->origin);
  copy_slice(entry.header, e->header);
  entry.used_ms = used_at(&ks->notes, entry.name);
  return entry;
}

size_t keystore_index(const struct format_file *file, const char *name) {
  size_t i = 0;
  while (i < file->head.entries_len && !slice_is(file->entry[i].name, name)) i++;
  return i;
}

bool keystore_find(const struct keystore *ks, const char *name, struct keystore_entry *entry) {
  size_t i = keystore_index(&ks->vault->file, name);
  if (i == keystore_len(ks)) return false;
  if (entry) *entry = keystore_entry(ks, i);
  return true;
}

int keystore_no_such_key(const struct format_file *file, const char *name, struct error *err) {
  char text[KEYSTORE_ENTRIES_MAX][KEYSTORE_NAME_SIZE];
  const char *names[KEYSTORE_ENTRIES_MAX];
  for (size_t i = 0; i < file->head.entries_len; i++) {
    copy_slice(text[i], file->entry[i].name);
    names[i] = text[i];
  }
  const char *near = nearest_name(slice_of(name), names, file->head.entries_len);
  error_set(err, ERROR_AUTH, "there is no key \"%.80s\" in the keystore", name);
  if (near) return error_hint(err, "did you mean \"%s\"? hoko key list shows all", near);
  return error_hint(err, "hoko key add %.80s", name);
}

struct secret *keystore_key(const struct keystore *ks, const char *name, struct error *err) {
  size_t i = keystore_index(&ks->vault->file, name);
  if (i < keystore_len(ks)) return vault_key(ks->vault, ks->master, i, err);
  keystore_no_such_key(&ks->vault->file, name, err);
  return NULL;
}

void keystore_note_used(struct keystore *ks, const char *name, int64_t now_ms) {
  uint64_t generation = ks->vault->file.head.generation;
  read_notes(ks, ks->vault);
  int64_t last_ms = used_at(&ks->notes, name);
  if (now_ms >= last_ms && now_ms - last_ms < NOTE_EVERY_MS) return;
  used_set(&ks->notes, name, now_ms);
  if (ks->notes.generation < generation) ks->notes.generation = generation;
  used_write(&ks->notes, ks->path);
}
