#include "keys/keyring.h"

#include <keyutils.h>

#include <errno.h>

/* User permissions beside the possessor's: a cron job's session does not hold the user's
 * keyring, and reads by its user's right. */
enum {
  PERMISSIONS =
      KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_READ | KEY_USR_WRITE | KEY_USR_SEARCH | KEY_USR_SETATTR,
  BYTES_MAX = 256,
};

static int refused(struct error *err, int errnum) {
  error_errno(err, ERROR_AUTH, errnum, "the kernel's keyring does not take the key");
  return error_hint(err, "containers often have none; use HOKO_PASSPHRASE_FILE or --passphrase-fd");
}

int keyring_keep(const char *name, const struct secret *bytes, int64_t for_ms, struct error *err) {
  int64_t for_s = for_ms / 1000;
  if (for_s < 1 || for_s > UINT32_MAX)
    return error_set(err, ERROR_USAGE, "a key is kept for a second at least and 136 years at most");
  struct slice payload = secret_open(bytes);
  key_serial_t key = add_key("user", name, payload.ptr, payload.len, KEY_SPEC_USER_KEYRING);
  int errnum = errno;
  secret_close(bytes);
  if (key < 0) return refused(err, errnum);
  if (keyctl_set_timeout(key, (unsigned)for_s) == 0 && keyctl_setperm(key, PERMISSIONS) == 0)
    return 0;
  errnum = errno;
  (void)keyring_forget(name); /* rather not kept than kept for ever */
  return refused(err, errnum);
}

static key_serial_t find(const char *name) {
  return (key_serial_t)keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0);
}

struct secret *keyring_find(const char *name) {
  struct error err;
  key_serial_t key = find(name);
  struct secret *bytes = key < 0 ? NULL : secret_new(BYTES_MAX, &err);
  if (!bytes) return NULL;
  long len = keyctl_read(key, secret_room(bytes), BYTES_MAX);
  if (len > 0 && len <= BYTES_MAX) {
    secret_filled(bytes, (size_t)len);
    return bytes;
  }
  secret_free(bytes);
  return NULL;
}

bool keyring_is_there(void) { return keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1) >= 0; }

bool keyring_forget(const char *name) {
  key_serial_t key = find(name);
  if (key < 0) return false;
  bool is_revoked = keyctl_revoke(key) == 0;
  (void)keyctl_unlink(key, KEY_SPEC_USER_KEYRING);
  return is_revoked;
}
