#include "keys/digest.h"

#include <sodium.h>

void digest_text(struct slice bytes, char text[DIGEST_SIZE]) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  (void)crypto_hash_sha256(digest, (const unsigned char *)(bytes.len ? bytes.ptr : ""), bytes.len);
  (void)sodium_bin2hex(text, DIGEST_SIZE, digest, sizeof digest);
}
