/* A keystore file from outside: whatever the bytes, parsing ends in an error or in
 * parts that lie within them and that written again give the same bytes; and with a
 * digest that fits, no entry opens under a key that did not seal it. */
#include "keys/seal.h"
#include "keys/vault.h"

#include "check.h"

static struct format_file file;

static void check_written_again(void) {
  struct buf b = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  format_put_head(&b, &file.head);
  check(slice_equal(buf_slice(&b), file.head_bytes));
  buf_add_slice(&b, file.check);
  for (uint32_t i = 0; i < file.head.entries_len; i++) {
    const struct format_entry *e = &file.entry[i];
    format_put_plain(&b, e);
    buf_add_slice(&b, e->nonce);
    buf_add_slice(&b, e->sealed);
    check(e->sealed.len == e->key_len + FORMAT_TAG_SIZE);
  }
  check(slice_equal(buf_slice(&b), file.authenticated));
  buf_free(&b);
}

static struct secret *some_master(void) {
  struct error err;
  struct secret *master = secret_of(SLICE("0123456789abcdef0123456789abcdef"), &err);
  check(master != NULL);
  return master;
}

static void check_opens_nothing(struct slice bytes) {
  struct error err;
  struct buf copy = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  buf_add_slice(&copy, bytes);
  seal_digest(file.digested, (uint8_t *)copy.ptr + file.digested.len);
  struct vault *v = vault_take(&copy, &err);
  struct secret *master = some_master();
  check(v != NULL);
  check(!vault_fits(v, master) && vault_authenticate(v, master, &err) != 0);
  for (uint32_t i = 0; i < v->file.head.entries_len && i < 4; i++)
    check(!vault_key(v, master, i, &err) && err.code == ERROR_AUTH);
  secret_free(master);
  vault_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  struct slice bytes = {(const char *)data, len};
  struct error err;
  error_clear(&err);
  if (format_frame(&file, bytes, &err) != 0 || format_entries(&file, &err) != 0) {
    check(err.code == ERROR_AUTH && err.message[0] != '\0');
    return 0;
  }
  check_written_again();
  check_opens_nothing(bytes);
  return 0;
}
