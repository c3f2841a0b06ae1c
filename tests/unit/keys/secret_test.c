#include "keys/secret.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define ORIGIN "https://hoko.to"

static struct secret *secret_from(const char *text) {
  struct error err;
  struct secret *s = secret_of(slice_of(text), &err);
  assert_non_null(s);
  return s;
}

static void what_goes_in_comes_out(void **state) {
  (void)state;
  struct secret *s = secret_from("open sesame");
  assert_int_equal(secret_len(s), 11);
  assert_string_equal(secret_open(s).ptr, "open sesame");
  secret_close(s);
  secret_free(s);
  secret_free(NULL);
}

/* Whether TOUCH(S) ends a child by SIGSEGV. */
static bool faults(void (*touch)(struct secret *s), struct secret *s) {
  pid_t child = fork();
  if (child == 0) {
    (void)signal(SIGSEGV, SIG_DFL);
    touch(s);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void read_shut(struct secret *s) { _exit(*(volatile char *)secret_room(s)); }
static void write_open(struct secret *s) {
  (void)secret_open(s);
  *(volatile char *)secret_room(s) = 'x';
}
static void read_open(struct secret *s) { (void)*(const volatile char *)secret_open(s).ptr; }
static void read_closed_again(struct secret *s) {
  read_open(s);
  secret_close(s);
  read_shut(s);
}
static void write_beyond(struct secret *s) {
  volatile char *room = secret_room(s);
  room[secret_len(s) + 1] = 'x';
}

static void a_shut_secret_faults_on_any_access(void **state) {
  (void)state;
  struct secret *s = secret_from("open sesame");
  assert_true(faults(read_shut, s));
  assert_true(faults(write_open, s));
  assert_true(faults(read_closed_again, s));
  assert_true(faults(write_beyond, s));
  assert_false(faults(read_open, s));
  secret_free(s);
}

struct key_case {
  const char *text;
  bool is_key;
};

static const struct key_case key_cases[] = {
    {"a", true},
    {"hk_live_0123456789abcdef", true},
    {"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true},
    {"", false},
    {"two words", false},
    {"line\n", false},
    {"\rline", false},
    {"tab\there", false},
    {"\x7f", false},
    {"caf\xc3\xa9", false},
    {" lead", false},
    {"trail ", false},
};

static void a_key_is_printable_ascii_without_blanks(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof key_cases / sizeof *key_cases; i++) {
    struct error err;
    struct secret *s = secret_from(key_cases[i].text);
    int rc = secret_bind(s, ORIGIN, SECRET_HEADER_DEFAULT, &err);
    if ((rc == 0) != key_cases[i].is_key) fail_msg("case %zu", i);
    if (rc != 0) {
      assert_int_equal(err.code, ERROR_AUTH);
      assert_string_equal(secret_origin(s), "");
      if (secret_len(s) > 1) assert_null(strstr(err.message, key_cases[i].text));
    }
    secret_free(s);
  }
}

static void a_key_of_4097_bytes_is_refused(void **state) {
  (void)state;
  for (size_t len = SECRET_KEY_LEN_MAX; len <= SECRET_KEY_LEN_MAX + 1; len++) {
    struct error err;
    struct secret *s = secret_new(len, &err);
    memset(secret_room(s), 'k', len);
    secret_filled(s, len);
    assert_int_equal(secret_bind(s, ORIGIN, SECRET_HEADER_DEFAULT, &err),
                     len == SECRET_KEY_LEN_MAX ? 0 : -1);
    secret_free(s);
  }
}

struct header_case {
  const char *header, *line; /* NULL: refused */
};

static const struct header_case header_cases[] = {
    {"Authorization: Bearer {key}", "Authorization: Bearer KEY"},
    {"X-Api-Key: {key}", "X-Api-Key: KEY"},
    {"X-Api-Key:{key}", "X-Api-Key:KEY"},
    {"Authorization: Token token=\"{key}\", v=1", "Authorization: Token token=\"KEY\", v=1"},
    {"", NULL},
    {"{key}", NULL},
    {": {key}", NULL},
    {"X-Api-Key", NULL},
    {"X-Api-Key: key", NULL},
    {"X-{key}: yes", NULL},
    {"X Api: {key}", NULL},
    {"X-Api-Key: {key} {key}", NULL},
    {"X-Api-Key: {key}\r\nHost: evil.example", NULL},
    {"X-Api-Key: {key}\x01", NULL},
    {"X-Api-Key: caf\xc3\xa9 {key}", NULL},
    {"Host: {key}", NULL},
    {"content-length: {key}", NULL},
    {"Origin: {key}", NULL},
};

static void a_header_is_a_name_and_a_value_with_one_key(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof header_cases / sizeof *header_cases; i++) {
    const struct header_case *c = &header_cases[i];
    struct error err = {0};
    struct secret *s = secret_from("KEY");
    int rc = secret_bind(s, ORIGIN, c->header, &err);
    if ((rc == 0) != (c->line != NULL)) fail_msg("%s: %s", c->header, err.message);
    if (rc == 0) {
      struct secret *line = secret_header(s, ORIGIN, &err);
      assert_string_equal(secret_open(line).ptr, c->line);
      secret_free(line);
    } else {
      assert_int_equal(err.code, ERROR_USAGE);
    }
    secret_free(s);
  }
}

static void a_header_of_257_bytes_is_refused(void **state) {
  (void)state;
  struct error err;
  char header[SECRET_HEADER_SIZE + 1] = "X: {key}";
  memset(header + 8, 'x', SECRET_HEADER_SIZE - 8);
  assert_int_equal(secret_check_header(header, &err), -1);
  header[SECRET_HEADER_SIZE - 1] = '\0';
  assert_int_equal(secret_check_header(header, &err), 0);
}

static void a_key_leaves_for_its_own_origin_only(void **state) {
  (void)state;
  static const char *const others[] = {"http://hoko.to",      "https://hoko.to:8443",
                                       "https://api.hoko.to", "https://hoko.to.evil.example",
                                       "https://hoko.to/",    ""};
  struct error err;
  struct secret *s = secret_from("KEY");
  assert_null(secret_header(s, ORIGIN, &err));
  assert_null(secret_header(s, "", &err));
  assert_int_equal(secret_bind(s, ORIGIN, SECRET_HEADER_DEFAULT, &err), 0);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    assert_null(secret_header(s, others[i], &err));
    assert_int_equal(err.code, ERROR_AUTH);
  }
  struct secret *line = secret_header(s, ORIGIN, &err);
  assert_non_null(line);
  secret_free(line);
  secret_free(s);
}

static void a_key_is_not_bound_to_a_server_that_is_reached_in_clear(void **state) {
  (void)state;
  struct error err;
  struct secret *s = secret_from("KEY");
  assert_int_equal(secret_bind(s, "http://hoko.to", SECRET_HEADER_DEFAULT, &err), -1);
  assert_int_equal(err.code, ERROR_USAGE);
  assert_int_equal(secret_bind(s, "http://127.0.0.1:8080", SECRET_HEADER_DEFAULT, &err), 0);
  assert_string_equal(secret_origin(s), "http://127.0.0.1:8080");
  secret_free(s);
}

static void a_fingerprint_tells_keys_apart_and_lasts(void **state) {
  (void)state;
  char one[SECRET_FINGERPRINT_SIZE], again[SECRET_FINGERPRINT_SIZE], two[SECRET_FINGERPRINT_SIZE];
  struct secret *s = secret_from("hk_one"), *t = secret_from("hk_two");
  secret_fingerprint(s, one);
  secret_fingerprint(s, again);
  secret_fingerprint(t, two);
  assert_string_equal(one, again);
  assert_string_not_equal(one, two);
  /* keyed BLAKE2b by Python's hashlib: a stream remembers this for years */
  assert_string_equal(one, "a9aef835b90c41a4");
  secret_free(s);
  secret_free(t);
}

static void the_last_four_are_shown_where_they_are_at_most_half(void **state) {
  (void)state;
  char text[SECRET_LAST_FOUR_SIZE];
  struct secret *s = secret_from("01234567"), *t = secret_from("0123456");
  secret_last_four(s, text);
  assert_string_equal(text, "4567");
  secret_last_four(t, text);
  assert_string_equal(text, "");
  secret_free(s);
  secret_free(t);
}

static void secrets_are_equal_by_all_their_bytes(void **state) {
  (void)state;
  struct secret *s = secret_from("abc"), *t = secret_from("abc"), *u = secret_from("abd");
  struct secret *v = secret_from("ab");
  assert_true(secret_equal(s, t));
  assert_true(secret_equal(s, s));
  assert_false(secret_equal(s, u));
  assert_false(secret_equal(s, v));
  secret_free(s);
  secret_free(t);
  secret_free(u);
  secret_free(v);
}

static void the_environments_key_is_taken_out_of_it(void **state) {
  (void)state;
  struct error err;
  struct secret *key;
  assert_int_equal(setenv("HOKO_API_KEY", "hk_canary", 1), 0);
  const char *where = getenv("HOKO_API_KEY");
  assert_int_equal(secret_from_environment(&key, ORIGIN, &err), 0);
  assert_non_null(key);
  assert_null(getenv("HOKO_API_KEY"));
  for (int i = 0; i < 9; i++) assert_int_equal(where[i], '\0');
  assert_string_equal(secret_label(key), "HOKO_API_KEY");
  struct secret *line = secret_header(key, ORIGIN, &err);
  assert_string_equal(secret_open(line).ptr, "Authorization: Bearer hk_canary");
  secret_free(line);
  secret_free(key);
  assert_int_equal(secret_from_environment(&key, ORIGIN, &err), 0);
  assert_null(key);
}

static void a_bad_key_in_the_environment_is_refused_by_its_name(void **state) {
  (void)state;
  static const char *const bad[] = {"", "hk canary", "hk_canary\n"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct error err;
    struct secret *key;
    assert_int_equal(setenv("HOKO_API_KEY", bad[i], 1), 0);
    assert_int_equal(secret_from_environment(&key, ORIGIN, &err), -1);
    assert_int_equal(err.code, ERROR_AUTH);
    assert_non_null(strstr(err.message, "HOKO_API_KEY"));
    assert_null(strstr(err.message, "canary"));
    assert_null(getenv("HOKO_API_KEY"));
  }
}

static void a_hardened_process_dumps_no_core_and_lets_none_look(void **state) {
  (void)state;
  pid_t child = fork();
  if (child == 0) {
    struct error err;
    struct rlimit core;
    bool is_hard = secret_harden_process(&err) == 0 && prctl(PR_GET_DUMPABLE) == 0 &&
                   getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0;
    _exit(is_hard ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
}

/* AddressSanitizer answers mlock() itself, always with success. */
static bool is_mlock_real(void) {
  static char page[1];
  return mlock(page, sizeof page) != 0 && syscall(SYS_mlock, page, sizeof page) != 0;
}

static void a_failing_mlock_is_told(void **state) {
  (void)state;
  enum { TOLD, HIDDEN, NOT_SET, NOT_REAL };
  pid_t child = fork();
  if (child == 0) {
    const struct rlimit none = {0, 0};
    /* root may lock without limit, so the limit counts for another user only */
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (getuid() == 0 && setuid(65534) != 0))
      _exit(NOT_SET);
    if (!is_mlock_real()) _exit(NOT_REAL);
    _exit(secret_is_locked() ? HIDDEN : TOLD);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (WEXITSTATUS(status) == NOT_REAL) skip();
  assert_int_equal(status, TOLD);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_goes_in_comes_out),
      cmocka_unit_test(a_shut_secret_faults_on_any_access),
      cmocka_unit_test(a_key_is_printable_ascii_without_blanks),
      cmocka_unit_test(a_key_of_4097_bytes_is_refused),
      cmocka_unit_test(a_header_is_a_name_and_a_value_with_one_key),
      cmocka_unit_test(a_header_of_257_bytes_is_refused),
      cmocka_unit_test(a_key_leaves_for_its_own_origin_only),
      cmocka_unit_test(a_key_is_not_bound_to_a_server_that_is_reached_in_clear),
      cmocka_unit_test(a_fingerprint_tells_keys_apart_and_lasts),
      cmocka_unit_test(the_last_four_are_shown_where_they_are_at_most_half),
      cmocka_unit_test(secrets_are_equal_by_all_their_bytes),
      cmocka_unit_test(the_environments_key_is_taken_out_of_it),
      cmocka_unit_test(a_bad_key_in_the_environment_is_refused_by_its_name),
      cmocka_unit_test(a_hardened_process_dumps_no_core_and_lets_none_look),
      cmocka_unit_test(a_failing_mlock_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
