#include "base/signals.h"
#include "schedule/face.h"
#include "schedule/serving.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
  STOP_LOOK_MS = 200, /* while a run is to end by a deadline */
  PRUNE_DAYS = 90,
  PRUNE_KEEP = 10, /* of each job, however old */
};
static const int64_t DAY_MS = 86400000;

int64_t daemon_wall_ms(const struct daemon *d) { return clock_wall_ms(d->options->clock); }

int64_t daemon_passed_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail on Linux 2.6.39+ */
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- clock ---- */

static void look_at_clock(struct daemon *d) {
  int64_t shift_ms, now_ms = daemon_wall_ms(d);
  enum watch_verdict verdict = watch_look(&d->watch, now_ms, daemon_passed_ms(), &shift_ms);
  if (verdict == WATCH_STEADY) return;
  if (verdict == WATCH_JUMPED)
    daemon_log(d, NULL, LOG_WARN, "the clock was set %s by %" PRId64 " s",
               shift_ms < 0 ? "back" : "forward", (shift_ms < 0 ? -shift_ms : shift_ms) / 1000);
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    struct policy copy = s->policy;
    s->deadline_ms = 0;
    if (verdict == WATCH_SLEPT)
      policy_wake(&copy, now_ms);
    else
      policy_jumped(&copy, &s->rules, shift_ms, now_ms);
    /* An interval moved with the clock: a daemon that dies now must not measure it by the old one.
     */
    if (verdict != WATCH_JUMPED || s->rules.cron || step_save(d, s, &copy) != 0) s->policy = copy;
  }
}

/* ---- signals ---- */

static void begin_end(struct daemon *d) {
  d->is_ending = true;
  d->end_at_ms = daemon_passed_ms() + d->options->grace_ms;
  notify_send(&d->notify, "STOPPING=1\n");
  if (d->active > 0)
    daemon_log(d, NULL, LOG_INFO, "stopping: %zu runs finish what is in flight", d->active);
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    if (!s->child.pid) continue;
    struct policy copy = s->policy;
    policy_stopping(&copy);
    (void)!step_save(d, s, &copy); /* unrecorded, the run counts as one that failed */
    process_stop(d, s);
    s->kill_at_ms = d->end_at_ms;
  }
}

static void take_signals(struct daemon *d) {
  struct signalfd_siginfo info;
  while (read(d->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
    if (info.ssi_signo == SIGHUP) {
      d->wants_reload = true;
      d->looked_ms = 0; /* zones and keys are looked at too */
    } else if (!d->is_ending)
      begin_end(d);
    else
      d->end_at_ms = 0; /* the second one does not wait */
  }
}

/* ---- waiting ---- */

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

/* How long no descriptor need be waited for, in passed time. */
static int64_t patience_ms(const struct daemon *d) {
  int64_t wait = RELOAD_LOOK_MS;
  wait = earlier(wait, scripts_wait_ms(d));
  if (d->notify.every_ms) wait = earlier(wait, d->notify.every_ms);
  if (d->stalled_until_ms > daemon_passed_ms())
    wait = earlier(wait, d->stalled_until_ms - daemon_passed_ms());
  if (d->is_ending) wait = earlier(wait, STOP_LOOK_MS);
  if (face_timeout_ms(d->metrics) >= 0) wait = earlier(wait, face_timeout_ms(d->metrics));
  if (face_timeout_ms(d->pages) >= 0) wait = earlier(wait, face_timeout_ms(d->pages));
  for (size_t i = 0; i < d->jobs_len; i++) {
    if (d->jobs[i]->policy.is_keyless) wait = earlier(wait, RELOAD_KEY_LOOK_MS);
    if (d->jobs[i]->kill_at_ms) wait = earlier(wait, STOP_LOOK_MS);
  }
  return wait;
}

/* The timer follows the system's clock, by which it also wakes when that is set; deadlines are
 * those of the clock that was handed in. */
static void arm(struct daemon *d) {
  struct timespec now;
  int64_t at_ms = INT64_MAX, wait_ms;
  for (size_t i = 0; i < d->jobs_len; i++)
    if (d->jobs[i]->is_wanted && !d->jobs[i]->has_ended && !daemon_is_stalled(d))
      at_ms = earlier(at_ms, d->jobs[i]->deadline_ms);
  (void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
  wait_ms = at_ms == INT64_MAX ? DAY_MS : earlier(at_ms - daemon_wall_ms(d), DAY_MS);
  if (wait_ms < 0) wait_ms = 0;
  int64_t ns = now.tv_nsec + wait_ms % 1000 * 1000000;
  const struct itimerspec when = {
      .it_value = {.tv_sec = now.tv_sec + wait_ms / 1000 + ns / 1000000000,
                   .tv_nsec = ns % 1000000000}};
  (void)timerfd_settime(d->timer_fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

static void add_fd(struct pollfd *fds, nfds_t *n, int fd) {
  if (fd >= 0) fds[(*n)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void add_child(struct pollfd *fds, nfds_t *n, const struct child *c) {
  if (c->pid == 0) return;
  add_fd(fds, n, c->process_fd);
  add_fd(fds, n, c->output_fd);
}

static void drain(int fd) {
  char bytes[4096];
  while (read(fd, bytes, sizeof bytes) > 0) continue;
}

static void wait_for_something(struct daemon *d) {
  size_t cap = 4 * d->jobs_len + ORDERS_FDS_MAX + 8;
  struct pollfd *fds = calloc(cap, sizeof *fds);
  int64_t wait = patience_ms(d);
  nfds_t n = 0;
  if (!d->is_ending) arm(d);
  watch_plan(&d->watch, daemon_passed_ms() + wait);
  if (!fds) { /* then it is looked around more often */
    (void)poll(NULL, 0, STOP_LOOK_MS);
    return;
  }
  add_fd(fds, &n, d->signal_fd);
  add_fd(fds, &n, d->folder_fd);
  add_child(fds, &n, &d->scripts.check);
  if (!d->is_ending) add_fd(fds, &n, d->timer_fd);
  add_fd(fds, &n, face_fd(d->metrics));
  add_fd(fds, &n, face_fd(d->pages));
  n += orders_fds(d->orders, fds + n);
  for (size_t i = 0; i < d->jobs_len; i++) {
    const struct served *s = d->jobs[i];
    add_child(fds, &n, &s->child);
    add_child(fds, &n, &s->hook);
  }
  (void)poll(fds, n, (int)wait); /* EINTR and time-outs are all the same to the loop */
  drain(d->timer_fd);
  free(fds);
}

/* ---- the loop ---- */

static void step_due(struct daemon *d) {
  int64_t now_ms = daemon_wall_ms(d);
  for (size_t i = 0; i < d->jobs_len; i++) {
    struct served *s = d->jobs[i];
    notify_watchdog(&d->notify, d->options->clock); /* what was missed may take a while to record */
    process_look(d, s);
    if (s->has_ended)
      step_end(d, s);
    else if (s->deadline_ms <= now_ms)
      step_job(d, s);
  }
  step_give_slots(d);
}

/* Once a day, so that a year alone fills no disk; as `hoko runs prune` without options. */
static void prune(struct daemon *d) {
  int64_t runs;
  struct error err;
  if (daemon_passed_ms() < d->prune_at_ms || daemon_is_stalled(d) || d->is_ending) return;
  d->prune_at_ms = daemon_passed_ms() + DAY_MS;
  if (run_record_prune(d->options->state, daemon_wall_ms(d) - PRUNE_DAYS * DAY_MS, PRUNE_KEEP,
                       &runs, &err) != 0)
    daemon_stall(d, &err);
  else if (runs > 0)
    daemon_log(d, NULL, LOG_INFO, "%" PRId64 " runs of more than %d days ago are forgotten", runs,
               (int)PRUNE_DAYS);
}

static void kill_late(struct daemon *d) {
  if (daemon_passed_ms() < d->end_at_ms) return;
  for (size_t i = 0; i < d->jobs_len; i++) {
    child_signal(&d->jobs[i]->child, SIGKILL);
    child_signal(&d->jobs[i]->hook, SIGKILL);
  }
}

static bool is_running(const struct daemon *d) {
  for (size_t i = 0; i < d->jobs_len; i++)
    if (d->jobs[i]->child.pid || d->jobs[i]->hook.pid) return true;
  return false;
}

static void loop(struct daemon *d) {
  while (!d->is_ending || is_running(d)) {
    wait_for_something(d);
    look_at_clock(d);
    take_signals(d);
    reload_hear(d);
    reload_look(d);
    scripts_look(d);
    if (d->wants_reload && !daemon_is_stalled(d) && !d->is_ending) reload_again(d);
    orders_serve(d->orders);
    face_run(d->metrics);
    face_run(d->pages);
    step_due(d);
    process_reap(d);
    jobs_sweep(d);
    prune(d);
    if (d->is_ending) kill_late(d);
    notify_watchdog(&d->notify, d->options->clock);
  }
}

/* ---- begin and end ---- */

static int refuse_second(const struct daemon *d, const struct holder *who, struct error *err) {
  char since[CLOCK_TEXT_SIZE];
  clock_format(who->since_ms, since);
  (void)error_set(err, ERROR_STATE,
                  "hoko serve runs the jobs of %s already, as process %" PRId64 " since %s",
                  state_name(d->options->state), who->pid, since);
  return error_hint(err, "hoko jobs list   shows them; kill %" PRId64 " ends it", who->pid);
}

static int open_all(struct daemon *d, struct error *err) {
  struct holder who;
  int taken = job_lock(d->options->state, &d->lock_fd, &who, err);
  if (taken == 0) return refuse_second(d, &who, err);
  if (taken < 0) return -1;
  d->signal_fd = signals_open(err);
  if (d->signal_fd < 0) return -1;
  d->timer_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (d->timer_fd < 0) return error_errno(err, ERROR_INTERNAL, errno, "cannot wait for the clock");
  d->folder_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  reload_watch(d, d->options->folder);
  if (d->options->metrics && face_open(&d->metrics, d, d->options->metrics, false, err) != 0)
    return -1;
  if (orders_open(&d->orders, d, err) != 0) return -1;
  return d->options->web ? face_open(&d->pages, d, d->options->web, true, err) : 0;
}

static void close_fd(int fd) {
  if (fd >= 0) (void)close(fd);
}

static void close_all(struct daemon *d) {
  face_close(d->metrics);
  face_close(d->pages);
  orders_close(d->orders);
  jobs_free(d);
  scripts_free(&d->scripts);
  notify_end(&d->notify);
  close_fd(d->folder_fd);
  close_fd(d->timer_fd);
  close_fd(d->signal_fd);
  close_fd(d->lock_fd);
}

static int begin(struct daemon *d, struct error *err) {
  if (open_all(d, err) != 0 || jobs_load(d, err) != 0 || reload_first(d, err) != 0) return -1;
  (void)d->options->has_key_changed(d->options->user); /* from now on */
  watch_begin(&d->watch, daemon_wall_ms(d), daemon_passed_ms());
  if (jobs_recover(d, err) != 0) return -1;
  reload_keys(d, "it waited for a key when hoko serve began");
  return 0;
}

int daemon_run(const struct daemon_options *options, struct error *err) {
  struct daemon d = {
      .options = options, .lock_fd = -1, .signal_fd = -1, .timer_fd = -1, .folder_fd = -1};
  notify_begin(&d.notify, options->environment);
  int result = begin(&d, err);
  if (result == 0) {
    daemon_log(&d, NULL, LOG_INFO, "serving %zu job%s of %s", d.wishes->len,
               d.wishes->len == 1 ? "" : "s", options->folder);
    notify_send(&d.notify, "READY=1\n");
    step_due(&d);
    prune(&d);
    loop(&d);
    daemon_log(&d, NULL, LOG_INFO, "ended");
  }
  close_all(&d);
  return result;
}
