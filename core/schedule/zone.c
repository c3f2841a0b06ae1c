#include "schedule/zone.h"

#include "base/file.h"
#include "base/path.h"
#include "base/utf8.h"
#include "schedule/zone_name.h"
#include "schedule/zone_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 1024 * 1024 }; /* the largest of tzdata 2025b has 4 KiB */

struct zone {
  char name[ZONE_NAME_SIZE];
  char path[PATH_SIZE]; /* "" of the zone that needs no file */
  struct stat seen;     /* the file that was read */
  struct zone_table table;
};

static bool is_same_file(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int parse_table(struct zone_table *t, struct slice bytes, struct error *err) {
  struct tzif file;
  if (tzif_parse(&file, bytes, err) != 0) return -1;
  int result = zone_table_make(t, &file, err);
  tzif_free(&file);
  return result;
}

/* O_NONBLOCK: a FIFO in the place of a file is refused, not waited for. */
static int read_file(const char *path, struct buf *bytes, struct stat *seen, struct error *err) {
  int result = -1, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "opening %s", path);
  if (fstat(fd, seen) != 0)
    (void)error_errno(err, ERROR_STATE, errno, "reading %s", path);
  else if (!S_ISREG(seen->st_mode))
    (void)error_set(err, ERROR_DATA, "%s is not a file", path);
  else
    result = file_read_fd(bytes, fd, path, err);
  close(fd);
  return result;
}

static int read_table(struct zone_table *t, const char *path, struct stat *seen,
                      struct error *err) {
  struct buf bytes = BUF_WITH_LIMIT(FILE_SIZE_MAX);
  int result = read_file(path, &bytes, seen, err);
  if (result == 0) result = parse_table(t, buf_slice(&bytes), err);
  buf_free(&bytes);
  return result;
}

static int refuse_name(struct slice name, const char *folder, struct error *err) {
  struct buf shown = BUF_WITH_LIMIT(8 * ZONE_NAME_SIZE);
  utf8_printable(&shown,
                 (struct slice){name.ptr, name.len < ZONE_NAME_SIZE ? name.len : ZONE_NAME_SIZE});
  (void)error_set(err, ERROR_USAGE, "there is no time zone \"%.*s\"", SLICE_ARG(shown));
  buf_free(&shown);
  return zone_name_hint(err, name, folder);
}

/* PATH NULL: UTC. */
static int fill(struct zone *z, const char *path, struct error *err) {
  const struct tzif utc = {0};
  if (!path) return zone_table_make(&z->table, &utc, err);
  memcpy(z->path, path, strlen(path) + 1);
  return read_table(&z->table, path, &z->seen, err);
}

static int open_path(struct zone **out, const char *name, const char *path, struct error *err) {
  struct zone *z = calloc(1, sizeof *z);
  if (!z) return error_set(err, ERROR_MEMORY, "no memory for a time zone");
  memcpy(z->name, name, strlen(name) + 1);
  if (fill(z, path, err) != 0) {
    zone_close(z);
    return error_context(err, "time zone \"%s\"", name);
  }
  *out = z;
  return 0;
}

int zone_open(struct zone **out, struct slice name, const char *folder, struct error *err) {
  char text[ZONE_NAME_SIZE] = "", path[PATH_SIZE];
  struct stat there;
  if (!folder) folder = ZONE_FOLDER;
  if (!zone_name_is_safe(name)) return refuse_name(name, folder, err);
  memcpy(text, name.ptr, name.len);
  if (slice_is(name, "UTC")) return open_path(out, text, NULL, err);
  if (path_join(path, folder, text) != 0)
    return error_set(err, ERROR_USAGE, "the path of time zone \"%s\" is too long", text);
  if (stat(path, &there) != 0 || S_ISDIR(there.st_mode)) return refuse_name(name, folder, err);
  if (open_path(out, text, path, err) == 0) return 0;
  if (err->code == ERROR_DATA) err->code = ERROR_USAGE; /* a file, but no zone: a wrong name */
  return -1;
}

void zone_close(struct zone *z) {
  if (!z) return;
  zone_table_free(&z->table);
  free(z);
}

const char *zone_name(const struct zone *z) { return z->name; }

int zone_newer(struct zone *z, struct zone **newer, struct error *err) {
  struct stat there;
  struct zone *other = NULL;
  *newer = NULL;
  if (z->path[0] == '\0') return 0;
  if (stat(z->path, &there) == 0 && is_same_file(&there, &z->seen)) return 0;
  if (open_path(&other, z->name, z->path, err) != 0) return -1;
  z->seen = other->seen;
  if (zone_table_equal(&other->table, &z->table))
    zone_close(other);
  else
    *newer = other;
  return 0;
}

struct zone_span zone_at(const struct zone *z, int64_t at_s) {
  return zone_table_at(&z->table, at_s);
}
