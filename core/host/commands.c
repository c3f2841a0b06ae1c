#include "host/commands.h"

#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 64 << 10, WORDS_MAX = 256 };

/* What a shell would make something else of (POSIX, Shell Command Language, 2.2), but for
 * "=" and "%", which only matter in places where a command of a list has none. */
static const char metacharacters[] = "|&;<>()$`\\\"'*?[]#~{}!\n";

/* ---- what is to be started ----------------------------------------------- */

struct words {
  char line[LINE_MAX_LEN];
  char *at[WORDS_MAX + 1];
  size_t len;
};

static bool is_listed(const struct allowed *allowed, const char *name) {
  for (size_t i = 0; allowed->run.at && allowed->run.at[i]; i++)
    if (strcmp(allowed->run.at[i], name) == 0) return true;
  return false;
}

static int split(struct words *w, struct error *err) {
  char *rest = NULL;
  for (char *word = strtok_r(w->line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
    if (w->len == WORDS_MAX)
      return error_set(err, ERROR_USAGE, "a command has more than %d words", WORDS_MAX);
    w->at[w->len++] = word;
  }
  w->at[w->len] = NULL;
  return w->len ? 0 : error_set(err, ERROR_USAGE, "the command is empty");
}

static int denied(const char *name, struct error *err) {
  (void)error_set(err, ERROR_DENIED, "running the command %s is not allowed", name);
  return error_hint(err, "add --allow-run=%s, or allow = { run = { \"%s\" } } in hoko.lua", name,
                    name);
}

/* Words for a shell where all is allowed, else those of LINE itself. */
static int take_words(const struct allowed *allowed, struct slice line, struct words *w,
                      struct error *err) {
  static char shell[] = "/bin/sh", option[] = "-c";
  if (line.len >= LINE_MAX_LEN)
    return error_set(err, ERROR_USAGE, "the command is longer than %d bytes", LINE_MAX_LEN);
  if (memchr(line.ptr, '\0', line.len))
    return error_set(err, ERROR_USAGE, "the command holds a NUL");
  memcpy(w->line, line.ptr, line.len);
  w->line[line.len] = '\0';
  w->len = 0;
  if (allowed->is_run_any) {
    char *const all[] = {shell, option, w->line, NULL};
    memcpy(w->at, all, sizeof all);
    return 0;
  }
  const char *meta = strpbrk(w->line, metacharacters);
  char found = meta ? *meta : '\0';
  if (split(w, err)) return -1;
  if (!is_listed(allowed, w->at[0])) return denied(w->at[0], err);
  if (!found) return 0;
  (void)error_set(err, ERROR_DENIED,
                  "the command of %s has the character '%c', which only a shell understands",
                  w->at[0], found == '\n' ? ' ' : found);
  return error_hint(err, "a list of commands gives no shell; allow all with --allow-run=true, or "
                         "run = true in hoko.lua");
}

/* ---- starting it --------------------------------------------------------- */

/* Its end of the pipe stands for standard output or input; what is not piped is the host's,
 * but for input, which is the script's alone. */
static int spawn(pid_t *pid, char *const *words, const char *folder, enum command_pipe pipe,
                 int end) {
  static const char *const names[] = {"PATH", "LANG", "TZ"};
  char texts[3][4096], *environment[4] = {NULL};
  size_t len = 0;
  for (size_t i = 0; i < 3; i++)
    if (spawn_put_variable(names[i], texts[i], sizeof texts[i])) environment[len++] = texts[i];
  const struct spawn how = {.program = words[0],
                            .argv = words,
                            .environment = environment,
                            .folder = folder,
                            .fd = {pipe == COMMAND_WRITE ? end : SPAWN_NULL,
                                   pipe == COMMAND_READ ? end : SPAWN_SAME, SPAWN_SAME},
                            .fd_len = 3,
                            .is_group = true,
                            .is_default = true};
  return spawn_start(pid, &how);
}

/* ---- those that run ------------------------------------------------------ */

static bool has_ended(const struct command *command, siginfo_t *info) {
  info->si_pid = 0;
  return waitid(P_PID, (id_t)command->pid, info, WEXITED | WNOHANG) == 0 && info->si_pid != 0;
}

static void forget(struct command *command) {
  if (command->pidfd >= 0) (void)close(command->pidfd);
  *command = (struct command){.pid = 0, .pidfd = -1};
}

/* Those that nobody waited for end unseen. */
static struct command *find_free(struct commands *c) {
  siginfo_t info;
  for (size_t i = 0; i < COMMANDS_MAX; i++) {
    if (c->at[i].pid && has_ended(&c->at[i], &info)) forget(&c->at[i]);
    if (!c->at[i].pid) return &c->at[i];
  }
  return NULL;
}

static int start(struct commands *c, struct command *to, char *const *words, enum command_pipe pipe,
                 int *fd, struct error *err) {
  int ends[2] = {-1, -1};
  if (pipe != COMMAND_NO_PIPE && pipe2(ends, O_CLOEXEC))
    return error_errno(err, ERROR_INTERNAL, errno, "making a pipe");
  int its = pipe == COMMAND_READ ? ends[1] : ends[0],
      ours = pipe == COMMAND_READ ? ends[0] : ends[1];
  int rc = spawn(&to->pid, words, c->folder, pipe, its);
  if (its >= 0) (void)close(its);
  if (rc == 0) {
    to->pidfd = (int)syscall(SYS_pidfd_open, to->pid,
                             0); /* without one, its end is looked for now and then */
    *fd = ours;
    return 0;
  }
  to->pid = 0;
  if (ours >= 0) (void)close(ours);
  return error_errno(err, ERROR_USAGE, rc, "%s", words[0]);
}

int commands_start(struct commands *c, struct slice line, enum command_pipe pipe, int *fd,
                   struct error *err) {
  struct words *words = malloc(sizeof *words);
  struct command *to = find_free(c);
  int rc = -1;
  if (!words)
    (void)error_set(err, ERROR_MEMORY, "out of memory for a command");
  else if (!to)
    (void)error_set(err, ERROR_USAGE, "%d commands of the script run already", COMMANDS_MAX);
  else if (take_words(c->allowed, line, words, err) == 0)
    rc = start(c, to, words->at, pipe, fd, err);
  free(words);
  return rc ? -1 : (int)(to - c->at) + 1;
}

int commands_await(struct commands *c, int64_t number, struct error *err) {
  if (number < 1 || number > COMMANDS_MAX || !c->at[number - 1].pid)
    return error_set(err, ERROR_INTERNAL, "the worker waits for a command that does not run");
  c->awaited = &c->at[number - 1];
  return 0;
}

bool commands_take_end(struct commands *c, struct command_end *end) {
  siginfo_t info;
  if (!c->awaited || !has_ended(c->awaited, &info)) return false;
  *end = (struct command_end){.is_signal = info.si_code != CLD_EXITED, .code = info.si_status};
  forget(c->awaited);
  c->awaited = NULL;
  return true;
}

int commands_fd(const struct commands *c) { return c->awaited ? c->awaited->pidfd : -1; }

void commands_end(struct commands *c) {
  siginfo_t info;
  for (size_t i = 0; i < COMMANDS_MAX; i++) {
    struct command *command = &c->at[i];
    if (!command->pid) continue;
    (void)kill(-command->pid, SIGKILL);
    if (waitid(P_PID, (id_t)command->pid, &info, WEXITED) == 0) forget(command);
  }
}
