#include "keys/format.h"

static const char magic[8] = {'H', 'O', 'K', 'O', 'K', 'E', 'Y', 'S'};
static const int64_t last_second = 253402300799; /* of the year 9999 */

int format_damaged(struct error *err, const char *what) {
  error_set(err, ERROR_AUTH, "damaged: %s", what);
  return error_hint(err, "put a backup of it in its place, or move it away and add the keys anew");
}

static uint64_t get(const char *at, size_t size) {
  uint64_t value = 0;
  while (size-- > 0) value = value << 8 | (uint8_t)at[size];
  return value;
}
static uint16_t get_u16(const char *at) { return (uint16_t)get(at, 2); }
static uint32_t get_u32(const char *at) { return (uint32_t)get(at, 4); }

static void put(struct buf *b, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) buf_add_char(b, (char)(uint8_t)(value >> 8 * i));
}

/* Cuts LEN bytes off the front of *REST; the caller knows that they are there. */
static struct slice take(struct slice *rest, size_t len) {
  struct slice taken = {rest->ptr, len};
  *rest = (struct slice){rest->ptr + len, rest->len - len};
  return taken;
}

static int cut_off(struct error *err, size_t len, size_t expected) {
  error_set(err, ERROR_AUTH, "cut off: %zu bytes of %s%zu are there", len,
            expected == FORMAT_SIZE_MIN ? "at least " : "", expected);
  return error_hint(err, "put a backup of it in its place, or move it away and add the keys anew");
}

/* What the first bytes say: no keystore, cut off, or not for this version. */
static int check_begin(struct slice bytes, struct error *err) {
  size_t known = bytes.len < sizeof magic ? bytes.len : sizeof magic;
  if (bytes.len == 0) {
    error_set(err, ERROR_AUTH, "empty: it was never written, or was cut off");
    return error_hint(err, "put a backup of it in its place, or remove it and add the keys anew");
  }
  if (memcmp(bytes.ptr, magic, known) != 0) {
    error_set(err, ERROR_AUTH, "no keystore of hoko");
    return error_hint(err, "HOKO_KEYSTORE names the keystore; another file is not touched");
  }
  if (bytes.len < sizeof magic + 4) return cut_off(err, bytes.len, FORMAT_SIZE_MIN);
  uint32_t version = get_u32(bytes.ptr + sizeof magic);
  if (version == 0) return format_damaged(err, "its version is 0");
  if (version > FORMAT_VERSION) {
    error_set(err, ERROR_AUTH, "its format %u is newer than this hoko reads (%d)", version,
              FORMAT_VERSION);
    return error_hint(err, "update hoko");
  }
  if (bytes.len < FORMAT_SIZE_MIN) return cut_off(err, bytes.len, FORMAT_SIZE_MIN);
  return 0;
}

static void get_head(struct format_head *head, const char *at) {
  head->passes = get_u32(at + 16);
  head->memory_kib = get_u32(at + 20);
  memcpy(head->salt, at + 24, sizeof head->salt);
  memcpy(head->id, at + 40, sizeof head->id);
  head->generation = get(at + 56, 8);
  head->entries_len = get_u32(at + 64);
  head->entries_size = get_u32(at + 68);
}

int format_frame(struct format_file *file, struct slice bytes, struct error *err) {
  if (check_begin(bytes, err) != 0) return -1;
  get_head(&file->head, bytes.ptr);
  size_t expected = FORMAT_SIZE_MIN + (size_t)file->head.entries_size;
  if (bytes.len < expected) return cut_off(err, bytes.len, expected);
  if (bytes.len > expected) return format_damaged(err, "bytes stand behind its end");

  struct slice rest = bytes;
  file->head_bytes = take(&rest, FORMAT_HEAD_SIZE);
  file->check = take(&rest, FORMAT_CHECK_SIZE);
  file->entries = take(&rest, file->head.entries_size);
  file->authenticator = take(&rest, FORMAT_AUTHENTICATOR_SIZE);
  file->digest = rest;
  file->authenticated = (struct slice){bytes.ptr, expected - FORMAT_TAIL_SIZE};
  file->digested = (struct slice){bytes.ptr, expected - FORMAT_DIGEST_SIZE};
  return 0;
}

/* An attacker may have written them, so they are looked at before anything is allocated. */
static int check_kdf(const struct format_file *file, struct error *err) {
  const struct format_head *head = &file->head;
  uint32_t kdf = get_u32(file->head_bytes.ptr + 12);
  if (kdf == FORMAT_KDF_ARGON2ID13 && head->passes >= 1 && head->passes <= FORMAT_PASSES_MAX &&
      head->memory_kib >= FORMAT_MEMORY_KIB_MIN && head->memory_kib <= FORMAT_MEMORY_KIB_MAX)
    return 0;
  error_set(err, ERROR_AUTH,
            "refused: unlocking it would take method %u, %u passes and %u KiB of memory, beyond "
            "what is taken (method 1, at most 10 passes and 1 GiB)",
            kdf, head->passes, head->memory_kib);
  return error_hint(err, "hoko did not write it so; put a backup of it in its place");
}

/* TEXT as it stands in SLICE, NUL-terminated; false: a NUL is in it. */
static bool copy_text(char *text, size_t size, struct slice s) {
  if (s.len >= size || memchr(s.ptr, '\0', s.len)) return false;
  memcpy(text, s.ptr, s.len);
  text[s.len] = '\0';
  return true;
}

static const char *entry_fault(const struct format_entry *e) {
  char name[KEYSTORE_NAME_SIZE], url[ORIGIN_SIZE], origin[ORIGIN_SIZE], header[SECRET_HEADER_SIZE];
  struct error err;
  if (e->added_s > last_second || e->expires_s > last_second || e->added_s < 0 || e->expires_s < 0)
    return "a time past the year 9999";
  if (!copy_text(name, sizeof name, e->name) || keystore_check_name(name, &err) != 0)
    return "a name that is none";
  if (!copy_text(url, sizeof url, e->origin) ||
      origin_of_server(origin, slice_of(url), &err) != 0 || strcmp(url, origin) != 0)
    return "an origin that is none";
  if (!copy_text(header, sizeof header, e->header) || secret_check_header(header, &err) != 0)
    return "a header that is none";
  return NULL;
}

/* Takes one entry off *REST; NULL, or what is wrong with it. */
static const char *take_entry(struct format_entry *e, struct slice *rest) {
  const char *begin = rest->ptr;
  if (rest->len < FORMAT_ENTRY_HEAD_SIZE) return "an entry is cut off";
  struct slice head = take(rest, FORMAT_ENTRY_HEAD_SIZE);
  size_t name_len = get_u16(head.ptr + 16), origin_len = get_u16(head.ptr + 18);
  size_t header_len = get_u16(head.ptr + 20);
  e->key_len = get_u16(head.ptr + 22);
  if (e->key_len < 1 || e->key_len > SECRET_KEY_LEN_MAX) return "a key of a wrong length";
  size_t plain_len = name_len + origin_len + header_len, sealed_len = e->key_len + FORMAT_TAG_SIZE;
  if (rest->len < plain_len + FORMAT_NONCE_SIZE + sealed_len) return "an entry is cut off";
  e->added_s = (int64_t)get(head.ptr, 8);
  e->expires_s = (int64_t)get(head.ptr + 8, 8);
  e->name = take(rest, name_len);
  e->origin = take(rest, origin_len);
  e->header = take(rest, header_len);
  e->plain = (struct slice){begin, FORMAT_ENTRY_HEAD_SIZE + plain_len};
  e->nonce = take(rest, FORMAT_NONCE_SIZE);
  e->sealed = take(rest, sealed_len);
  return entry_fault(e);
}

int format_entries(struct format_file *file, struct error *err) {
  if (check_kdf(file, err) != 0) return -1;
  if (file->head.entries_len > KEYSTORE_ENTRIES_MAX)
    return format_damaged(err, "more than 256 entries");
  struct slice rest = file->entries;
  for (uint32_t i = 0; i < file->head.entries_len; i++) {
    const char *fault = take_entry(&file->entry[i], &rest);
    if (fault) return format_damaged(err, fault);
    for (uint32_t k = 0; k < i; k++)
      if (slice_equal(file->entry[k].name, file->entry[i].name))
        return format_damaged(err, "two entries of one name");
  }
  return rest.len == 0 ? 0 : format_damaged(err, "bytes stand behind its entries");
}

void format_put_head(struct buf *b, const struct format_head *head) {
  buf_add(b, magic, sizeof magic);
  put(b, FORMAT_VERSION, 4);
  put(b, FORMAT_KDF_ARGON2ID13, 4);
  put(b, head->passes, 4);
  put(b, head->memory_kib, 4);
  buf_add(b, head->salt, sizeof head->salt);
  buf_add(b, head->id, sizeof head->id);
  put(b, head->generation, 8);
  put(b, head->entries_len, 4);
  put(b, head->entries_size, 4);
}

void format_put_plain(struct buf *b, const struct format_entry *entry) {
  put(b, (uint64_t)entry->added_s, 8);
  put(b, (uint64_t)entry->expires_s, 8);
  put(b, entry->name.len, 2);
  put(b, entry->origin.len, 2);
  put(b, entry->header.len, 2);
  put(b, entry->key_len, 2);
  buf_add_slice(b, entry->name);
  buf_add_slice(b, entry->origin);
  buf_add_slice(b, entry->header);
}

void format_put_u32(struct buf *b, uint32_t value) { put(b, value, 4); }
