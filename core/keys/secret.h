/* secret.h - bytes that must not get out: keys and passphrases.
 *
 * They lie in pages of their own (sodium_malloc: guard pages around, kept out of
 * swap where the system allows it, out of core dumps) that fault on any access but
 * between secret_open() and secret_close(), and are wiped by secret_free().  The two
 * do not nest.  There is no function that prints a secret.
 *
 * A *key* is a secret that secret_bind() tied to one origin and to the header that
 * carries it; it leaves only through secret_header(), for that origin. */
#ifndef HOKO_KEYS_SECRET_H
#define HOKO_KEYS_SECRET_H

#include "base/error.h"
#include "base/origin.h"
#include "base/slice.h"

enum {
  SECRET_KEY_LEN_MAX = 4096,
  SECRET_HEADER_SIZE = 257, /* of the template, with its NUL */
  SECRET_FINGERPRINT_SIZE = 17,
  SECRET_LAST_FOUR_SIZE = 5,
  SECRET_LABEL_SIZE = 65, /* with its NUL */
};

#define SECRET_HEADER_DEFAULT "Authorization: Bearer {key}"

struct secret;

/* An empty one, its room of CAP bytes writable until secret_filled(). */
struct secret *secret_new(size_t cap, struct error *err);
char *secret_room(struct secret *s);
/* The first LEN bytes of the room are the secret; from here on it never changes. */
void secret_filled(struct secret *s, size_t len);
/* A copy of BYTES, which the caller wipes. */
struct secret *secret_of(struct slice bytes, struct error *err);
void secret_free(struct secret *s);

size_t secret_len(const struct secret *s);
/* The bytes, with a NUL behind them that is not counted. */
struct slice secret_open(const struct secret *s);
void secret_close(const struct secret *s);
/* Of equal lengths: in a time that does not tell where they differ. */
bool secret_equal(const struct secret *a, const struct secret *b);

/* Makes S the key of ORIGIN (as origin_of_url() gives it, and safe), carried as HEADER
 * says, "Name: text with one {key}".  -1: S is no key (printable ASCII without
 * blanks, 1 to SECRET_KEY_LEN_MAX bytes: ERROR_AUTH), or HEADER no header
 * (ERROR_USAGE). */
MUST_USE int secret_bind(struct secret *s, const char *origin, const char *header,
                         struct error *err);
/* What it is bound to; "" before secret_bind(). */
const char *secret_origin(const struct secret *s);
const char *secret_template(const struct secret *s);
/* What messages call the key: its name in the keystore, or HOKO_API_KEY; "" at first.
 * What does not fit is left off. */
void secret_set_label(struct secret *s, struct slice label);
const char *secret_label(const struct secret *s);

/* The whole line "Authorization: Bearer …" for a request to ORIGIN, or NULL
 * (ERROR_AUTH) when that is not the key's own, byte by byte. */
struct secret *secret_header(const struct secret *s, const char *origin, struct error *err);
/* 16 hexadecimal digits that tell keys apart and do not tell the key. */
void secret_fingerprint(const struct secret *s, char text[SECRET_FINGERPRINT_SIZE]);
/* The last four bytes of a key of 8 or more, for a person to know it by; else "". */
void secret_last_four(const struct secret *s, char text[SECRET_LAST_FOUR_SIZE]);

/* The key in HOKO_API_KEY, bound to ORIGIN; *key is NULL when the variable is not set.
 * Wipes the value where it stands and unsets it, so that neither /proc/PID/environ
 * nor a child shows it: ask once. */
MUST_USE int secret_from_environment(struct secret **key, const char *origin, struct error *err);

/* Whether HEADER can carry a key; -1: ERROR_USAGE with what is wrong. */
MUST_USE int secret_check_header(const char *header, struct error *err);

/* Whether pages can be kept out of swap here (`hoko doctor`): libsodium does not say
 * when its mlock fails. */
bool secret_is_locked(void);
/* No core dump, and no other process of this user may look into this one
 * (RLIMIT_CORE, PR_SET_DUMPABLE).  Call before the first secret. */
MUST_USE int secret_harden_process(struct error *err);

#endif
