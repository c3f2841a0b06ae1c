/* kill_points.c - ends or fails the program at a chosen call, for tests: preloaded, never linked.
 *
 *   KILL_AT=N      at the N-th call that syncs, shortens or removes a file, or
 *                  talks to a server or the worker; without it nothing happens
 *   KILL_WHEN=     before | half | after: half sends or writes the first half of the bytes
 *                  failing: nothing is killed, the call fails as of a disk that cannot be read
 *                  or written; overfull: this call and all later writes, as of one that is full
 *   KILL_WHO=      host | worker | both
 *   KILL_WRITES=1  writes to files count too, not only what commits and sends
 *   KILL_COUNT=FILE  where a program that came to its end tells how many calls there were
 *
 * The worker does not inherit LD_PRELOAD, so calls are those of the host alone. */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static atomic_long calls;
static long kill_at;
static char when, who;
static int counts_writes, counts_talk; /* writes to files, and calls to servers and the worker */

__attribute__((constructor)) static void read_wish(void) {
  const char *at = getenv("KILL_AT"), *at_what = getenv("KILL_WHEN"), *at_whom = getenv("KILL_WHO");
  kill_at = at ? strtol(at, NULL, 10) : 0;
  when = at_what ? at_what[0] : 'b';
  who = at_whom ? at_whom[0] : 'h';
  if (who == 'w' && when == 'h') when = 'a'; /* nothing is cut short for a host that lives on */
  counts_writes = getenv("KILL_WRITES") != NULL;
  counts_talk = when != 'f' && when != 'o';
}

__attribute__((destructor)) static void tell_count(void) {
  const char *path = getenv("KILL_COUNT");
  FILE *file = path ? fopen(path, "we") : NULL;
  if (!file) return;
  (void)fprintf(file, "%ld\n", atomic_load(&calls));
  (void)fclose(file);
}

/* The main thread starts the worker, so it is that thread's only child. */
static void end_worker(void) {
  char path[64];
  int pid = 0;
  (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE *children = fopen(path, "re");
  if (children && fscanf(children, "%d", &pid) == 1) (void)kill(pid, SIGKILL);
  if (children) (void)fclose(children);
}

static void end(void) {
  if (who != 'h') end_worker();
  if (who != 'w') (void)kill(getpid(), SIGKILL);
}

/* The place among the calls of one that is about to be made: is it the one, and when? */
static char arrive(void) {
  long now = atomic_fetch_add(&calls, 1) + 1;
  if (now != kill_at && !(when == 'o' && kill_at && now > kill_at)) return 0;
  if (when == 'b') end();
  return when;
}

static void leave(char moment) {
  if (moment == 'a' || moment == 'h') end();
}

/* RESULT NAME(PARAMETERS), a call that counts where COUNTS; HALF makes half a call of it. */
#define KILL_POINT(RESULT, NAME, PARAMETERS, ARGUMENTS, COUNTS, HALF)                              \
  RESULT NAME PARAMETERS {                                                                         \
    static RESULT(*real) PARAMETERS;                                                               \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #NAME);                                          \
    char moment = (COUNTS) ? arrive() : (char)0;                                                   \
    if (moment == 'h') HALF;                                                                       \
    if (moment == 'f' || moment == 'o') {                                                          \
      errno = moment == 'f' ? EIO : ENOSPC;                                                        \
      return -1;                                                                                   \
    }                                                                                              \
    RESULT result = real ARGUMENTS;                                                                \
    leave(moment);                                                                                 \
    return result;                                                                                 \
  }

#define WHOLE (void)0
#define HALF_OF(len) len -= len / 2

KILL_POINT(int, fsync, (int fd), (fd), 1, WHOLE)
KILL_POINT(int, fdatasync, (int fd), (fd), 1, WHOLE)
KILL_POINT(int, ftruncate, (int fd, off_t len), (fd, len), 1, WHOLE)
KILL_POINT(int, ftruncate64, (int fd, off64_t len), (fd, len), 1, WHOLE)
KILL_POINT(int, unlink, (const char *path), (path), 1, WHOLE)
KILL_POINT(int, rename, (const char *from, const char *to), (from, to), 1, WHOLE)
KILL_POINT(ssize_t, send, (int fd, const void *from, size_t len, int flags), (fd, from, len, flags),
           counts_talk, HALF_OF(len))
KILL_POINT(ssize_t, recv, (int fd, void *to, size_t len, int flags), (fd, to, len, flags),
           counts_talk, WHOLE)
KILL_POINT(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags),
           counts_talk, WHOLE)
KILL_POINT(ssize_t, pwrite, (int fd, const void *from, size_t len, off_t at), (fd, from, len, at),
           counts_writes, HALF_OF(len))
KILL_POINT(ssize_t, pwrite64, (int fd, const void *from, size_t len, off64_t at),
           (fd, from, len, at), counts_writes, HALF_OF(len))
