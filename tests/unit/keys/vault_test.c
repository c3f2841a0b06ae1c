/* What an attacker could do to the file who does not know the passphrase: each
 * forgery has a digest that fits, so that only the keyed parts can tell. */
#include "keys/vault.h"

#include "keys/seal.h"
#include "scene.h"

static struct secret *master;

static int setup(void **state) {
  struct error err;
  if (scene_setup(state) != 0) return -1;
  struct slice token = secret_open(scene_origin.token);
  master = secret_of((struct slice){token.ptr + FORMAT_SALT_SIZE, SEAL_MASTER_SIZE}, &err);
  secret_close(scene_origin.token);
  return master ? 0 : -1;
}

static int teardown(void **state) {
  secret_free(master);
  return scene_teardown(state);
}

static struct vault *vault_of(struct slice bytes, struct error *err) {
  struct buf copy = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  buf_add_slice(&copy, bytes);
  assert_true(buf_ok(&copy));
  return vault_take(&copy, err);
}

static void make_digest_fit(char *bytes, size_t len) {
  seal_digest((struct slice){bytes, len - FORMAT_DIGEST_SIZE},
              (uint8_t *)bytes + len - FORMAT_DIGEST_SIZE);
}

/* Whether BYTES with a digest that fits would be taken for the keystore. */
static bool is_believed(char *bytes, size_t len) {
  struct error err;
  make_digest_fit(bytes, len);
  struct vault *v = vault_of((struct slice){bytes, len}, &err);
  bool is_believed = v && vault_fits(v, master) && vault_authenticate(v, master, &err) == 0;
  vault_free(v);
  return is_believed;
}

static char *copy_of_origin(void) {
  char *copy = malloc(scene_origin.bytes.len);
  assert_non_null(copy);
  memcpy(copy, scene_origin.bytes.ptr, scene_origin.bytes.len);
  return copy;
}

static void the_untouched_file_is_believed(void **state) {
  (void)state;
  char *copy = copy_of_origin();
  assert_true(is_believed(copy, scene_origin.bytes.len));
  free(copy);
}

static void no_forged_byte_is_believed(void **state) {
  (void)state;
  size_t len = scene_origin.bytes.len;
  for (size_t i = 0; i < len - FORMAT_DIGEST_SIZE; i++) {
    char *copy = copy_of_origin();
    copy[i] = (char)(copy[i] ^ 1 << i % 8);
    if (is_believed(copy, len)) fail_msg("byte %zu", i);
    free(copy);
  }
}

static void no_flipped_bit_passes_the_digest(void **state) {
  (void)state;
  for (size_t i = 0; i < scene_origin.bytes.len * 8; i++) {
    struct error err;
    char *copy = copy_of_origin();
    copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
    struct vault *v = vault_of((struct slice){copy, scene_origin.bytes.len}, &err);
    if (v) fail_msg("bit %zu", i);
    assert_int_equal(err.code, ERROR_AUTH);
    assert_true(err.message[0] != '\0' && err.hint[0] != '\0');
    vault_free(v);
    free(copy);
  }
}

/* The origin's file with its entries replaced by those in ORDER, under HEAD's count. */
static char *rearranged(const struct vault *v, const size_t *order, size_t order_len, size_t *len) {
  struct buf b = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  struct format_head head = v->file.head;
  head.entries_len = (uint32_t)order_len;
  head.entries_size = 0;
  for (int pass = 0; pass < 2; pass++) {
    buf_clear(&b);
    format_put_head(&b, &head);
    buf_add_slice(&b, v->file.check);
    for (size_t i = 0; i < order_len; i++) {
      const struct format_entry *e = &v->file.entry[order[i]];
      size_t size = e->plain.len + e->nonce.len + e->sealed.len;
      buf_add(&b, e->plain.ptr, size);
      if (pass == 0) head.entries_size += (uint32_t)size;
    }
  }
  buf_add_slice(&b, v->file.authenticator);
  buf_add_slice(&b, v->file.digest);
  *len = b.len;
  return b.ptr;
}

static void dropped_and_reordered_entries_are_not_believed(void **state) {
  (void)state;
  static const size_t orders[][3] = {{0, 1, 2}, {1, 0, 2}, {2, 1, 0}, {0, 2, 1}};
  struct error err;
  struct vault *v = vault_of(buf_slice(&scene_origin.bytes), &err);
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    for (size_t n = 0; n <= 3; n++) {
      size_t len;
      char *bytes = rearranged(v, orders[i], n, &len);
      assert_int_equal(is_believed(bytes, len), i == 0 && n == 3);
      free(bytes);
    }
  }
  vault_free(v);
}

/* Even where the authenticator is not asked, the seal of an entry binds its place. */
static void a_sealed_key_opens_only_where_it_was_sealed(void **state) {
  (void)state;
  static const size_t order[] = {1, 0, 2};
  struct error err;
  size_t len;
  struct vault *v = vault_of(buf_slice(&scene_origin.bytes), &err);
  char *bytes = rearranged(v, order, 3, &len);
  make_digest_fit(bytes, len);
  struct vault *swapped = vault_of((struct slice){bytes, len}, &err);
  assert_non_null(swapped);
  for (size_t i = 0; i < 3; i++) {
    struct secret *key = vault_key(v, master, i, &err),
                  *moved = vault_key(swapped, master, i, &err);
    assert_non_null(key);
    if (i < 2) assert_null(moved);
    secret_free(key);
    secret_free(moved);
  }
  vault_free(swapped);
  vault_free(v);
  free(bytes);
}

/* What stands in clear is bound to the sealed key: name, origin, header, times. */
static void a_changed_field_keeps_its_key_from_opening(void **state) {
  (void)state;
  struct error err;
  struct vault *v = vault_of(buf_slice(&scene_origin.bytes), &err);
  struct format_entry *e = &v->file.entry[1];
  size_t begin = (size_t)(e->plain.ptr - v->bytes.ptr);
  const struct {
    size_t at;
    char value;
  } changes[] = {
      {begin, 1},                                        /* added */
      {begin + 8, 1},                                    /* expires */
      {begin + FORMAT_ENTRY_HEAD_SIZE, 'k'},             /* name */
      {(size_t)(e->origin.ptr - v->bytes.ptr) + 8, 'x'}, /* origin */
      {(size_t)(e->header.ptr - v->bytes.ptr), 'x'},     /* header */
      {56, 77},                                          /* generation: an older copy's entry */
      {40, 77},                                          /* id: another keystore's entry */
  };
  for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
    char *copy = copy_of_origin();
    copy[changes[i].at] = changes[i].value;
    make_digest_fit(copy, scene_origin.bytes.len);
    struct vault *forged = vault_of((struct slice){copy, scene_origin.bytes.len}, &err);
    if (!forged) fail_msg("change %zu: %s", i, err.message);
    assert_null(vault_key(forged, master, 1, &err));
    assert_int_equal(err.code, ERROR_AUTH);
    vault_free(forged);
    free(copy);
  }
  vault_free(v);
}

static void the_key_of_another_passphrase_opens_nothing(void **state) {
  (void)state;
  struct error err;
  struct secret *other = scene_secret("0123456789abcdef0123456789abcdef");
  struct vault *v = vault_of(buf_slice(&scene_origin.bytes), &err);
  assert_false(vault_fits(v, other));
  assert_int_equal(vault_authenticate(v, other, &err), -1);
  assert_null(vault_key(v, other, 0, &err));
  vault_free(v);
  secret_free(other);
}

/* RFC 9106's function through libsodium, against an outside computation: Argon2id of
 * Python's cryptography 48 (OpenSSL), one iteration, one lane, 8 KiB. */
static void the_derivation_is_argon2id(void **state) {
  (void)state;
  static const unsigned char expected[SEAL_MASTER_SIZE] = {
      0x33, 0xb8, 0xf0, 0xd0, 0x64, 0x08, 0xe0, 0xa7, 0xdc, 0xc5, 0xff,
      0xb1, 0x3e, 0x57, 0x5f, 0x35, 0x16, 0x2d, 0xb4, 0xff, 0x3d, 0xb1,
      0xc7, 0x3d, 0x5d, 0x50, 0x18, 0x01, 0xc6, 0x99, 0xd1, 0x4d};
  struct error err;
  struct format_head head = {.passes = 1, .memory_kib = 8};
  memcpy(head.salt, "0123456789abcdef", FORMAT_SALT_SIZE);
  struct secret *passphrase = scene_secret(SCENE_PASSPHRASE);
  struct secret *derived = seal_derive(passphrase, &head, &err);
  assert_non_null(derived);
  assert_memory_equal(secret_open(derived).ptr, expected, sizeof expected);
  secret_close(derived);
  secret_free(derived);
  secret_free(passphrase);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_untouched_file_is_believed),
      cmocka_unit_test(no_forged_byte_is_believed),
      cmocka_unit_test(no_flipped_bit_passes_the_digest),
      cmocka_unit_test(dropped_and_reordered_entries_are_not_believed),
      cmocka_unit_test(a_sealed_key_opens_only_where_it_was_sealed),
      cmocka_unit_test(a_changed_field_keeps_its_key_from_opening),
      cmocka_unit_test(the_key_of_another_passphrase_opens_nothing),
      cmocka_unit_test(the_derivation_is_argon2id),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
