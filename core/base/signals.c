#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

int signals_open(struct error *err) {
  sigset_t set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGHUP);
  int fd =
      sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
  return fd >= 0 ? fd : error_errno(err, ERROR_INTERNAL, errno, "cannot wait for signals");
}

int signals_start_thread(pthread_t *thread, void *(*run)(void *user), void *user) {
  sigset_t all, before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  int errnum = pthread_create(thread, NULL, run, user);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return errnum;
}
