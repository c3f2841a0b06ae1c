#include "host/process.h"

#include "base/json_text.h"
#include "base/sanitized.h"
#include "base/spawn.h"
#include "host/files.h"
#include "host/host.h"
#include "host/peak.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BRIDGE_FD = 3, SPOT_FD = 4, QUICK_LIMIT_MS = 2000, BESIDE_LUA_BYTES = 96 << 20 };

/* The image starts anew with no environment but the time zone, which os.date() has from
 * the host, and nothing open but the bridge and the spot; SPOT is above both their numbers.
 * The terminal sends SIGINT to all: what it means, the host says. */
static int spawn(pid_t *pid, int bridge, int spot) {
  static char name[] = "hoko", task[] = "__worker";
  char *const argv[] = {name, task, NULL};
  char zone[256];
  char *const environment[] = {spawn_put_variable("TZ", zone, sizeof zone) ? zone : NULL, NULL};
  const struct spawn how = {
      .program = "/proc/self/exe",
      .argv = argv,
      .environment = environment,
      .fd = {SPAWN_NULL, SPAWN_NULL, SPAWN_SAME, [BRIDGE_FD] = bridge, [SPOT_FD] = spot},
      .fd_len = SPOT_FD + 1,
      .blocked_signal = SIGINT};
  return spawn_start(pid, &how);
}

/* Starts the process on the other ends of W's bridge and spot. */
static int start(struct worker *w, int bridge, int spot, struct error *err) {
  int high = fcntl(spot, F_DUPFD_CLOEXEC, SPOT_FD + 1);
  int rc = high < 0 ? errno : spawn(&w->pid, bridge, high);
  if (high >= 0) (void)close(high);
  return rc ? error_errno(err, ERROR_INTERNAL, rc, "starting the worker") : 0;
}

static int connect_worker(struct worker *w, struct error *err) {
  int fd[2], spot;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
    return error_errno(err, ERROR_INTERNAL, errno, "making the bridge to the worker");
  w->channel = channel_new(fd[0], false, err);
  if (!w->channel)
    (void)close(fd[0]);
  else
    w->spot = spot_new(&spot, err);
  int rc = w->spot ? start(w, fd[1], spot, err) : -1;
  if (w->spot) (void)close(spot);
  (void)close(fd[1]);
  return rc;
}

int worker_start(struct worker **out, struct error *err) {
  struct worker *w = calloc(1, sizeof *w);
  if (!w) return error_set(err, ERROR_MEMORY, "out of memory for a worker");
  if (connect_worker(w, err)) {
    worker_stop(w);
    return -1;
  }
  *out = w;
  return 0;
}

int worker_limit_memory(const struct worker *w, int64_t memory_bytes, struct error *err) {
  if (memory_bytes == 0) return 0;
  const rlim_t most = (rlim_t)memory_bytes + BESIDE_LUA_BYTES;
  const struct rlimit limit = {most, most};
  if (IS_SANITIZED) return 0; /* its shadow alone is larger */
  if (prlimit(w->pid, RLIMIT_DATA, &limit, NULL) == 0) return 0;
  return error_errno(err, ERROR_INTERNAL, errno, "limiting the worker's memory");
}

void worker_ask(const struct worker *w) {
  if (w->pid) (void)kill(w->pid, SIGUSR1); /* it may have ended by itself */
}

void worker_interrupt(const struct worker *w) {
  if (w->pid) (void)kill(w->pid, SIGUSR2); /* it may have ended by itself */
}

int64_t worker_spent_ns(const struct worker *w) {
  clockid_t clock;
  struct timespec spent;
  if (!w->pid || clock_getcpuclockid(w->pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
    return INT64_MAX;
  return spent.tv_sec * 1000000000 + spent.tv_nsec;
}

void worker_end(struct worker *w) {
  struct rusage usage;
  int status;
  if (!w->pid) return;
  w->peak_bytes = peak_bytes(w->pid);
  (void)kill(w->pid, SIGKILL); /* it may have ended by itself */
  pid_t got;
  do got = wait4(w->pid, &status, 0, &usage);
  while (got < 0 && errno == EINTR);
  if (got > 0 && !w->peak_bytes) w->peak_bytes = (int64_t)usage.ru_maxrss * 1024;
  w->pid = 0;
}

void worker_stop(struct worker *w) {
  if (!w) return;
  worker_end(w);
  channel_free(w->channel);
  spot_free(w->spot);
  free(w);
}

/* ---- hoko.lua, and scripts that are looked at ------------------------------ */

static int wait_for_message(struct worker *w, const char *name, struct message *m,
                            struct error *err) {
  for (;;) {
    switch (channel_next(w->channel, m, err)) {
    case CHANNEL_MESSAGE: return 0;
    case CHANNEL_CLOSED: return error_set(err, ERROR_USAGE, "%s ended the worker", name);
    case CHANNEL_BROKEN: return -1;
    case CHANNEL_NOTHING: break;
    }
    struct pollfd p = {.fd = channel_fd(w->channel), .events = POLLIN};
    int n = poll(&p, 1, QUICK_LIMIT_MS);
    if (n == 0)
      return error_set(err, ERROR_USAGE, "%s did not return within %d ms", name, QUICK_LIMIT_MS);
  }
}

static int send_opened(struct worker *w, int fd, const struct error *why) {
  struct message reply = {.kind = MESSAGE_REPLY};
  if (fd < 0) {
    reply.number[0] = why->code;
    reply.text[1] = slice_of(why->message);
  }
  return channel_send_fd(w->channel, &reply, fd);
}

static int take_json(const struct message *m, const char *name, struct buf *json,
                     struct error *err) {
  if (m->number[0] == DONE_OK) {
    buf_add_slice(json, m->text[3]);
    return buf_ok(json) ? 0 : error_set(err, ERROR_USAGE, "%s is too large", name);
  }
  (void)error_set(err, ERROR_USAGE, "%.*s", (int)m->text[1].len, m->text[1].ptr);
  return error_place(err, name, (int)m->number[2]);
}

/* Has a quick task done, in which the worker asks for no more than the file NAME;
 * OPEN_IT(PATH) opens it. */
static int do_quickly(struct worker *w, const struct message *task, const char *name,
                      int (*open_it)(const char *path, struct error *err), const char *path,
                      struct buf *json, struct error *err) {
  struct message m;
  struct error why;
  if (channel_send(w->channel, task))
    return error_set(err, ERROR_LIMIT, "the worker process has ended");
  for (;;) {
    if (wait_for_message(w, name, &m, err)) return -1;
    if (m.kind == MESSAGE_DONE) return take_json(&m, name, json, err);
    if (m.kind != MESSAGE_OPEN)
      return error_set(err, ERROR_INTERNAL, "the worker asked for more than %s", name);
    int fd = open_it(path, &why);
    if (send_opened(w, fd, &why))
      return error_set(err, ERROR_LIMIT, "the worker process has ended");
  }
}

int worker_config(struct worker *w, const char *folder, struct buf *json, struct error *err) {
  const struct message task = {.kind = MESSAGE_TASK, .number = {TASK_CONFIG}};
  return do_quickly(w, &task, "hoko.lua", files_open_config, folder, json, err);
}

/* The messages do without PATH, which is their place. */
static int open_script(const char *path, struct error *err) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error_errno(err, ERROR_USAGE, errno, "the script cannot be read");
  if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) return fd;
  (void)close(fd);
  return error_set(err, ERROR_USAGE, "this is a folder, not a script");
}

int worker_check(struct worker *w, const char *path, struct buf *json, struct error *err) {
  struct buf needs = BUF_WITH_LIMIT(64 << 10);
  buf_add_text(
      &needs,
      "{\"is_check\":true,\"args\":[],\"limits\":{},\"env\":{},\"env_allowed\":{},\"script\":");
  json_put_string(&needs, slice_of(path));
  buf_add_char(&needs, '}');
  const struct message task = {
      .kind = MESSAGE_TASK, .number = {TASK_CHECK}, .text = {slice_of(path), buf_slice(&needs)}};
  int rc = buf_ok(&needs) ? do_quickly(w, &task, path, open_script, path, json, err)
                          : error_set(err, ERROR_MEMORY, "out of memory for %s", path);
  buf_free(&needs);
  return rc;
}
