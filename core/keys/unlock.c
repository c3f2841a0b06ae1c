#include "keys/unlock.h"

#include "keys/keyfile.h"
#include "keys/keyring.h"
#include "keys/prompt.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRIES = 3, PROMPT_SIZE = PATH_SIZE + 256, KEYRING_NAME_SIZE = KEYSTORE_ID_SIZE + 16 };

/* The descriptor of --passphrase-fd.  A command that hoko starts later must not find it open:
 * that of a file could be wound back. */
static struct secret *read_descriptor(int fd, struct error *err) {
  char name[32];
  (void)snprintf(name, sizeof name, "descriptor %d", fd);
  if (fd > STDERR_FILENO)
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* a bad one is told by reading it */
  return prompt_read_fd(fd, name, err);
}

static struct secret *read_path(const char *path, bool is_systems, struct error *err) {
  int fd = keyfile_open_private(path, is_systems, err);
  if (fd < 0) return NULL;
  struct secret *passphrase = prompt_read_fd(fd, path, err);
  close(fd);
  return passphrase;
}

/* false: the service manager gives this process no passphrase. */
static bool credential_path(char path[PATH_SIZE]) {
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  return folder && folder[0] == '/' && path_join(path, folder, "hoko-passphrase") == 0 &&
         access(path, F_OK) == 0;
}

/* The passphrase by the first way that was chosen for this process; *way is its name, NULL
 * when none was. */
static struct secret *chosen_passphrase(const struct unlock *how, const char **way,
                                        struct error *err) {
  char text[PATH_SIZE];
  const char *file = getenv("HOKO_PASSPHRASE_FILE");
  if (how->passphrase_fd >= 0) {
    *way = "--passphrase-fd";
    return read_descriptor(how->passphrase_fd, err);
  }
  if (file && file[0] != '\0') {
    *way = "HOKO_PASSPHRASE_FILE";
    return read_path(file, false, err);
  }
  if (credential_path(text)) {
    *way = "the systemd credential hoko-passphrase";
    return read_path(text, true, err);
  }
  *way = NULL;
  return NULL;
}

static int unlock_chosen(struct keystore *ks, const struct secret *passphrase, const char *way,
                         struct error *err) {
  int rc = passphrase ? keystore_unlock(ks, passphrase, err) : -1;
  return rc == 0 ? 0 : error_context(err, "%s", way);
}

static void keyring_name(const struct keystore *ks, char name[KEYRING_NAME_SIZE]) {
  char id[KEYSTORE_ID_SIZE];
  keystore_id(ks, id);
  (void)snprintf(name, KEYRING_NAME_SIZE, "hoko:%s", id);
}

/* 1: nothing is kept, or it no longer fits. */
static int unlock_kept(struct keystore *ks, struct error *err) {
  char name[KEYRING_NAME_SIZE];
  keyring_name(ks, name);
  struct secret *token = keyring_find(name);
  int rc = token ? keystore_unlock_token(ks, token, err) : 1;
  secret_free(token);
  return rc;
}

static int unlock_asking(struct keystore *ks, const struct unlock *how, struct error *err) {
  char prompt[PROMPT_SIZE];
  (void)snprintf(prompt, sizeof prompt,
                 "Passphrase of the keystore %s, to %s: ", keystore_path_of(ks), how->purpose);
  for (int left = TRIES - 1; left >= 0; left--) {
    struct secret *passphrase = prompt_secret(prompt, err);
    int rc = passphrase ? keystore_unlock(ks, passphrase, err) : -1;
    secret_free(passphrase);
    if (rc <= 0) return rc;
    if (left > 0) prompt_tell(left > 1 ? "Wrong; two tries are left." : "Wrong; one try is left.");
  }
  return -1;
}

static int no_way(const char *path, const char *lacks, struct error *err) {
  error_set(err, ERROR_AUTH, "%s: %s, and there is no terminal to ask on", path, lacks);
  return error_hint(err,
                    "give its passphrase by --passphrase-fd N, HOKO_PASSPHRASE_FILE=FILE or the "
                    "systemd credential hoko-passphrase, or run hoko key unlock --for 8h in a "
                    "terminal before; HOKO_API_KEY stands in for a key");
}

int unlock_keystore(struct keystore *ks, const struct unlock *how, struct error *err) {
  const char *way;
  struct secret *passphrase = chosen_passphrase(how, &way, err);
  if (way) {
    int rc = unlock_chosen(ks, passphrase, way, err);
    secret_free(passphrase);
    return rc;
  }
  int rc = unlock_kept(ks, err);
  if (rc <= 0) return rc;
  if (prompt_is_possible()) return unlock_asking(ks, how, err);
  return no_way(keystore_path_of(ks), "the keystore is locked", err);
}

struct keystore *unlock_open(const struct unlock *how, struct error *err) {
  char path[PATH_SIZE];
  if (keystore_path(path, err) != 0) return NULL;
  struct keystore *ks = keystore_open(path, err);
  if (!ks || unlock_keystore(ks, how, err) == 0) return ks;
  keystore_free(ks);
  return NULL;
}

static struct secret *ask_new(const char *path, struct error *err) {
  char prompt[PROMPT_SIZE];
  (void)snprintf(prompt, sizeof prompt, "New passphrase for the keystore %s: ", path);
  struct secret *passphrase = prompt_secret_twice(prompt, "The same again: ", err);
  if (!passphrase || secret_len(passphrase) > 0) return passphrase;
  secret_free(passphrase);
  error_set(err, ERROR_AUTH, "an empty passphrase protects nothing");
  return NULL;
}

struct secret *unlock_new_passphrase(const char *path, const struct unlock *how,
                                     struct error *err) {
  const char *way;
  struct secret *passphrase = chosen_passphrase(how, &way, err);
  if (passphrase) return passphrase;
  if (way)
    error_context(err, "%s", way);
  else if (prompt_is_possible())
    return ask_new(path, err);
  else
    no_way(path, "a new keystore needs a passphrase", err);
  return NULL;
}

int unlock_keep(const struct keystore *ks, int64_t for_ms, struct error *err) {
  char name[KEYRING_NAME_SIZE];
  keyring_name(ks, name);
  struct secret *token = keystore_token(ks, err);
  int rc = token ? keyring_keep(name, token, for_ms, err) : -1;
  secret_free(token);
  return rc;
}

bool unlock_can_keep(void) { return keyring_is_there(); }

bool unlock_is_kept(const struct keystore *ks) {
  char name[KEYRING_NAME_SIZE];
  keyring_name(ks, name);
  struct secret *token = keyring_find(name);
  bool is_kept = token != NULL;
  secret_free(token);
  return is_kept;
}

bool unlock_forget(const struct keystore *ks) {
  char name[KEYRING_NAME_SIZE];
  keyring_name(ks, name);
  return keyring_forget(name);
}
