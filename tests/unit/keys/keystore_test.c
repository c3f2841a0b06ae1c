#include "keys/keystore.h"

#include "scene.h"

#include <fcntl.h>
#include <sys/file.h>

static int open_code(const struct scene *s, struct error *err) {
  struct keystore *ks = keystore_open(s->path, err);
  keystore_free(ks);
  return ks ? 0 : -1;
}

static void a_new_keystore_is_0600_in_0700_and_opens_with_its_passphrase(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  struct stat st;
  char path[128], folder[112];
  scene_begin(&s);
  (void)snprintf(folder, sizeof folder, "%s/config/hoko", s.dir);
  (void)snprintf(path, sizeof path, "%s/keystore", folder);
  struct secret *right = scene_secret("right"), *wrong = scene_secret("wrong");
  struct keystore *ks = keystore_create(path, right, KEYSTORE_KDF_INTERACTIVE, &err);
  if (!ks) fail_msg("%s", err.message);
  assert_int_equal(keystore_len(ks), 0);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  assert_int_equal(stat(folder, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0700);
  keystore_free(ks);

  ks = keystore_open(path, &err);
  assert_false(keystore_is_unlocked(ks));
  assert_int_equal(keystore_unlock(ks, wrong, &err), 1);
  assert_int_equal(err.code, ERROR_AUTH);
  assert_non_null(strstr(err.message, "wrong passphrase"));
  assert_false(keystore_is_unlocked(ks));
  assert_int_equal(keystore_unlock(ks, right, &err), 0);
  assert_true(keystore_is_unlocked(ks));
  keystore_free(ks);
  secret_free(right);
  secret_free(wrong);
  scene_end(&s);
}

static void a_keystore_is_never_made_over_what_is_there(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin(&s);
  scene_write(&s, SLICE("precious"));
  struct secret *passphrase = scene_secret("right");
  assert_null(keystore_create(s.path, passphrase, KEYSTORE_KDF_INTERACTIVE, &err));
  struct buf b = BUF_WITH_LIMIT(100);
  assert_int_equal(file_read(&b, s.path, &err), 0);
  assert_true(slice_equal(buf_slice(&b), SLICE("precious")));
  buf_free(&b);
  secret_free(passphrase);
  scene_end(&s);
}

static void the_moderate_derivation_is_the_default(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin(&s);
  struct secret *passphrase = scene_secret("right");
  struct keystore *ks = keystore_create(s.path, passphrase, (enum keystore_kdf){0}, &err);
  if (!ks) fail_msg("%s", err.message);
  struct buf b = BUF_WITH_LIMIT(4096);
  assert_int_equal(file_read(&b, s.path, &err), 0);
  static const unsigned char parameters[8] = {3, 0, 0, 0, 0, 0, 4, 0}; /* 3 passes, 256 MiB */
  assert_memory_equal(b.ptr + 16, parameters, sizeof parameters);
  buf_free(&b);
  keystore_free(ks);
  secret_free(passphrase);
  scene_end(&s);
}

static void keys_come_back_with_what_was_said_of_them(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  struct keystore_entry entry;
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  assert_int_equal(keystore_len(ks), 3);
  entry = keystore_entry(ks, 1);
  assert_string_equal(entry.name, "crm");
  assert_string_equal(entry.origin, SCENE_ORIGIN);
  assert_string_equal(entry.header, SECRET_HEADER_DEFAULT);
  assert_int_equal(entry.added_ms, 1790000000000);
  assert_int_equal(entry.expires_ms, 1800000000000);
  assert_int_equal(entry.used_ms, 0);
  assert_true(keystore_find(ks, "default", &entry));
  assert_string_equal(entry.name, "default");
  assert_false(keystore_find(ks, "nobody", NULL));
  struct secret *key = keystore_key(ks, "crm", &err);
  assert_string_equal(secret_label(key), "crm");
  struct secret *line = secret_header(key, SCENE_ORIGIN, &err);
  assert_string_equal(secret_open(line).ptr, "Authorization: Bearer " SCENE_KEY);
  secret_free(line);
  secret_free(key);
  keystore_free(ks);
  scene_end(&s);
}

static void a_missing_key_names_the_nearest(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  assert_null(keystore_key(ks, "defualt", &err));
  assert_int_equal(err.code, ERROR_AUTH);
  assert_non_null(strstr(err.hint, "\"default\""));
  assert_null(keystore_key(ks, "quite-another", &err));
  assert_non_null(strstr(err.hint, "hoko key add quite-another"));
  keystore_free(ks);
  scene_end(&s);
}

static void changes_are_there_when_it_is_opened_again(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  struct keystore_entry entry;
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  struct secret *fresh = scene_key("hk_fresh");
  assert_int_equal(scene_add(ks, "fourth", "hk_fourth", &err), 0);
  assert_int_equal(keystore_replace(ks, "default", fresh, 1795000000999, 0, &err), 0);
  assert_int_equal(keystore_rename(ks, "spare", "second", &err), 0);
  assert_int_equal(keystore_remove(ks, "crm", &err), 0);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(keystore_len(ks), 3);
    assert_true(scene_holds(ks, "default", "hk_fresh"));
    assert_true(scene_holds(ks, "second", SCENE_KEY));
    assert_true(scene_holds(ks, "fourth", "hk_fourth"));
    assert_true(keystore_find(ks, "default", &entry));
    assert_int_equal(entry.added_ms, 1795000000000);
    assert_int_equal(entry.expires_ms, 0);
    keystore_free(ks);
    ks = scene_open(&s);
  }
  keystore_free(ks);
  secret_free(fresh);
  scene_end(&s);
}

static void a_change_that_makes_no_sense_changes_nothing(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  struct secret *other = scene_secret("hk_other");
  assert_int_equal(secret_bind(other, "https://crm.example.com", SECRET_HEADER_DEFAULT, &err), 0);
  assert_int_equal(scene_add(ks, "crm", "hk", &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_int_equal(scene_add(ks, "../crm", "hk", &err), -1);
  assert_int_equal(keystore_rename(ks, "crm", "default", &err), -1);
  assert_int_equal(keystore_rename(ks, "crm", "", &err), -1);
  assert_int_equal(keystore_rename(ks, "nobody", "somebody", &err), -1);
  assert_int_equal(keystore_remove(ks, "nobody", &err), -1);
  assert_int_equal(keystore_replace(ks, "nobody", other, 0, 0, &err), -1);
  assert_int_equal(keystore_replace(ks, "crm", other, 0, 0, &err), -1);
  assert_non_null(strstr(err.message, "https://crm.example.com"));
  struct buf b = BUF_WITH_LIMIT(1 << 20);
  assert_int_equal(file_read(&b, s.path, &err), 0);
  assert_true(slice_equal(buf_slice(&b), buf_slice(&scene_origin.bytes)));
  buf_free(&b);
  secret_free(other);
  keystore_free(ks);
  scene_end(&s);
}

static void it_holds_256_keys_of_full_length_and_no_more(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  struct keystore_entry entry = {.added_ms = 0};
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  struct secret *key = secret_new(SECRET_KEY_LEN_MAX, &err);
  memset(secret_room(key), 'k', SECRET_KEY_LEN_MAX);
  secret_filled(key, SECRET_KEY_LEN_MAX);
  assert_int_equal(secret_bind(key, SCENE_ORIGIN, SECRET_HEADER_DEFAULT, &err), 0);
  for (int i = 3; i < KEYSTORE_ENTRIES_MAX; i++) {
    (void)snprintf(entry.name, sizeof entry.name, "%064d", i);
    if (keystore_add(ks, &entry, key, &err) != 0) fail_msg("%s", err.message);
  }
  (void)snprintf(entry.name, sizeof entry.name, "last");
  assert_int_equal(keystore_add(ks, &entry, key, &err), -1);
  assert_int_equal(err.code, ERROR_STATE);
  keystore_free(ks);
  ks = scene_open(&s);
  assert_int_equal(keystore_len(ks), KEYSTORE_ENTRIES_MAX);
  keystore_free(ks);
  secret_free(key);
  scene_end(&s);
}

static void a_new_passphrase_shuts_out_the_old_one(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  struct secret *old = scene_secret(SCENE_PASSPHRASE), *next = scene_secret("battery staple");
  assert_int_equal(keystore_passwd(ks, next, KEYSTORE_KDF_INTERACTIVE, &err), 0);
  assert_true(scene_holds(ks, "crm", SCENE_KEY));
  assert_int_equal(scene_add(ks, "fourth", "hk_fourth", &err), 0);
  keystore_free(ks);
  ks = keystore_open(s.path, &err);
  assert_int_equal(keystore_unlock_token(ks, scene_origin.token, &err), 1);
  assert_int_equal(keystore_unlock(ks, old, &err), 1);
  assert_int_equal(keystore_unlock(ks, next, &err), 0);
  assert_true(scene_holds(ks, "crm", SCENE_KEY));
  assert_true(scene_holds(ks, "fourth", "hk_fourth"));
  keystore_free(ks);
  secret_free(old);
  secret_free(next);
  scene_end(&s);
}

static void two_holders_of_one_keystore_both_change_it(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  bool is_changed;
  scene_begin_with_keystore(&s);
  struct keystore *one = scene_open(&s), *two = scene_open(&s);
  assert_int_equal(scene_add(one, "from-one", "hk_one", &err), 0);
  assert_int_equal(scene_add(two, "from-two", "hk_two", &err), 0);
  assert_true(keystore_find(two, "from-one", NULL));
  assert_false(keystore_find(one, "from-two", NULL));
  assert_int_equal(keystore_refresh(one, &is_changed, &err), 0);
  assert_true(is_changed);
  assert_true(scene_holds(one, "from-two", "hk_two"));
  assert_int_equal(keystore_refresh(one, &is_changed, &err), 0);
  assert_false(is_changed);
  assert_int_equal(scene_add(one, "from-two", "hk", &err), -1);
  keystore_free(one);
  keystore_free(two);
  scene_end(&s);
}

static void a_passphrase_changed_by_another_is_told(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  bool is_changed;
  scene_begin_with_keystore(&s);
  struct keystore *one = scene_open(&s), *two = scene_open(&s);
  struct secret *next = scene_secret("battery staple");
  assert_int_equal(keystore_passwd(two, next, KEYSTORE_KDF_INTERACTIVE, &err), 0);
  assert_int_equal(keystore_refresh(one, &is_changed, &err), -1);
  assert_non_null(strstr(err.message, "changed meanwhile"));
  assert_int_equal(scene_add(one, "late", "hk", &err), -1);
  assert_true(scene_holds(one, "crm", SCENE_KEY)); /* what it had, it has */
  keystore_free(one);
  keystore_free(two);
  secret_free(next);
  scene_end(&s);
}

static void a_keystore_that_another_changes_is_waited_for_and_then_refused(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  char lock[112];
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  (void)snprintf(lock, sizeof lock, "%s.lock", s.path);
  int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  assert_int_equal(flock(fd, LOCK_EX), 0);
  assert_int_equal(scene_add(ks, "fourth", "hk", &err), -1);
  assert_int_equal(err.code, ERROR_STATE);
  assert_non_null(strstr(err.message, "another hoko"));
  assert_int_equal(close(fd), 0);
  assert_int_equal(scene_add(ks, "fourth", "hk", &err), 0);
  keystore_free(ks);
  scene_end(&s);
}

static void an_older_copy_is_refused_until_its_note_is_removed(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  bool is_changed;
  char used[112];
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  assert_int_equal(keystore_remove(ks, "crm", &err), 0);
  scene_write(&s, buf_slice(&scene_origin.bytes));
  assert_int_equal(keystore_refresh(ks, &is_changed, &err), -1);
  assert_non_null(strstr(err.message, "older copy"));
  assert_int_equal(scene_add(ks, "fourth", "hk", &err), -1);
  keystore_free(ks);

  ks = keystore_open(s.path, &err);
  assert_int_equal(keystore_unlock_token(ks, scene_origin.token, &err), -1);
  assert_int_equal(err.code, ERROR_AUTH);
  assert_non_null(strstr(err.message, "older copy"));
  assert_false(keystore_is_unlocked(ks));
  (void)snprintf(used, sizeof used, "%s.used", s.path);
  assert_non_null(strstr(err.hint, used));
  keystore_free(ks);
  assert_int_equal(unlink(used), 0);
  keystore_free(scene_open(&s));
  scene_end(&s);
}

/* As between the slow derivations of two programs. */
static void a_keystore_that_another_changed_since_it_was_opened_is_no_older_copy(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  scene_begin_with_keystore(&s);
  struct keystore *slow = keystore_open(s.path, &err), *quick = scene_open(&s);
  assert_int_equal(scene_add(quick, "fourth", "hk_fourth", &err), 0);
  if (keystore_unlock_token(slow, scene_origin.token, &err) != 0) fail_msg("%s", err.message);
  assert_int_equal(scene_add(slow, "fifth", "hk_fifth", &err), 0);
  assert_true(scene_holds(slow, "fourth", "hk_fourth"));
  keystore_free(slow);
  keystore_free(quick);
  scene_end(&s);
}

static void times_of_use_are_kept_beside_it_and_follow_a_rename(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  struct keystore_entry entry;
  scene_begin_with_keystore(&s);
  struct keystore *ks = scene_open(&s);
  keystore_note_used(ks, "crm", 1795000000000);
  keystore_note_used(ks, "crm", 1795000030000); /* within the minute */
  keystore_note_used(ks, "default", 1795000090000);
  struct buf b = BUF_WITH_LIMIT(1 << 20);
  assert_int_equal(file_read(&b, s.path, &err), 0);
  assert_true(slice_equal(buf_slice(&b), buf_slice(&scene_origin.bytes)));
  buf_free(&b);
  assert_int_equal(keystore_rename(ks, "crm", "customers", &err), 0);
  assert_int_equal(keystore_remove(ks, "default", &err), 0);
  assert_int_equal(scene_add(ks, "default", "hk_again", &err), 0);
  keystore_free(ks);
  ks = scene_open(&s);
  assert_true(keystore_find(ks, "customers", &entry));
  assert_int_equal(entry.used_ms, 1795000000000);
  assert_true(keystore_find(ks, "default", &entry));
  assert_int_equal(entry.used_ms, 0);
  keystore_free(ks);
  scene_end(&s);
}

enum { MADE_EMPTY, MADE_TEXT, MADE_FOLDER, MADE_LINK, MADE_PIPE, MADE_NOTHING, MADE_HUGE };

static const struct {
  int made;
  const char *says;
} kinds[] = {
    {MADE_NOTHING, "there is no keystore"},
    {MADE_EMPTY, "empty"},
    {MADE_TEXT, "no keystore of hoko"},
    {MADE_FOLDER, "is a folder"},
    {MADE_LINK, "symbolic link"},
    {MADE_PIPE, "no regular file"},
    {MADE_HUGE, "more than a keystore can have"},
};

static void make(const struct scene *s, int made) {
  char target[112];
  (void)snprintf(target, sizeof target, "%s/target", s->dir);
  switch (made) {
  case MADE_NOTHING: break;
  case MADE_EMPTY: scene_write(s, SLICE("")); break;
  case MADE_TEXT: scene_write(s, SLICE("#!/bin/sh\necho a script, not a keystore\n")); break;
  case MADE_FOLDER: assert_int_equal(mkdir(s->path, 0700), 0); break;
  case MADE_PIPE: assert_int_equal(mkfifo(s->path, 0600), 0); break;
  case MADE_LINK:
    scene_write(s, buf_slice(&scene_origin.bytes));
    assert_int_equal(rename(s->path, target), 0);
    assert_int_equal(symlink(target, s->path), 0);
    break;
  case MADE_HUGE:
    scene_write(s, SLICE("HOKOKEYS"));
    assert_int_equal(truncate(s->path, 1 << 30), 0);
    break;
  default: fail();
  }
}

static void what_is_no_keystore_is_told_by_its_kind(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    struct error err = {0};
    struct scene s;
    scene_begin(&s);
    make(&s, kinds[i].made);
    assert_int_equal(open_code(&s, &err), -1);
    assert_int_equal(err.code, ERROR_AUTH);
    if (!strstr(err.message, kinds[i].says)) fail_msg("%s", err.message);
    assert_non_null(strstr(err.message, s.path));
    scene_end(&s);
  }
}

static void what_others_can_read_is_refused_with_the_chmod(void **state) {
  (void)state;
  static const struct {
    mode_t file, folder;
    const char *hint; /* NULL: taken */
  } modes[] = {{0600, 0700, NULL},         {0400, 0500, NULL},         {0640, 0700, "chmod 600 "},
               {0604, 0700, "chmod 600 "}, {0620, 0700, "chmod 600 "}, {0600, 0755, "chmod 700 "},
               {0600, 0710, "chmod 700 "}, {0666, 0777, "chmod 700 "}};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    struct error err = {0};
    struct scene s;
    scene_begin_with_keystore(&s);
    assert_int_equal(chmod(s.path, modes[i].file), 0);
    assert_int_equal(chmod(s.dir, modes[i].folder), 0);
    int rc = open_code(&s, &err);
    assert_int_equal(rc, modes[i].hint ? -1 : 0);
    if (modes[i].hint) assert_ptr_equal(strstr(err.hint, modes[i].hint), err.hint);
    if (modes[i].hint) assert_int_equal(err.code, ERROR_AUTH);
    scene_end(&s);
  }
}

static void the_chmod_can_be_typed_for_any_path(void **state) {
  (void)state;
  struct error err;
  struct scene s;
  char odd[112], command[160];
  scene_begin_with_keystore(&s);
  (void)snprintf(odd, sizeof odd, "%s/it's $HOME's", s.dir);
  assert_int_equal(rename(s.path, odd), 0);
  assert_int_equal(chmod(odd, 0644), 0);
  assert_null(keystore_open(odd, &err));
  (void)snprintf(command, sizeof command, "%.150s", err.hint);
  assert_int_equal(system(command), 0);
  struct keystore *ks = keystore_open(odd, &err);
  assert_non_null(ks);
  keystore_free(ks);
  scene_end(&s);
}

static void another_users_keystore_is_refused(void **state) {
  (void)state;
  if (getuid() != 0) skip(); /* only root can give a file away */
  struct error err;
  struct scene s;
  scene_begin_with_keystore(&s);
  assert_int_equal(chown(s.path, 65534, (gid_t)-1), 0);
  assert_int_equal(open_code(&s, &err), -1);
  assert_non_null(strstr(err.message, "belongs to user 65534"));
  scene_end(&s);
}

static void every_damaged_file_is_refused_and_left_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < scene_origin.bytes.len; i += 7) {
    struct error err;
    struct scene s;
    struct buf b = BUF_WITH_LIMIT(1 << 20), after = BUF_WITH_LIMIT(1 << 20);
    scene_begin(&s);
    buf_add_slice(&b, buf_slice(&scene_origin.bytes));
    b.ptr[i] = (char)(b.ptr[i] ^ 0x40);
    scene_write(&s, buf_slice(&b));
    assert_int_equal(open_code(&s, &err), -1);
    assert_non_null(strstr(err.message, s.path));
    assert_int_equal(file_read(&after, s.path, &err), 0);
    assert_true(slice_equal(buf_slice(&b), buf_slice(&after)));
    buf_free(&b);
    buf_free(&after);
    scene_end(&s);
  }
}

static void the_place_is_the_variables_or_the_config_folders(void **state) {
  (void)state;
  static const struct {
    const char *named, *config, *home, *path; /* NULL: unset; refused */
  } places[] = {
      {"/a/ks", "/c", "/h", "/a/ks"},
      {"", "/c", "/h", "/c/hoko/keystore"},
      {NULL, "/c", "/h", "/c/hoko/keystore"},
      {NULL, "relative", "/h", "/h/.config/hoko/keystore"},
      {NULL, NULL, "/h", "/h/.config/hoko/keystore"},
      {NULL, NULL, "", NULL},
      {NULL, NULL, NULL, NULL},
  };
  const char *home = getenv("HOME");
  char *kept = home ? strdup(home) : NULL;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    struct error err = {0};
    char path[PATH_SIZE];
    const char *values[] = {places[i].named, places[i].config, places[i].home};
    static const char *const names[] = {"HOKO_KEYSTORE", "XDG_CONFIG_HOME", "HOME"};
    for (int k = 0; k < 3; k++)
      assert_int_equal(values[k] ? setenv(names[k], values[k], 1) : unsetenv(names[k]), 0);
    assert_int_equal(keystore_path(path, &err), places[i].path ? 0 : -1);
    if (places[i].path) assert_string_equal(path, places[i].path);
    if (!places[i].path) assert_int_equal(err.code, ERROR_AUTH);
  }
  if (kept) assert_int_equal(setenv("HOME", kept, 1), 0);
  free(kept);
}

static void a_relative_place_is_meant_from_the_current_folder(void **state) {
  (void)state;
  struct error err;
  char path[PATH_SIZE], here[PATH_SIZE];
  assert_non_null(getcwd(here, sizeof here));
  assert_int_equal(setenv("HOKO_KEYSTORE", "demo/ks", 1), 0);
  assert_int_equal(keystore_path(path, &err), 0);
  assert_int_equal(strncmp(path, here, strlen(here)), 0);
  assert_string_equal(path + strlen(path) - 8, "/demo/ks");
  assert_int_equal(unsetenv("HOKO_KEYSTORE"), 0);
}

static void names_are_words(void **state) {
  (void)state;
  static const char *const good[] = {"default", "a", "CRM_2.eu-west", "0"};
  static const char *const bad[] = {"", "-x", ".x", "a b", "a/b", "a\n", "caf\xc3\xa9", "a{b"};
  struct error err;
  char longest[KEYSTORE_NAME_SIZE + 1];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_int_equal(keystore_check_name(good[i], &err), 0);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(keystore_check_name(bad[i], &err), -1);
    assert_int_equal(err.code, ERROR_USAGE);
  }
  memset(longest, 'x', sizeof longest);
  longest[KEYSTORE_NAME_SIZE] = '\0';
  assert_int_equal(keystore_check_name(longest, &err), -1);
  longest[KEYSTORE_NAME_SIZE - 1] = '\0';
  assert_int_equal(keystore_check_name(longest, &err), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_keystore_is_0600_in_0700_and_opens_with_its_passphrase),
      cmocka_unit_test(a_keystore_is_never_made_over_what_is_there),
      cmocka_unit_test(the_moderate_derivation_is_the_default),
      cmocka_unit_test(keys_come_back_with_what_was_said_of_them),
      cmocka_unit_test(a_missing_key_names_the_nearest),
      cmocka_unit_test(changes_are_there_when_it_is_opened_again),
      cmocka_unit_test(a_change_that_makes_no_sense_changes_nothing),
      cmocka_unit_test(it_holds_256_keys_of_full_length_and_no_more),
      cmocka_unit_test(a_new_passphrase_shuts_out_the_old_one),
      cmocka_unit_test(two_holders_of_one_keystore_both_change_it),
      cmocka_unit_test(a_passphrase_changed_by_another_is_told),
      cmocka_unit_test(a_keystore_that_another_changes_is_waited_for_and_then_refused),
      cmocka_unit_test(an_older_copy_is_refused_until_its_note_is_removed),
      cmocka_unit_test(a_keystore_that_another_changed_since_it_was_opened_is_no_older_copy),
      cmocka_unit_test(times_of_use_are_kept_beside_it_and_follow_a_rename),
      cmocka_unit_test(what_is_no_keystore_is_told_by_its_kind),
      cmocka_unit_test(what_others_can_read_is_refused_with_the_chmod),
      cmocka_unit_test(the_chmod_can_be_typed_for_any_path),
      cmocka_unit_test(another_users_keystore_is_refused),
      cmocka_unit_test(every_damaged_file_is_refused_and_left_alone),
      cmocka_unit_test(the_place_is_the_variables_or_the_config_folders),
      cmocka_unit_test(a_relative_place_is_meant_from_the_current_folder),
      cmocka_unit_test(names_are_words),
  };
  return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
