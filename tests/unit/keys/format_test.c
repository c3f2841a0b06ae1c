/* The file's syntax, with no disk and no passphrase: what a parser must refuse even
 * when an attacker made the digest fit. */
#include "keys/format.h"

#include "scene.h"

static struct format_file file;

/* Both steps. */
static int parse(struct slice bytes, struct error *err) {
  return format_frame(&file, bytes, err) == 0 ? format_entries(&file, err) : -1;
}

static void what_is_written_is_read(void **state) {
  (void)state;
  struct error err;
  if (parse(buf_slice(&scene_origin.bytes), &err) != 0) fail_msg("%s", err.message);
  assert_int_equal(file.head.entries_len, 3);
  assert_int_equal(file.head.generation, 4);
  assert_int_equal(file.head.passes, 2);
  assert_int_equal(file.head.memory_kib, 64 * 1024);
  const struct format_entry *e = &file.entry[1];
  assert_true(slice_is(e->name, "crm"));
  assert_true(slice_is(e->origin, SCENE_ORIGIN));
  assert_true(slice_is(e->header, SECRET_HEADER_DEFAULT));
  assert_int_equal(e->added_s, 1790000000);
  assert_int_equal(e->expires_s, 1800000000);
  assert_int_equal(e->key_len, strlen(SCENE_KEY));
}

static void what_is_read_is_written_again_byte_by_byte(void **state) {
  (void)state;
  struct error err;
  struct buf b = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  assert_int_equal(parse(buf_slice(&scene_origin.bytes), &err), 0);
  format_put_head(&b, &file.head);
  assert_true(slice_equal(buf_slice(&b), file.head_bytes));
  for (int i = 0; i < 3; i++) {
    buf_clear(&b);
    format_put_plain(&b, &file.entry[i]);
    assert_true(slice_equal(buf_slice(&b), file.entry[i].plain));
  }
  buf_free(&b);
}

static void the_key_is_nowhere_in_the_file(void **state) {
  (void)state;
  struct slice bytes = buf_slice(&scene_origin.bytes);
  assert_null(memmem(bytes.ptr, bytes.len, SCENE_KEY, 8));
  assert_null(memmem(bytes.ptr, bytes.len, SCENE_PASSPHRASE, 8));
}

static void every_prefix_is_refused(void **state) {
  (void)state;
  for (size_t len = 0; len < scene_origin.bytes.len; len++) {
    struct error err = {0};
    /* a copy of its own, so that a byte read too far is seen by AddressSanitizer */
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, scene_origin.bytes.ptr, len);
    assert_int_equal(parse((struct slice){copy, len}, &err), -1);
    assert_int_equal(err.code, ERROR_AUTH);
    assert_non_null(strstr(err.message, len ? "cut off" : "empty"));
    assert_true(err.hint[0] != '\0');
    free(copy);
  }
}

struct patch_case {
  const char *what;
  size_t at, size;
  uint64_t value;
  const char *says;
};

enum { ENTRY_0 = FORMAT_HEAD_SIZE + FORMAT_CHECK_SIZE };

static const struct patch_case patch_cases[] = {
    {"magic", 0, 1, 'h', "no keystore"},
    {"version 0", 8, 4, 0, "damaged"},
    {"version 2", 8, 4, 2, "newer"},
    {"version 2^32 - 1", 8, 4, UINT32_MAX, "newer"},
    {"kdf 2", 12, 4, 2, "refused"},
    {"no passes", 16, 4, 0, "refused"},
    {"11 passes", 16, 4, 11, "refused"},
    {"2^32 - 1 passes", 16, 4, UINT32_MAX, "refused"},
    {"7 KiB", 20, 4, 7, "refused"},
    {"over 1 GiB", 20, 4, 1024 * 1024 + 1, "refused"},
    {"4 TiB", 20, 4, UINT32_MAX, "refused"},
    {"one entry less", 64, 4, 2, "damaged"},
    {"one entry more", 64, 4, 4, "damaged"},
    {"257 entries", 64, 4, 257, "damaged"},
    {"2^32 - 1 entries", 64, 4, UINT32_MAX, "damaged"},
    {"a byte of entries more", 68, 4, 1, "cut off"}, /* added to what stands there */
    {"4 GiB of entries", 68, 4, UINT32_MAX / 2, "cut off"},
    {"added in the year 10000", ENTRY_0, 8, 253402300800, "time"},
    {"added before 1970", ENTRY_0, 8, UINT64_MAX, "time"},
    {"expires in the year 10000", ENTRY_0 + 8, 8, 253402300800, "time"},
    {"no name", ENTRY_0 + 16, 2, 0, "damaged"},
    {"a name of 65535", ENTRY_0 + 16, 2, UINT16_MAX, "damaged"},
    {"no origin", ENTRY_0 + 18, 2, 0, "damaged"},
    {"an origin of 65535", ENTRY_0 + 18, 2, UINT16_MAX, "damaged"},
    {"no header", ENTRY_0 + 20, 2, 0, "damaged"},
    {"no key", ENTRY_0 + 22, 2, 0, "damaged"},
    {"a key of 4097", ENTRY_0 + 22, 2, 4097, "damaged"},
    {"a key one shorter", ENTRY_0 + 22, 2, sizeof SCENE_KEY - 2, "damaged"},
    {"a NUL in the name", ENTRY_0 + 24, 1, 0, "name"},
    {"a slash in the name", ENTRY_0 + 24, 1, '/', "name"},
    {"an origin of another scheme", ENTRY_0 + 24 + 7, 1, 'x', "origin"},
    {"an origin in capitals", ENTRY_0 + 24 + 7, 1, 'H', "origin"},
    {"a header with a line end", ENTRY_0 + 24 + 7 + sizeof SCENE_ORIGIN, 1, '\n', "header"},
};

static void absurd_fields_are_refused_by_name(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof patch_cases / sizeof *patch_cases; i++) {
    const struct patch_case *c = &patch_cases[i];
    struct error err = {0};
    size_t len = scene_origin.bytes.len;
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, scene_origin.bytes.ptr, len);
    uint64_t value = c->value;
    if (c->at == 68) value += file.head.entries_size;
    for (size_t k = 0; k < c->size; k++) copy[c->at + k] = (char)(uint8_t)(value >> 8 * k);
    if (parse((struct slice){copy, len}, &err) != -1) fail_msg("%s: taken", c->what);
    if (!strstr(err.message, c->says)) fail_msg("%s: %s", c->what, err.message);
    assert_int_equal(err.code, ERROR_AUTH);
    free(copy);
  }
}

static void two_entries_of_one_name_are_refused(void **state) {
  (void)state;
  struct error err;
  struct buf copy = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  buf_add_slice(&copy, buf_slice(&scene_origin.bytes));
  assert_int_equal(parse(buf_slice(&copy), &err), 0);
  /* "spare" cannot become "default", of another length; so "crm" is written over by "crm" */
  size_t first = (size_t)(file.entry[1].plain.ptr - copy.ptr);
  size_t second = (size_t)(file.entry[2].plain.ptr - copy.ptr);
  struct slice one = {copy.ptr + first, second - first};
  struct buf twice = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  file.head.entries_size = (uint32_t)(2 * one.len);
  file.head.entries_len = 2;
  format_put_head(&twice, &file.head);
  buf_add_slice(&twice, file.check);
  buf_add_slice(&twice, one);
  buf_add_slice(&twice, one);
  buf_add_slice(&twice, file.authenticator);
  buf_add_slice(&twice, file.digest);
  assert_int_equal(parse(buf_slice(&twice), &err), -1);
  assert_non_null(strstr(err.message, "one name"));
  buf_free(&twice);
  buf_free(&copy);
}

static void bytes_behind_the_end_are_refused(void **state) {
  (void)state;
  struct error err;
  struct buf copy = BUF_WITH_LIMIT(FORMAT_SIZE_MAX);
  buf_add_slice(&copy, buf_slice(&scene_origin.bytes));
  buf_add_char(&copy, '\0');
  assert_int_equal(parse(buf_slice(&copy), &err), -1);
  assert_non_null(strstr(err.message, "behind"));
  buf_free(&copy);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(what_is_read_is_written_again_byte_by_byte),
      cmocka_unit_test(the_key_is_nowhere_in_the_file),
      cmocka_unit_test(every_prefix_is_refused),
      cmocka_unit_test(absurd_fields_are_refused_by_name),
      cmocka_unit_test(two_entries_of_one_name_are_refused),
      cmocka_unit_test(bytes_behind_the_end_are_refused),
  };
  return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
