#include "base/signals.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <cmocka.h>

static void *note_mask(void *user) {
  (void)pthread_sigmask(SIG_SETMASK, NULL, user);
  return NULL;
}

static void a_thread_gets_no_signal_and_its_starter_as_before(void **unused) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD};
  pthread_t thread;
  sigset_t its, ours;
  (void)unused;
  assert_int_equal(signals_start_thread(&thread, note_mask, &its), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  (void)pthread_sigmask(SIG_SETMASK, NULL, &ours);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    assert_int_equal(sigismember(&its, numbers[i]), 1);
    assert_int_equal(sigismember(&ours, numbers[i]), 0);
  }
}

static void each_signal_that_ends_us_is_read_from_the_descriptor(void **unused) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  struct signalfd_siginfo info;
  struct error err;
  (void)unused;
  int fd = signals_open(&err);
  assert_true(fd >= 0);
  assert_int_equal(read(fd, &info, sizeof info), -1); /* and does not wait for one */
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    assert_int_equal(kill(getpid(), numbers[i]), 0);
    assert_int_equal(read(fd, &info, sizeof info), sizeof info);
    assert_int_equal(info.ssi_signo, numbers[i]);
  }
  (void)close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_thread_gets_no_signal_and_its_starter_as_before),
      cmocka_unit_test(each_signal_that_ends_us_is_read_from_the_descriptor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
