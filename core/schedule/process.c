#include "schedule/serving.h"

#include "base/log.h"
#include "base/number.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, STOP_MS = 35000, HOOK_MS = 300000 };

/* The options' words and those of one run; false: too many. */
static bool make_words(const struct daemon *d, const char *const *more, const char **to) {
  size_t n = 0;
  for (const char *const *w = d->options->run_words; *w && n < WORDS_MAX; w++) to[n++] = *w;
  for (; *more && n < WORDS_MAX; more++) to[n++] = *more;
  to[n] = NULL;
  return n < WORDS_MAX;
}

static int start(struct daemon *d, struct child *c, const char *const *more, struct error *err) {
  const char *words[WORDS_MAX + 1];
  if (!make_words(d, more, words))
    return error_set(err, ERROR_INTERNAL, "a run has too many options");
  const struct child_start how = {.argv = (char *const *)words,
                                  .environment = d->options->environment,
                                  .folder = d->options->folder,
                                  .handed_fd = d->wishes->handed_fd};
  return child_start(c, &how, err);
}

void process_start(struct daemon *d, struct served *s) {
  const char *const more[] = {"--run", s->run, "--", s->name, NULL};
  struct error err;
  s->kill_at_ms = 0;
  s->facts.is_read = false;
  s->progress[0] = '\0';
  orders_tell_started(d->orders, s);
  if (start(d, &s->child, more, &err) == 0) {
    daemon_log(d, s, LOG_DEBUG, "started");
    return;
  }
  daemon_log(d, s, LOG_ERROR, "%s", err.message);
  s->exit_code = POLICY_DIED;
  s->has_ended = true;
}

/* What its end says changes nothing, and a second one waits for no first. */
void process_start_hook(struct daemon *d, struct served *s, const char *hook) {
  const char *const more[] = {"--hook", hook, "--cause", s->run, "--", s->name, NULL};
  struct error err;
  if (s->hook.pid) child_kill(&s->hook);
  s->hook_kill_at_ms = daemon_passed_ms() + HOOK_MS;
  if (start(d, &s->hook, more, &err) != 0) daemon_log(d, s, LOG_ERROR, "%s: %s", hook, err.message);
}

int process_adopt(struct daemon *d, struct served *s, struct error *err) {
  struct run_record run;
  if (run_record_recover(d->options->state, slice_of(s->run), daemon_wall_ms(d), &run, err) != 0)
    return error_context(err, "looking for the run of job \"%s\"", s->name);
  if (run.status == RUN_RUNNING && child_adopt(&s->child, (pid_t)run.pid) == 0) {
    daemon_log(d, s, LOG_INFO, "runs on in process %d", (int)s->child.pid);
    return 0;
  }
  s->exit_code = POLICY_DIED; /* unless it recorded another end */
  s->has_ended = true;
  return 0;
}

void process_stop(struct daemon *d, struct served *s) {
  (void)d;
  child_signal(&s->child, SIGTERM);
  s->kill_at_ms = daemon_passed_ms() + STOP_MS; /* it waits 30 s for what is on the wire */
}

/* ---- what runs say ---- */

struct said {
  struct daemon *daemon;
  struct served *job;
};

/* Facts for the daemon alone: \1k and when the key expires, in milliseconds; \1p and how
 * far the run is. */
static bool take_fact(struct served *s, struct slice line) {
  if (line.len < 2 || line.ptr[0] != '\1' || (line.ptr[1] != 'k' && line.ptr[1] != 'p'))
    return false;
  struct slice text = {line.ptr + 2, line.len - 2};
  if (line.ptr[1] == 'p')
    (void)snprintf(s->progress, sizeof s->progress, "%.*s", (int)text.len, text.ptr);
  else
    (void)!number_int64(text, 0, INT64_MAX, &s->key_expires_ms); /* or what was known stays */
  return true;
}

/* A line of a run's log begins with \1 and its level; anything else is a script's own. */
static void on_line(void *user, struct slice line) {
  struct said *said = user;
  enum log_level level = LOG_INFO;
  if (take_fact(said->job, line)) return;
  if (line.len >= 2 && line.ptr[0] == '\1' && line.ptr[1] >= '0' && line.ptr[1] <= '3') {
    level = (enum log_level)(line.ptr[1] - '0');
    line = (struct slice){line.ptr + 2, line.len - 2};
  }
  char text[CHILD_LINE_MAX];
  for (size_t i = 0; i < line.len; i++) text[i] = line.ptr[i] == '\t' ? ' ' : line.ptr[i];
  if (line.len > 0) daemon_log(said->daemon, said->job, level, "%.*s", (int)line.len, text);
}

void process_look(struct daemon *d, struct served *s) {
  struct said said = {d, s};
  int exit_code;
  if (s->hook.pid) {
    if (daemon_passed_ms() >= s->hook_kill_at_ms) child_signal(&s->hook, SIGKILL);
    child_read(&s->hook, on_line, &said);
    (void)child_ended(&s->hook, &exit_code); /* its own failure changes nothing */
  }
  if (!s->child.pid) return;
  if (s->kill_at_ms && daemon_passed_ms() >= s->kill_at_ms) child_signal(&s->child, SIGKILL);
  child_read(&s->child, on_line, &said);
  if (!child_ended(&s->child, &s->exit_code)) return;
  s->has_ended = true;
}

/* ---- what others left behind ---- */

static bool is_our_own(const struct daemon *d, pid_t pid) {
  for (size_t i = 0; i < d->jobs_len; i++)
    if (d->jobs[i]->child.pid == pid || d->jobs[i]->hook.pid == pid) return true;
  return d->scripts.check.pid == pid;
}

void process_reap(const struct daemon *d) {
  siginfo_t info;
  while (getpid() == 1) {
    info.si_pid = 0;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return;
    if (is_our_own(d, info.si_pid)) return; /* process_look() comes first */
    (void)waitid(P_PID, (id_t)info.si_pid, &info, WEXITED);
  }
}
