#include "cli/repl_mock.h"

#include "base/signals.h"
#include "mock/mock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct repl_mock {
  struct mock *mock; /* the thread's until it has ended */
  int stop_fd;
  bool is_running;
  pthread_t thread;
  struct error err; /* of the thread */
};

static void *serve(void *user) {
  struct repl_mock *m = user;
  if (mock_run(m->mock, m->stop_fd, &m->err))
    return m; /* requests fail from then on, which tells */
  return NULL;
}

/* The terminal's signals are for the session. */
static int start_thread(struct repl_mock *m, struct error *err) {
  int rc = signals_start_thread(&m->thread, serve, m);
  m->is_running = rc == 0;
  return rc ? error_errno(err, ERROR_INTERNAL, rc, "cannot start the mock") : 0;
}

int repl_mock_start(struct repl_mock **out, const struct clock *clock, struct error *err) {
  const struct mock_options options = {.partners = REPL_MOCK_PARTNERS};
  struct repl_mock *m = calloc(1, sizeof *m);
  if (!m) return error_set(err, ERROR_MEMORY, "out of memory for the mock");
  m->stop_fd = eventfd(0, EFD_CLOEXEC);
  if (m->stop_fd < 0)
    (void)error_errno(err, ERROR_INTERNAL, errno, "cannot start the mock");
  else
    m->mock = mock_new(&options, clock, err);
  if (m->mock && start_thread(m, err) == 0) {
    *out = m;
    return 0;
  }
  repl_mock_end(m);
  return -1;
}

const char *repl_mock_url(const struct repl_mock *m) { return mock_url(m->mock); }

void repl_mock_end(struct repl_mock *m) {
  const uint64_t one = 1;
  if (!m) return;
  if (m->is_running) {
    (void)!write(m->stop_fd, &one, sizeof one); /* an eventfd takes it */
    (void)pthread_join(m->thread, NULL);
  }
  mock_free(m->mock);
  if (m->stop_fd >= 0) (void)close(m->stop_fd);
  free(m);
}
