#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* What the program ARGV prints that is started as HOW says. */
static void run(struct spawn how, char *const *argv, char to[512]) {
  char *const environment[] = {NULL};
  int ends[2], status;
  size_t len = 0;
  pid_t pid;
  assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
  how.program = argv[0];
  how.argv = argv;
  how.environment = environment;
  how.fd[1] = ends[1];
  assert_int_equal(spawn_start(&pid, &how), 0);
  (void)close(ends[1]);
  for (ssize_t n; len < 511 && (n = read(ends[0], to + len, 511 - len)) > 0;) len += (size_t)n;
  to[len] = '\0';
  (void)close(ends[0]);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_int_equal(status, 0);
}

static void shell(struct spawn how, const char *line, char to[512]) {
  char name[] = "sh", option[] = "-c", text[256];
  char *const argv[] = {name, option, text, NULL};
  (void)snprintf(text, sizeof text, "%s", line);
  run(how, argv, to);
}

static const struct spawn plain = {.fd = {SPAWN_NULL, 0, SPAWN_SAME}, .fd_len = 3};

static void nothing_is_open_but_what_is_named(void **unused) {
  static const char line[] = "for i in 2 3 40; do test -e /proc/$$/fd/$i && echo $i; done; true";
  char told[512];
  struct spawn how = plain;
  (void)unused;
  int left = fcntl(STDERR_FILENO, F_DUPFD, 40); /* without FD_CLOEXEC */
  how.fd[3] = left;
  shell(how, line, told);
  assert_string_equal(told, "2\n");
  how.fd_len = 4;
  shell(how, line, told);
  assert_string_equal(told, "2\n3\n");
  (void)close(left);
}

/* Of the program itself: a shell sets them as it likes. */
static unsigned long long signals_of(const struct spawn *with, const char *what) {
  char name[] = "grep", pattern[32], file[] = "/proc/self/status", told[512];
  char *const argv[] = {name, pattern, file, NULL};
  (void)snprintf(pattern, sizeof pattern, "%s", what);
  run(*with, argv, told);
  return strtoull(strchr(told, ':') + 1, NULL, 16);
}

static unsigned long long bit(int number) { return 1ULL << (number - 1); }

static void signals_are_unblocked_but_the_one_that_is_named(void **unused) {
  sigset_t some, before;
  struct spawn how = plain;
  (void)unused;
  (void)sigemptyset(&some);
  (void)sigaddset(&some, SIGTERM);
  (void)sigprocmask(SIG_BLOCK, &some, &before);
  assert_true(signals_of(&how, "SigBlk") == 0);
  how.blocked_signal = SIGINT;
  assert_true(signals_of(&how, "SigBlk") == bit(SIGINT));
  (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

static void what_is_ignored_here_is_not_there_where_that_is_wanted(void **unused) {
  struct spawn how = plain;
  (void)unused;
  (void)signal(SIGPIPE, SIG_IGN);
  assert_true(signals_of(&how, "SigIgn") & bit(SIGPIPE));
  how.is_default = true;
  assert_false(signals_of(&how, "SigIgn") & bit(SIGPIPE));
  (void)signal(SIGPIPE, SIG_DFL);
}

static void it_starts_in_its_folder_as_a_leader(void **unused) {
  char told[512];
  struct spawn how = plain;
  (void)unused;
  how.folder = "/usr";
  how.is_group = true;
  shell(how, "set -- $(cat /proc/$$/stat); test $5 = $$ && pwd", told);
  assert_string_equal(told, "/usr\n");
  how.is_group = false;
  how.is_session = true;
  shell(how, "set -- $(cat /proc/$$/stat); test $6 = $$ && pwd", told);
  assert_string_equal(told, "/usr\n");
}

static void a_program_that_is_not_there_is_told(void **unused) {
  char name[] = "no-such-program";
  char *const argv[] = {name, NULL};
  struct spawn how = plain;
  pid_t pid;
  (void)unused;
  how.program = name;
  how.argv = how.environment = argv;
  how.fd[1] = SPAWN_SAME;
  assert_int_equal(spawn_start(&pid, &how), ENOENT);
}

static void a_variable_is_put_whole_or_not_at_all(void **unused) {
  char to[16];
  (void)unused;
  assert_int_equal(setenv("HOKO_TEST", "value", 1), 0);
  assert_true(spawn_put_variable("HOKO_TEST", to, sizeof to));
  assert_string_equal(to, "HOKO_TEST=value");
  assert_false(spawn_put_variable("HOKO_TEST", to, sizeof to - 1));
  assert_int_equal(unsetenv("HOKO_TEST"), 0);
  assert_false(spawn_put_variable("HOKO_TEST", to, sizeof to));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_open_but_what_is_named),
      cmocka_unit_test(signals_are_unblocked_but_the_one_that_is_named),
      cmocka_unit_test(what_is_ignored_here_is_not_there_where_that_is_wanted),
      cmocka_unit_test(it_starts_in_its_folder_as_a_leader),
      cmocka_unit_test(a_program_that_is_not_there_is_told),
      cmocka_unit_test(a_variable_is_put_whole_or_not_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
