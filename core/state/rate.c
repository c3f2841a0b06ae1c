/* A file a scope beside the stream locks, one record, changed under a lock of moments.
 * Not in the database: a commit syncs the disk five times, and this changes with each
 * request.  What a power cut leaves of it is taken if it is whole and of this boot, else
 * nothing is known of the limit and the next answer tells. */
#include "state/rate.h"

#include "base/path.h"
#include "state/lock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BOOT_ID_SIZE = 36 };

static const char magic[8] = "hokorat2";

struct head {
  char magic[sizeof magic];
  uint64_t boot, size, hash; /* of the record */
};

struct whole {
  struct head head;
  _Alignas(max_align_t) char record[RATE_RECORD_MAX];
};

struct rate_file {
  struct rate_file *next;
  uint64_t scope, boot;
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

static const struct hash_key fixed; /* every process must find the same */

/* Which boot this is, as clocks that begin with it are no good in another.  0: not known. */
static uint64_t boot_hash(void) {
  char id[BOOT_ID_SIZE];
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  ssize_t got = fd >= 0 ? read(fd, id, sizeof id) : -1;
  if (fd >= 0) (void)close(fd);
  return got == (ssize_t)sizeof id ? hash_bytes(&fixed, id, sizeof id) : 0;
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
  *f = (struct rate_file){
      .next = s->rates, .scope = scope, .boot = boot_hash(), .fd = open_file(s, path)};
  memcpy(f->path, path, strlen(path) + 1);
  if (f->fd >= 0) return s->rates = f;
  error_errno(err, ERROR_STATE, errno, "opening %s", path);
  free(f);
  return NULL;
}

static struct rate_file *file_of(struct state *s, uint64_t hash, struct error *err) {
  for (struct rate_file *f = s->rates; f; f = f->next)
    if (f->scope == hash) return f;
  return add_file(s, hash, err);
}

static bool is_whole(const struct whole *w, ssize_t got, const struct rate_file *f, size_t size) {
  return got == (ssize_t)(offsetof(struct whole, record) + size) &&
         memcmp(w->head.magic, magic, sizeof magic) == 0 && w->head.boot == f->boot &&
         w->head.size == size && w->head.hash == hash_bytes(&fixed, w->record, size);
}

static void read_record(const struct rate_file *f, struct whole *w, size_t size) {
  ssize_t got = pread(f->fd, w, offsetof(struct whole, record) + size, 0);
  if (!is_whole(w, got, f, size)) memset(w, 0, sizeof *w);
}

static int write_record(const struct rate_file *f, struct whole *w, size_t size,
                        struct error *err) {
  size_t len = offsetof(struct whole, record) + size;
  w->head =
      (struct head){.boot = f->boot, .size = size, .hash = hash_bytes(&fixed, w->record, size)};
  memcpy(w->head.magic, magic, sizeof magic);
  if (pwrite(f->fd, w, len, 0) == (ssize_t)len && ftruncate(f->fd, (off_t)len) == 0) return 0;
  return error_errno(err, ERROR_STATE, errno, "writing %s", f->path);
}

int rate_change(struct state *s, struct slice scope, size_t size,
                bool (*change)(void *user, void *record), void *user, struct error *err) {
  uint64_t hash = hash_slice(&fixed, scope);
  if (s->db.postgres) return rate_change_at_server(s, (int64_t)hash, size, change, user, err);
  struct rate_file *f = file_of(s, hash, err);
  struct whole whole;
  assert(size <= RATE_RECORD_MAX);
  if (!f || lock_wait(f->fd, f->path, err) != 0) return -1;
  read_record(f, &whole, size);
  int result = change(user, whole.record) ? write_record(f, &whole, size, err) : 0;
  lock_give(f->fd);
  return result;
}
