#include "keys/seal.h"

#include "base/random.h"

#include <sodium.h>

enum { SUBKEY_CHECK = 1, SUBKEY_ENTRY = 2, SUBKEY_FILE = 3, SUBKEY_SIZE = 32 };

_Static_assert(SEAL_MASTER_SIZE == crypto_kdf_KEYBYTES, "the master key feeds crypto_kdf");
_Static_assert(SUBKEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "size of the seal's key");
_Static_assert(FORMAT_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
               "size of a nonce");
_Static_assert(FORMAT_TAG_SIZE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "size of a tag");
_Static_assert(FORMAT_SALT_SIZE == crypto_pwhash_SALTBYTES, "size of the salt");

static const unsigned char *bytes_of(struct slice s) { return (const unsigned char *)s.ptr; }

void seal_set_kdf(struct format_head *head, enum keystore_kdf kdf) {
  bool is_quick = kdf == KEYSTORE_KDF_INTERACTIVE;
  head->passes = is_quick ? crypto_pwhash_OPSLIMIT_INTERACTIVE : crypto_pwhash_OPSLIMIT_MODERATE;
  head->memory_kib =
      (is_quick ? crypto_pwhash_MEMLIMIT_INTERACTIVE : crypto_pwhash_MEMLIMIT_MODERATE) / 1024;
}

struct secret *seal_derive(const struct secret *passphrase, const struct format_head *head,
                           struct error *err) {
  struct secret *master = secret_new(SEAL_MASTER_SIZE, err);
  if (!master) return NULL;
  struct slice words = secret_open(passphrase);
  int rc = crypto_pwhash((unsigned char *)secret_room(master), SEAL_MASTER_SIZE, words.ptr,
                         words.len, head->salt, head->passes, (size_t)head->memory_kib * 1024,
                         crypto_pwhash_ALG_ARGON2ID13);
  secret_close(passphrase);
  if (rc != 0) {
    secret_free(master);
    error_set(err, ERROR_MEMORY, "unlocking takes %u MiB of memory, which are not free",
              head->memory_kib / 1024);
    return NULL;
  }
  secret_filled(master, SEAL_MASTER_SIZE);
  return master;
}

static void derive_subkey(unsigned char to[SUBKEY_SIZE], const struct secret *master, uint64_t id) {
  static const char context[crypto_kdf_CONTEXTBYTES] = {'h', 'o', 'k', 'o', 'k', 'e', 'y', 's'};
  (void)crypto_kdf_derive_from_key(to, SUBKEY_SIZE, id, context, bytes_of(secret_open(master)));
  secret_close(master);
}

static void keyed_hash(const struct secret *master, uint64_t id, struct slice bytes, uint8_t *to,
                       size_t size) {
  unsigned char subkey[SUBKEY_SIZE];
  derive_subkey(subkey, master, id);
  (void)crypto_generichash(to, size, bytes_of(bytes), bytes.len, subkey, sizeof subkey);
  sodium_memzero(subkey, sizeof subkey);
}

void seal_check(const struct secret *master, struct slice head, uint8_t to[FORMAT_CHECK_SIZE]) {
  keyed_hash(master, SUBKEY_CHECK, head, to, FORMAT_CHECK_SIZE);
}

void seal_authenticate(const struct secret *master, struct slice bytes,
                       uint8_t to[FORMAT_AUTHENTICATOR_SIZE]) {
  keyed_hash(master, SUBKEY_FILE, bytes, to, FORMAT_AUTHENTICATOR_SIZE);
}

void seal_digest(struct slice bytes, uint8_t to[FORMAT_DIGEST_SIZE]) {
  (void)crypto_generichash(to, FORMAT_DIGEST_SIZE, bytes_of(bytes), bytes.len, NULL, 0);
}

bool seal_equal(const uint8_t *computed, struct slice stored) {
  return sodium_memcmp(computed, stored.ptr, stored.len) == 0;
}

void seal_put(struct buf *b, const struct secret *master, struct slice associated,
              const struct secret *key) {
  unsigned char subkey[SUBKEY_SIZE];
  size_t size = FORMAT_NONCE_SIZE + secret_len(key) + FORMAT_TAG_SIZE;
  unsigned char *nonce = (unsigned char *)buf_room(b, size);
  if (!nonce) return;
  random_bytes(nonce, FORMAT_NONCE_SIZE);
  derive_subkey(subkey, master, SUBKEY_ENTRY);
  struct slice plain = secret_open(key);
  (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + FORMAT_NONCE_SIZE, NULL, bytes_of(plain),
                                                   plain.len, bytes_of(associated), associated.len,
                                                   NULL, nonce, subkey);
  secret_close(key);
  sodium_memzero(subkey, sizeof subkey);
  b->len += size;
}

struct secret *seal_open(const struct secret *master, struct slice associated, struct slice nonce,
                         struct slice sealed, struct error *err) {
  unsigned char subkey[SUBKEY_SIZE];
  struct secret *key = secret_new(sealed.len - FORMAT_TAG_SIZE, err);
  if (!key) return NULL;
  derive_subkey(subkey, master, SUBKEY_ENTRY);
  int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(
      (unsigned char *)secret_room(key), NULL, NULL, bytes_of(sealed), sealed.len,
      bytes_of(associated), associated.len, bytes_of(nonce), subkey);
  sodium_memzero(subkey, sizeof subkey);
  if (rc != 0) {
    secret_free(key);
    format_damaged(err, "an entry is not as it was sealed");
    return NULL;
  }
  secret_filled(key, sealed.len - FORMAT_TAG_SIZE);
  return key;
}
