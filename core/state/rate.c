/* A file a scope beside the stream locks, one line of numbers, changed under a lock of
 * moments.  Not in the database: a commit syncs the disk five times, and this changes
 * with each request.  What a power cut leaves of it is taken if it is whole, else
 * nothing is known of the limit and the next answer tells. */
#include "state/rate.h"

#include "base/number.h"
#include "base/path.h"
#include "state/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TEXT_SIZE = 256 };

struct rate_file {
  struct rate_file *next;
  uint64_t scope;
  int fd;
  char path[];
};

void rate_files_free(struct rate_file *list) {
  while (list) {
    struct rate_file *next = list->next;
    close(list->fd);
    free(list);
    list = next;
  }
}

/* In memory the file is one without a name. */
static int open_file(const struct state *s, const char *path) {
  if (!s->lock_dir) return memfd_create("rate", MFD_CLOEXEC);
  return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static struct rate_file *add_file(struct state *s, uint64_t scope, struct error *err) {
  char name[32], path[PATH_SIZE];
  (void)snprintf(name, sizeof name, "rate-%016" PRIx64, scope);
  if (path_join(path, s->lock_dir ? s->lock_dir : "", name) != 0) {
    error_set(err, ERROR_STATE, "path too long: %s/%s", s->lock_dir, name);
    return NULL;
  }
  struct rate_file *f = malloc(sizeof *f + strlen(path) + 1);
  if (!f) {
    error_set(err, ERROR_MEMORY, "no memory for the rate limit");
    return NULL;
  }
  *f = (struct rate_file){.next = s->rates, .scope = scope, .fd = open_file(s, path)};
  memcpy(f->path, path, strlen(path) + 1);
  if (f->fd >= 0) return s->rates = f;
  error_errno(err, ERROR_STATE, errno, "opening %s", path);
  free(f);
  return NULL;
}

static struct rate_file *file_of(struct state *s, struct slice scope, struct error *err) {
  static const struct hash_key fixed; /* every process must find the same file */
  uint64_t hash = hash_slice(&fixed, scope);
  for (struct rate_file *f = s->rates; f; f = f->next)
    if (f->scope == hash) return f;
  return add_file(s, hash, err);
}

/* The line's numbers, in order. */
static const size_t members[] = {
    offsetof(struct rate, closed_until_ms), offsetof(struct rate, next_ms),
    offsetof(struct rate, limit),           offsetof(struct rate, remaining),
    offsetof(struct rate, reset_at_ms),     offsetof(struct rate, seen_at_ms),
};
enum { MEMBERS_LEN = sizeof members / sizeof *members };

static int64_t *member(struct rate *r, size_t i) {
  return (int64_t *)(void *)((char *)r + members[i]);
}

/* The line is "hoko-rate N N N N N N end"; anything else is nothing. */
static bool parse(struct slice text, struct rate *r) {
  static const char head[] = "hoko-rate ", tail[] = "end\n";
  if (text.len < sizeof head || memcmp(text.ptr, head, sizeof head - 1) != 0) return false;
  text = (struct slice){text.ptr + sizeof head - 1, text.len - (sizeof head - 1)};
  for (size_t i = 0; i < MEMBERS_LEN; i++) {
    const char *end = memchr(text.ptr, ' ', text.len);
    if (!end) return false;
    struct slice word = {text.ptr, (size_t)(end - text.ptr)};
    if (number_int64(word, INT64_MIN, INT64_MAX, member(r, i)) != 0) return false;
    text = (struct slice){end + 1, text.len - word.len - 1};
  }
  return slice_is(text, tail);
}

static void read_rate(int fd, struct rate *r) {
  char bytes[TEXT_SIZE];
  ssize_t got = pread(fd, bytes, sizeof bytes, 0);
  if (got <= 0 || !parse((struct slice){bytes, (size_t)got}, r)) *r = (struct rate){0};
}

static int write_rate(const struct rate_file *f, struct rate *r, struct error *err) {
  char text[TEXT_SIZE];
  int len = snprintf(text, sizeof text, "hoko-rate ");
  for (size_t i = 0; i < MEMBERS_LEN; i++)
    len += snprintf(text + len, sizeof text - (size_t)len, "%" PRId64 " ", *member(r, i));
  len += snprintf(text + len, sizeof text - (size_t)len, "end\n");
  if (pwrite(f->fd, text, (size_t)len, 0) == len && ftruncate(f->fd, len) == 0) return 0;
  return error_errno(err, ERROR_STATE, errno, "writing %s", f->path);
}

int rate_change(struct state *s, struct slice scope, bool (*change)(void *user, struct rate *r),
                void *user, struct error *err) {
  struct rate_file *f = file_of(s, scope, err);
  if (!f || lock_wait(f->fd, f->path, err) != 0) return -1;
  struct rate rate;
  read_rate(f->fd, &rate);
  int result = change(user, &rate) ? write_rate(f, &rate, err) : 0;
  lock_give(f->fd);
  return result;
}
