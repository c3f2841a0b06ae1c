#include "keys/unlock.h"

#include "pty.h"
#include "scene.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

static const struct unlock no_fd = {.passphrase_fd = -1, .purpose = "test it"};
static struct scene scene;
static struct pty_end end;

static int begin(void **state) {
  (void)state;
  scene_begin_with_keystore(&scene);
  assert_int_equal(setenv("HOKO_KEYSTORE", scene.path, 1), 0);
  assert_int_equal(unsetenv("HOKO_PASSPHRASE_FILE"), 0);
  assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
  return 0;
}

static int finish(void **state) {
  (void)state;
  scene_end(&scene);
  return 0;
}

static void write_file(char path[112], const char *name, const char *text, mode_t mode) {
  struct error err;
  (void)snprintf(path, 112, "%s/%s", scene.dir, name);
  if (file_replace(path, slice_of(text), 0600, &err) != 0) fail_msg("%s", err.message);
  assert_int_equal(chmod(path, mode), 0);
}

/* 0, or the code of the error. */
static int unlock_code(const struct unlock *how, struct error *err) {
  struct keystore *ks = unlock_open(how, err);
  if (!ks) return (int)err->code;
  assert_true(keystore_is_unlocked(ks) && scene_holds(ks, "crm", SCENE_KEY));
  keystore_free(ks);
  return 0;
}

static struct unlock with_fd(const char *text) {
  int pipe_fd[2];
  assert_int_equal(pipe(pipe_fd), 0);
  assert_int_equal(write(pipe_fd[1], text, strlen(text)), strlen(text));
  assert_int_equal(close(pipe_fd[1]), 0);
  return (struct unlock){.passphrase_fd = pipe_fd[0], .purpose = "test it"};
}

static void a_descriptor_unlocks(void **state) {
  (void)state;
  struct error err;
  struct unlock right = with_fd(SCENE_PASSPHRASE "\n"), wrong = with_fd("wrong\n");
  assert_int_equal(unlock_code(&right, &err), 0);
  assert_int_equal(fcntl(right.passphrase_fd, F_GETFD), FD_CLOEXEC);
  assert_int_equal(unlock_code(&wrong, &err), ERROR_AUTH);
  assert_non_null(strstr(err.message, "--passphrase-fd"));
  assert_non_null(strstr(err.message, "wrong passphrase"));
  assert_int_equal(close(right.passphrase_fd), 0);
  assert_int_equal(close(wrong.passphrase_fd), 0);
}

static void a_passphrase_file_unlocks(void **state) {
  (void)state;
  struct error err;
  char path[112];
  write_file(path, "passphrase", SCENE_PASSPHRASE "\n", 0600);
  assert_int_equal(setenv("HOKO_PASSPHRASE_FILE", path, 1), 0);
  assert_int_equal(unlock_code(&no_fd, &err), 0);
  write_file(path, "passphrase", "wrong\n", 0400);
  assert_int_equal(unlock_code(&no_fd, &err), ERROR_AUTH);
  assert_non_null(strstr(err.message, "HOKO_PASSPHRASE_FILE"));
}

static void a_passphrase_file_that_others_read_is_refused_with_the_chmod(void **state) {
  (void)state;
  static const mode_t modes[] = {0640, 0604, 0644, 0660, 0666};
  char path[112];
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    struct error err;
    write_file(path, "passphrase", SCENE_PASSPHRASE "\n", modes[i]);
    assert_int_equal(setenv("HOKO_PASSPHRASE_FILE", path, 1), 0);
    assert_int_equal(unlock_code(&no_fd, &err), ERROR_AUTH);
    assert_ptr_equal(strstr(err.hint, "chmod 600 "), err.hint);
    assert_null(strstr(err.message, SCENE_PASSPHRASE));
  }
}

static void a_passphrase_file_that_is_none_is_refused(void **state) {
  (void)state;
  struct error err;
  static const char *const paths[] = {"/nonexistent/passphrase", "/tmp", "/dev/null"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    assert_int_equal(setenv("HOKO_PASSPHRASE_FILE", paths[i], 1), 0);
    assert_int_equal(unlock_code(&no_fd, &err), ERROR_AUTH);
    assert_non_null(strstr(err.message, paths[i]));
  }
}

static void a_systemd_credential_unlocks_whatever_its_mode(void **state) {
  (void)state;
  struct error err;
  char path[112];
  write_file(path, "hoko-passphrase", SCENE_PASSPHRASE, 0440);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", scene.dir, 1), 0);
  assert_int_equal(unlock_code(&no_fd, &err), 0);
  write_file(path, "hoko-passphrase", "wrong", 0440);
  assert_int_equal(unlock_code(&no_fd, &err), ERROR_AUTH);
  assert_non_null(strstr(err.message, "systemd credential"));
}

static void the_ways_are_tried_in_order_and_a_chosen_one_that_fails_ends_it(void **state) {
  (void)state;
  struct error err;
  char path[112];
  write_file(path, "hoko-passphrase", SCENE_PASSPHRASE, 0400);
  assert_int_equal(setenv("CREDENTIALS_DIRECTORY", scene.dir, 1), 0);
  write_file(path, "passphrase", "wrong", 0600);
  assert_int_equal(setenv("HOKO_PASSPHRASE_FILE", path, 1), 0);
  assert_int_equal(unlock_code(&no_fd, &err), ERROR_AUTH);
  assert_non_null(strstr(err.message, "HOKO_PASSPHRASE_FILE"));
  struct unlock right = with_fd(SCENE_PASSPHRASE "\n");
  assert_int_equal(unlock_code(&right, &err), 0);
  assert_int_equal(close(right.passphrase_fd), 0);
}

static int64_t now_ms(void) {
  struct timespec t;
  assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void without_terminal_and_way_it_ends_within_a_second_and_names_the_ways(void **state) {
  (void)state;
  static const char *const ways[] = {"--passphrase-fd", "HOKO_PASSPHRASE_FILE", "hoko-passphrase",
                                     "hoko key unlock", "HOKO_API_KEY"};
  int64_t before_ms = now_ms();
  pid_t child = fork();
  if (child == 0) {
    struct error err;
    (void)setsid();
    bool names_all = unlock_code(&no_fd, &err) == ERROR_AUTH && strstr(err.message, scene.path);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
      names_all &= !!strstr(err.hint, ways[i]);
    _exit(names_all ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  assert_true(now_ms() - before_ms < 1000);
}

static int unlock_here(void) {
  struct error err;
  return unlock_code(&no_fd, &err);
}

static void the_terminal_is_asked_with_keystore_and_purpose(void **state) {
  (void)state;
  const struct pty_step steps[] = {
      {"Passphrase of the keystore", "", 0},
      {scene.path, "", 0},
      {", to test it: ", SCENE_PASSPHRASE "\n", 0},
  };
  pty_run(&end, unlock_here, steps, 3);
  assert_int_equal(end.status, 0);
  assert_null(strstr(end.seen, SCENE_PASSPHRASE));
}

static void three_wrong_passphrases_are_enough(void **state) {
  (void)state;
  const struct pty_step right_at_last[] = {{": ", "wrong\n", 0},
                                           {"two tries", "", 0},
                                           {": ", "wrong\n", 0},
                                           {"one try", "", 0},
                                           {": ", SCENE_PASSPHRASE "\n", 0}};
  const struct pty_step wrong[] = {
      {": ", "1\n", 0}, {"two", "", 0}, {": ", "2\n", 0}, {"one", "", 0}, {": ", "3\n", 0}};
  pty_run(&end, unlock_here, right_at_last, 5);
  assert_int_equal(end.status, 0);
  pty_run(&end, unlock_here, wrong, 5);
  assert_int_equal(WEXITSTATUS(end.status), ERROR_AUTH);
}

static void what_is_kept_for_the_session_unlocks_until_it_is_forgotten(void **state) {
  (void)state;
  struct error err;
  struct keystore *ks = scene_open(&scene);
  if (unlock_keep(ks, 60 * 1000, &err) != 0) skip(); /* a container without a keyring */
  assert_int_equal(unlock_code(&no_fd, &err), 0);
  assert_int_equal(scene_add(ks, "fourth", "hk_fourth", &err), 0);
  assert_int_equal(unlock_code(&no_fd, &err), 0); /* a change of keys does not lock it */
  assert_true(unlock_forget(ks));
  assert_false(unlock_forget(ks));
  pid_t child = fork();
  if (child == 0) {
    (void)setsid();
    _exit(unlock_here());
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(WEXITSTATUS(status), ERROR_AUTH);
  keystore_free(ks);
}

static void what_is_kept_goes_stale_by_a_new_passphrase(void **state) {
  (void)state;
  struct error err;
  struct keystore *ks = scene_open(&scene);
  if (unlock_keep(ks, 60 * 1000, &err) != 0) skip(); /* a container without a keyring */
  struct secret *next = scene_secret("battery staple");
  assert_int_equal(keystore_passwd(ks, next, KEYSTORE_KDF_INTERACTIVE, &err), 0);
  pid_t child = fork();
  if (child == 0) {
    (void)setsid();
    _exit(unlock_here());
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(WEXITSTATUS(status), ERROR_AUTH);
  assert_true(unlock_forget(ks));
  secret_free(next);
  keystore_free(ks);
}

static void nothing_is_kept_for_less_than_a_second(void **state) {
  (void)state;
  struct error err;
  struct keystore *ks = scene_open(&scene);
  assert_int_equal(unlock_keep(ks, 999, &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  keystore_free(ks);
}

static int new_here(void) {
  struct error err;
  struct secret *s = unlock_new_passphrase("/x/keystore", &no_fd, &err);
  if (!s) return (int)err.code;
  struct secret *expected = scene_secret("fresh");
  bool is_equal = secret_equal(s, expected);
  secret_free(expected);
  secret_free(s);
  return is_equal ? 0 : 100;
}

static void a_new_passphrase_is_asked_for_twice_and_is_not_empty(void **state) {
  (void)state;
  const struct pty_step good[] = {{"New passphrase for the keystore /x/keystore: ", "fresh\n", 0},
                                  {"same again: ", "fresh\n", 0}};
  const struct pty_step empty[] = {{"New passphrase", "\n", 0}, {"same again: ", "\n", 0}};
  pty_run(&end, new_here, good, 2);
  assert_int_equal(end.status, 0);
  pty_run(&end, new_here, empty, 2);
  assert_int_equal(WEXITSTATUS(end.status), ERROR_AUTH);
}

static void a_new_passphrase_comes_by_the_other_ways_too(void **state) {
  (void)state;
  struct error err;
  char path[112];
  struct secret *expected = scene_secret("fresh");
  struct unlock how = with_fd("fresh\n");
  write_file(path, "passphrase", "fresh\n", 0600);
  for (int i = 0; i < 2; i++) {
    struct secret *s = unlock_new_passphrase("/x/keystore", i == 0 ? &how : &no_fd, &err);
    if (!s) fail_msg("%s", err.message);
    assert_true(secret_equal(s, expected));
    secret_free(s);
    assert_int_equal(setenv("HOKO_PASSPHRASE_FILE", path, 1), 0);
  }
  assert_int_equal(close(how.passphrase_fd), 0);
  secret_free(expected);
}

int main(void) {
#define UNLOCK_TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)
  const struct CMUnitTest tests[] = {
      UNLOCK_TEST(a_descriptor_unlocks),
      UNLOCK_TEST(a_passphrase_file_unlocks),
      UNLOCK_TEST(a_passphrase_file_that_others_read_is_refused_with_the_chmod),
      UNLOCK_TEST(a_passphrase_file_that_is_none_is_refused),
      UNLOCK_TEST(a_systemd_credential_unlocks_whatever_its_mode),
      UNLOCK_TEST(the_ways_are_tried_in_order_and_a_chosen_one_that_fails_ends_it),
      UNLOCK_TEST(without_terminal_and_way_it_ends_within_a_second_and_names_the_ways),
      UNLOCK_TEST(the_terminal_is_asked_with_keystore_and_purpose),
      UNLOCK_TEST(three_wrong_passphrases_are_enough),
      UNLOCK_TEST(what_is_kept_for_the_session_unlocks_until_it_is_forgotten),
      UNLOCK_TEST(what_is_kept_goes_stale_by_a_new_passphrase),
      UNLOCK_TEST(nothing_is_kept_for_less_than_a_second),
      UNLOCK_TEST(a_new_passphrase_is_asked_for_twice_and_is_not_empty),
      UNLOCK_TEST(a_new_passphrase_comes_by_the_other_ways_too),
  };
  return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
