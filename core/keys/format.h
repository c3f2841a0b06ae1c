/* format.h - the keystore file, byte by byte: syntax only, nothing is decrypted here.
 *
 * Numbers are little-endian and unsigned; times are seconds since 1970 (UTC).
 *
 *   head, 72 bytes
 *     0   8  "HOKOKEYS"
 *     8   4  version of the format: 1
 *    12   4  KDF: 1 is Argon2id version 0x13 (RFC 9106) with one lane, as libsodium's
 *            crypto_pwhash; 32 bytes come out, the master key
 *    16   4  its passes, 1 to 10
 *    20   4  its memory in KiB, 8 to 1,048,576 (1 GiB)
 *    24  16  its salt, random, new with each passphrase
 *    40  16  id of the keystore, random, for life
 *    56   8  generation: 1 more with each change
 *    64   4  number of entries, at most 256
 *    68   4  bytes that the entries take
 *   check
 *    72  32  BLAKE2b-256 of the head, keyed with subkey 1: tells a wrong passphrase
 *   entries, one behind the other, each
 *     0   8  added
 *     8   8  expires, 0: not said
 *    16   2  bytes of the name, 1 to 64
 *    18   2  bytes of the origin, 1 to 271
 *    20   2  bytes of the header template, 1 to 256
 *    22   2  bytes of the key, 1 to 4,096
 *    24   .  name, origin, header template
 *     .  24  nonce, random, new with each change
 *     .   .  the key, sealed by XChaCha20-Poly1305-IETF with subkey 2: as many bytes
 *            and a tag of 16.  Associated data: the head (so an entry of an older copy
 *            does not open), the entry's index (4 bytes), and the entry's own bytes
 *            up to the nonce.
 *   tail, 48 bytes
 *     0  32  authenticator: BLAKE2b-256, keyed with subkey 3, of all before it
 *    32  16  digest: BLAKE2b-128 without a key of all before it, authenticator
 *            included: tells damage from a wrong passphrase; an attacker can forge it
 *
 * Subkeys are crypto_kdf_derive_from_key() of the master key with the context
 * "hokokeys".  Nothing may stand behind the tail. */
#ifndef HOKO_KEYS_FORMAT_H
#define HOKO_KEYS_FORMAT_H

#include "base/buf.h"
#include "base/origin.h"
#include "keys/keystore.h"

enum {
  FORMAT_VERSION = 1,
  FORMAT_KDF_ARGON2ID13 = 1,
  FORMAT_HEAD_SIZE = 72,
  FORMAT_CHECK_SIZE = 32,
  FORMAT_ENTRY_HEAD_SIZE = 24,
  FORMAT_NONCE_SIZE = 24,
  FORMAT_TAG_SIZE = 16,
  FORMAT_AUTHENTICATOR_SIZE = 32,
  FORMAT_DIGEST_SIZE = 16,
  FORMAT_TAIL_SIZE = FORMAT_AUTHENTICATOR_SIZE + FORMAT_DIGEST_SIZE,
  FORMAT_SALT_SIZE = 16,
  FORMAT_ID_SIZE = 16,
  FORMAT_PASSES_MAX = 10,
  FORMAT_MEMORY_KIB_MIN = 8,
  FORMAT_MEMORY_KIB_MAX = 1024 * 1024,
  FORMAT_ENTRY_PLAIN_MAX = FORMAT_ENTRY_HEAD_SIZE + (KEYSTORE_NAME_SIZE - 1) + (ORIGIN_SIZE - 1) +
                           (SECRET_HEADER_SIZE - 1),
  FORMAT_ENTRY_MAX =
      FORMAT_ENTRY_PLAIN_MAX + FORMAT_NONCE_SIZE + SECRET_KEY_LEN_MAX + FORMAT_TAG_SIZE,
  FORMAT_SIZE_MIN = FORMAT_HEAD_SIZE + FORMAT_CHECK_SIZE + FORMAT_TAIL_SIZE,
  FORMAT_SIZE_MAX = FORMAT_SIZE_MIN + KEYSTORE_ENTRIES_MAX * FORMAT_ENTRY_MAX,
};

struct format_head {
  uint32_t passes, memory_kib;
  uint8_t salt[FORMAT_SALT_SIZE], id[FORMAT_ID_SIZE];
  uint64_t generation;
  uint32_t entries_len, entries_size;
};

/* All slices point into the bytes that were parsed. */
struct format_entry {
  int64_t added_s, expires_s;
  struct slice name, origin, header;
  size_t key_len;
  struct slice plain; /* the entry's bytes up to the nonce */
  struct slice nonce;
  struct slice sealed; /* the key and its tag */
};

struct format_file {
  struct format_head head;
  struct slice head_bytes, check;
  struct slice entries;
  struct slice authenticated, authenticator; /* what it covers, and it */
  struct slice digested, digest;
  struct format_entry entry[KEYSTORE_ENTRIES_MAX]; /* head.entries_len of them */
};

/* Both steps: -1 is ERROR_AUTH with a message that reads well behind "PATH: ". */

/* The outer parts of a whole file, whose lengths must fit: what is empty, cut off, of a
 * newer format or no keystore at all is refused here.  After it the digest can be
 * asked for damage, which then needs no other words. */
MUST_USE int format_frame(struct format_file *file, struct slice bytes, struct error *err);
/* The rest: parameters of the KDF within their limits, entries with lengths that fit,
 * good names, origins, headers and times, no name twice. */
MUST_USE int format_entries(struct format_file *file, struct error *err);

/* Appends a head, with magic and version. */
void format_put_head(struct buf *b, const struct format_head *head);
/* Appends what stands before the nonce; plain, nonce and sealed are not read. */
void format_put_plain(struct buf *b, const struct format_entry *entry);
void format_put_u32(struct buf *b, uint32_t value);

/* Sets *err to "damaged: WHAT" with the hint to do what helps; returns -1. */
int format_damaged(struct error *err, const char *what);

#endif
