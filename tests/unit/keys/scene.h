/* scene.h - a keystore with three keys in a folder of its own.
 *
 * The costly derivation is done once for a test program (scene_setup() as the
 * group's set-up); each test begins with a copy of that file and unlocks it by its
 * token. */
#ifndef HOKO_TESTS_KEYS_SCENE_H
#define HOKO_TESTS_KEYS_SCENE_H

#include "base/file.h"
#include "keys/keys.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#define SCENE_PASSPHRASE "correct horse"
#define SCENE_ORIGIN "https://hoko.to"
#define SCENE_KEY "canary-0123456789-abcd"

struct scene {
  char dir[64], path[96];
};

struct scene_origin {
  struct buf bytes;
  struct secret *token;
};

static struct scene_origin scene_origin;

static inline void scene_begin(struct scene *s) {
  strcpy(s->dir, "/tmp/hoko-keys-XXXXXX");
  assert_non_null(mkdtemp(s->dir));
  (void)snprintf(s->path, sizeof s->path, "%s/keystore", s->dir);
}

static inline int scene_remove(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  return remove(path);
}

/* A test may have shut the folder, and only root can empty it then. */
static inline void scene_end(const struct scene *s) {
  assert_int_equal(chmod(s->dir, 0700), 0);
  assert_int_equal(nftw(s->dir, scene_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline struct secret *scene_secret(const char *text) {
  struct error err;
  struct secret *s = secret_of(slice_of(text), &err);
  assert_non_null(s);
  return s;
}

static inline struct secret *scene_key(const char *text) {
  struct error err;
  struct secret *s = scene_secret(text);
  if (secret_bind(s, SCENE_ORIGIN, SECRET_HEADER_DEFAULT, &err) != 0) fail_msg("%s", err.message);
  return s;
}

static inline int scene_add(struct keystore *ks, const char *name, const char *text,
                            struct error *err) {
  struct keystore_entry entry = {.added_ms = 1790000000000, .expires_ms = 1800000000000};
  (void)snprintf(entry.name, sizeof entry.name, "%s", name);
  struct secret *key = scene_key(text);
  int rc = keystore_add(ks, &entry, key, err);
  secret_free(key);
  return rc;
}

static inline int scene_setup(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin(&s);
  struct secret *passphrase = scene_secret(SCENE_PASSPHRASE);
  struct keystore *ks = keystore_create(s.path, passphrase, KEYSTORE_KDF_INTERACTIVE, &err);
  if (!ks) fail_msg("%s", err.message);
  static const char *const names[] = {"default", "crm", "spare"};
  for (int i = 0; i < 3; i++)
    if (scene_add(ks, names[i], SCENE_KEY, &err) != 0) fail_msg("%s", err.message);
  scene_origin.bytes = BUF_WITH_LIMIT(1 << 22);
  assert_int_equal(file_read(&scene_origin.bytes, s.path, &err), 0);
  scene_origin.token = keystore_token(ks, &err);
  assert_non_null(scene_origin.token);
  keystore_free(ks);
  secret_free(passphrase);
  scene_end(&s);
  return 0;
}

static inline int scene_teardown(void **state) {
  (void)state;
  buf_free(&scene_origin.bytes);
  secret_free(scene_origin.token);
  return 0;
}

static inline void scene_write(const struct scene *s, struct slice bytes) {
  struct error err;
  if (file_replace(s->path, bytes, 0600, &err) != 0) fail_msg("%s", err.message);
}

/* A folder with a copy of the keystore in it. */
static inline void scene_begin_with_keystore(struct scene *s) {
  scene_begin(s);
  scene_write(s, buf_slice(&scene_origin.bytes));
}

static inline struct keystore *scene_open(const struct scene *s) {
  struct error err;
  struct keystore *ks = keystore_open(s->path, &err);
  if (!ks) fail_msg("%s", err.message);
  if (keystore_unlock_token(ks, scene_origin.token, &err) != 0) fail_msg("%s", err.message);
  return ks;
}

static inline bool scene_holds(const struct keystore *ks, const char *name, const char *text) {
  struct error err;
  struct secret *key = keystore_key(ks, name, &err), *expected = scene_secret(text);
  bool is_equal = key && secret_equal(key, expected);
  secret_free(key);
  secret_free(expected);
  return is_equal;
}

#endif
