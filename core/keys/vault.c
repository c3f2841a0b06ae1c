#include "keys/vault.h"

#include "keys/seal.h"

#include <stdlib.h>

enum { ASSOCIATED_MAX = FORMAT_HEAD_SIZE + 4 + FORMAT_ENTRY_PLAIN_MAX };

static int check(struct vault *v, struct error *err) {
  uint8_t digest[FORMAT_DIGEST_SIZE];
  if (format_frame(&v->file, buf_slice(&v->bytes), err) != 0) return -1;
  seal_digest(v->file.digested, digest);
  if (!seal_equal(digest, v->file.digest))
    return format_damaged(err, "its bytes are not those that were written");
  return format_entries(&v->file, err);
}

static struct vault *vault_new(struct error *err) {
  struct vault *v = calloc(1, sizeof *v);
  if (!v) error_set(err, ERROR_MEMORY, "no memory for the keystore");
  if (v) v->bytes = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  return v;
}

struct vault *vault_read(const char *path, struct error *err) {
  struct vault *v = vault_new(err);
  if (!v) return NULL;
  int rc = keyfile_read(&v->bytes, path, &v->stamp, err);
  if (rc == 0 && check(v, err) != 0) rc = error_context(err, "%s", path);
  if (rc == 0) return v;
  vault_free(v);
  return NULL;
}

struct vault *vault_take(struct buf *bytes, struct error *err) {
  struct vault *v = vault_new(err);
  if (v) v->bytes = *bytes;
  if (!v) buf_free(bytes);
  *bytes = BUF_WITH_LIMIT(bytes->limit);
  if (v && check(v, err) == 0) return v;
  vault_free(v);
  return NULL;
}

void vault_free(struct vault *v) {
  if (!v) return;
  buf_free(&v->bytes);
  free(v);
}

bool vault_fits(const struct vault *v, const struct secret *master) {
  uint8_t expected[FORMAT_CHECK_SIZE];
  seal_check(master, v->file.head_bytes, expected);
  return seal_equal(expected, v->file.check);
}

int vault_authenticate(const struct vault *v, const struct secret *master, struct error *err) {
  uint8_t expected[FORMAT_AUTHENTICATOR_SIZE];
  seal_authenticate(master, v->file.authenticated, expected);
  if (seal_equal(expected, v->file.authenticator)) return 0;
  return format_damaged(err, "something changed it that did not know the passphrase");
}

static void put_associated(struct buf *b, struct slice head, size_t i, struct slice plain) {
  buf_add_slice(b, head);
  format_put_u32(b, (uint32_t)i);
  buf_add_slice(b, plain);
}

/* The key of entry I as sealed, not yet tied to its origin. */
static struct secret *open_entry(const struct vault *v, const struct secret *master, size_t i,
                                 struct error *err) {
  const struct format_entry *e = &v->file.entry[i];
  struct buf associated = BUF_WITH_LIMIT(ASSOCIATED_MAX);
  struct secret *key = NULL;
  put_associated(&associated, v->file.head_bytes, i, e->plain);
  if (buf_ok(&associated))
    key = seal_open(master, buf_slice(&associated), e->nonce, e->sealed, err);
  else
    error_set(err, ERROR_MEMORY, "no memory for opening a key");
  buf_free(&associated);
  return key;
}

static const char *text_of(char *to, struct slice s) {
  memcpy(to, s.ptr, s.len);
  to[s.len] = '\0';
  return to;
}

struct secret *vault_key(const struct vault *v, const struct secret *master, size_t i,
                         struct error *err) {
  char origin[ORIGIN_SIZE], header[SECRET_HEADER_SIZE]; /* lengths were checked by format.c */
  struct secret *key = open_entry(v, master, i, err);
  if (key && secret_bind(key, text_of(origin, v->file.entry[i].origin),
                         text_of(header, v->file.entry[i].header), err) == 0) {
    secret_set_label(key, v->file.entry[i].name);
    return key;
  }
  secret_free(key);
  return NULL;
}

void vault_plan_from(struct vault_plan *plan, const struct vault *v, const struct secret *master) {
  plan->old = v;
  plan->old_master = plan->master = master;
  plan->head = v->file.head;
  plan->head.generation++;
  plan->len = v->file.head.entries_len;
  for (size_t i = 0; i < plan->len; i++)
    plan->row[i] = (struct vault_row){.entry = v->file.entry[i], .from = i};
}

static size_t row_size(const struct format_entry *e) {
  return FORMAT_ENTRY_HEAD_SIZE + e->name.len + e->origin.len + e->header.len + FORMAT_NONCE_SIZE +
         e->key_len + FORMAT_TAG_SIZE;
}

static int put_row(struct buf *b, const struct vault_plan *plan, size_t i, struct error *err) {
  const struct vault_row *row = &plan->row[i];
  struct secret *old = NULL;
  if (!row->key && !(old = open_entry(plan->old, plan->old_master, row->from, err))) return -1;
  struct buf associated = BUF_WITH_LIMIT(ASSOCIATED_MAX);
  size_t before = b->len;
  format_put_plain(b, &row->entry);
  if (buf_ok(b))
    put_associated(&associated, (struct slice){b->ptr, FORMAT_HEAD_SIZE}, i,
                   (struct slice){b->ptr + before, b->len - before});
  if (buf_ok(b) && buf_ok(&associated))
    seal_put(b, plan->master, buf_slice(&associated), row->key ? row->key : old);
  int rc = buf_ok(b) && buf_ok(&associated)
               ? 0
               : error_set(err, ERROR_MEMORY, "no memory for sealing a key");
  buf_free(&associated);
  secret_free(old);
  return rc;
}

int vault_put(struct buf *b, struct vault_plan *plan, struct error *err) {
  uint8_t sum[FORMAT_CHECK_SIZE] = {0};
  size_t size = 0;
  for (size_t i = 0; i < plan->len; i++) size += row_size(&plan->row[i].entry);
  plan->head.entries_len = (uint32_t)plan->len;
  plan->head.entries_size = (uint32_t)size;

  format_put_head(b, &plan->head);
  if (buf_ok(b)) seal_check(plan->master, buf_slice(b), sum);
  buf_add(b, sum, FORMAT_CHECK_SIZE);
  for (size_t i = 0; i < plan->len; i++)
    if (put_row(b, plan, i, err) != 0) return -1;
  if (buf_ok(b)) seal_authenticate(plan->master, buf_slice(b), sum);
  buf_add(b, sum, FORMAT_AUTHENTICATOR_SIZE);
  if (buf_ok(b)) seal_digest(buf_slice(b), sum);
  buf_add(b, sum, FORMAT_DIGEST_SIZE);
  return buf_ok(b) ? 0 : error_set(err, ERROR_MEMORY, "no memory for the new keystore");
}
