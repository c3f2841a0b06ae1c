#include "cli/rerun.h"

#include "base/path.h"
#include "base/signals.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  FOLDERS_MAX = 2000,
  DEPTH_MAX = 16,
  EVENTS_SIZE = 64 << 10,
  QUIET_MS = 50,
  QUIET_ROUNDS = 20
};

static const uint32_t changes =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR;

struct rerun {
  int watch_fd, signal_fd;
  size_t folders;
  const char *folder;
  char *events;   /* EVENTS_SIZE */
  char file[256]; /* the one that was saved last */
};

/* ---- the folders --------------------------------------------------------- */

static void watch_below(struct rerun *w, const char *path, int depth);

static void watch_inside(struct rerun *w, const char *path, const char *name, int depth) {
  char inner[PATH_SIZE];
  struct stat st;
  if (name[0] == '.' || path_join(inner, path, name) || lstat(inner, &st) || !S_ISDIR(st.st_mode))
    return;
  watch_below(w, inner, depth + 1);
}

/* One that cannot be watched is not: its files are seen when another one is saved. */
static void watch_below(struct rerun *w, const char *path, int depth) {
  DIR *folder;
  if (depth > DEPTH_MAX || w->folders == FOLDERS_MAX) return;
  if (inotify_add_watch(w->watch_fd, path, changes) < 0 || !(folder = opendir(path))) return;
  w->folders++;
  for (struct dirent *e; (e = readdir(folder));) watch_inside(w, path, e->d_name, depth);
  (void)closedir(folder);
}

/* ---- what is saved ------------------------------------------------------- */

static bool is_source(const char *name) {
  size_t len = strlen(name);
  return name[0] != '.' && len > 0 && name[len - 1] != '~';
}

static bool is_lua(const char *name) {
  size_t len = strlen(name);
  return len > 4 && strcmp(name + len - 4, ".lua") == 0;
}

static bool counts(const struct inotify_event *e, bool only_lua) {
  if (e->mask & IN_Q_OVERFLOW) return true;
  if (e->len == 0 || !is_source(e->name)) return false;
  return !only_lua || is_lua(e->name) || (e->mask & IN_ISDIR);
}

/* A file that is made is told again when it is written; a folder has its files by then. */
static void take_event(struct rerun *w, const struct inotify_event *e, bool only_lua,
                       bool *is_saved) {
  bool is_folder = (e->mask & IN_ISDIR) != 0;
  if (!counts(e, only_lua) || ((e->mask & IN_CREATE) && !is_folder)) return;
  *is_saved = true;
  if (e->len) (void)snprintf(w->file, sizeof w->file, "%s", e->name);
  if (is_folder) watch_below(w, w->folder, 0);
}

/* Takes what has happened; whether anything of it counts. */
static bool take_events(struct rerun *w, bool only_lua) {
  bool is_saved = false;
  for (ssize_t n; (n = read(w->watch_fd, w->events, EVENTS_SIZE)) > 0;) {
    for (char *at = w->events; at < w->events + n;) {
      struct inotify_event e;
      memcpy(&e, at, sizeof e);
      take_event(w, (const struct inotify_event *)(void *)at, only_lua, &is_saved);
      at += sizeof e + e.len;
    }
  }
  return is_saved;
}

/* The signal that came, or 0. */
static int take_signal(const struct rerun *w) {
  struct signalfd_siginfo info;
  return read(w->signal_fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

static int wait_ms(const struct rerun *w, int timeout_ms) {
  struct pollfd fds[] = {{.fd = w->signal_fd, .events = POLLIN},
                         {.fd = w->watch_fd, .events = POLLIN}};
  return poll(fds, 2, timeout_ms);
}

/* An editor saves in several steps, a checkout many files: all of it is one change. */
static void wait_until_quiet(struct rerun *w) {
  for (int i = 0; i < QUIET_ROUNDS && wait_ms(w, QUIET_MS) > 0; i++) (void)take_events(w, false);
}

/* Until something is saved: 0, or the signal that came. */
static int wait_for_save(struct rerun *w) {
  for (;;) {
    int number = take_signal(w);
    if (number) return number;
    if (take_events(w, false)) break;
    (void)wait_ms(w, -1); /* EINTR is a round more */
  }
  wait_until_quiet(w);
  return 0;
}

/* ---- the whole ----------------------------------------------------------- */

static int open_all(struct rerun *w, const char *folder, struct error *err) {
  w->folder = folder;
  w->signal_fd = signals_open(err);
  if (w->signal_fd < 0) return -1;
  w->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  w->events = malloc(EVENTS_SIZE);
  if (!w->events) return error_set(err, ERROR_MEMORY, "out of memory for --watch");
  if (w->watch_fd < 0)
    return error_errno(err, ERROR_INTERNAL, errno, "cannot watch %s", folder);
  watch_below(w, folder, 0);
  return w->folders ? 0 : error_errno(err, ERROR_USAGE, errno, "cannot watch %s", folder);
}

static void close_all(struct rerun *w) {
  if (w->watch_fd >= 0) (void)close(w->watch_fd);
  if (w->signal_fd >= 0) (void)close(w->signal_fd);
  free(w->events);
}

static int run_until_signal(struct rerun *w, struct cli *cli,
                            int (*once)(struct cli *cli, void *user), void *user) {
  for (;;) {
    int code = once(cli, user);
    if (code >= 128) return code;
    if (!take_events(w, true)) {
      term_note(cli->term, "waiting for a file to be saved; Ctrl-C ends");
      int number = wait_for_save(w);
      if (number) return 128 + number;
    }
    term_note(cli->term, "-- %s was saved", w->file);
  }
}

int rerun_while_saved(struct cli *cli, const char *folder, int (*once)(struct cli *cli, void *user),
                      void *user) {
  struct rerun w = {.watch_fd = -1, .signal_fd = -1};
  struct error err;
  int code =
      open_all(&w, folder, &err) ? command_fail(cli, &err) : run_until_signal(&w, cli, once, user);
  close_all(&w);
  return code;
}
