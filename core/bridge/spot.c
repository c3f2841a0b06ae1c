#include "bridge/spot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

struct spot {
  _Atomic int line; /* written behind the file */
  char file[SPOT_FILE_SIZE];
};

/* The worker cannot make the page shorter, which would end a host that reads it. */
static int make_page(void) {
  int fd = memfd_create("hoko-spot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0 && ftruncate(fd, sizeof(struct spot)) == 0 &&
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    return fd;
  if (fd >= 0) (void)close(fd);
  return -1;
}

struct spot *spot_new(int *fd, struct error *err) {
  *fd = make_page();
  void *s = *fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct spot), PROT_READ, MAP_SHARED, *fd, 0);
  if (s != MAP_FAILED) return s;
  (void)error_errno(err, ERROR_INTERNAL, errno, "sharing a page with the worker");
  if (*fd >= 0) (void)close(*fd);
  return NULL;
}

struct spot *spot_open(int fd) {
  void *s = mmap(NULL, sizeof(struct spot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  (void)close(fd);
  return s == MAP_FAILED ? NULL : s;
}

void spot_free(struct spot *s) {
  if (s) (void)munmap(s, sizeof *s);
}

void spot_set(struct spot *s, const char *file, int line) {
  size_t len = 0;
  for (; len < sizeof s->file - 1 && file[len]; len++) s->file[len] = file[len];
  s->file[len] = '\0';
  atomic_store(&s->line, line);
}

int spot_get(const struct spot *s, char file[SPOT_FILE_SIZE]) {
  int line = atomic_load(&s->line);
  for (size_t i = 0; i < sizeof s->file; i++) file[i] = line > 0 ? s->file[i] : '\0';
  file[SPOT_FILE_SIZE - 1] = '\0';
  return line > 0 ? line : 0;
}
