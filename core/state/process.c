#include "state/process.h"

#include "base/number.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { STAT_STARTTIME = 22 }; /* proc(5): fields are counted from 1, the name is 2 */

/* What a file of /proc holds, at most SIZE bytes; empty where there is none. */
static struct slice read_proc(const char *path, char *to, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return (struct slice){0};
  ssize_t got = read(fd, to, size);
  close(fd);
  return (struct slice){to, got > 0 ? (size_t)got : 0};
}

/* The word before END's next blank or line end; S moves behind it. */
static struct slice take_word(struct slice *s) {
  size_t len = 0;
  while (len < s->len && s->ptr[len] != ' ' && s->ptr[len] != '\n') len++;
  struct slice word = {s->ptr, len};
  size_t step = len < s->len ? len + 1 : len;
  *s = (struct slice){s->ptr + step, s->len - step};
  return word;
}

/* When process PID started, in ticks since the boot; 0: there is none. */
static int64_t start_of(int64_t pid) {
  char path[64], bytes[1024];
  (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
  struct slice stat = read_proc(path, bytes, sizeof bytes);
  /* The name may hold blanks and brackets; the last bracket ends it. */
  const char *name_end = stat.len ? memrchr(stat.ptr, ')', stat.len) : NULL;
  if (!name_end || name_end + 2 > stat.ptr + stat.len) return 0;
  struct slice rest = {name_end + 2, (size_t)(stat.ptr + stat.len - name_end - 2)};
  struct slice word = {0};
  for (int field = 3; field <= STAT_STARTTIME; field++) word = take_word(&rest);
  int64_t start;
  return number_int64(word, 0, INT64_MAX, &start) == 0 ? start : 0;
}

static struct slice read_boot(char *to, size_t size) {
  struct slice text = read_proc("/proc/sys/kernel/random/boot_id", to, size);
  return take_word(&text);
}

void process_name(char name[PROCESS_NAME_SIZE]) {
  char bytes[64];
  struct slice boot = read_boot(bytes, sizeof bytes);
  int64_t pid = getpid();
  (void)snprintf(name, PROCESS_NAME_SIZE, "%" PRId64 " %" PRId64 " %.*s", pid, start_of(pid),
                 SLICE_ARG(boot));
}

bool process_is_alive(struct slice name, int64_t *pid) {
  char bytes[64];
  int64_t start;
  *pid = 0;
  if (number_int64(take_word(&name), 1, INT32_MAX, pid) != 0) return false;
  if (number_int64(take_word(&name), 0, INT64_MAX, &start) != 0) return false;
  return slice_equal(name, read_boot(bytes, sizeof bytes)) && start_of(*pid) == start;
}
