#include "state/copy.h"

#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* All pages in one step: a reader keeps others from committing meanwhile, and they
 * wait for it rather than make it begin anew. */
static int copy_pages(struct db *from, struct db *to, struct error *err) {
  sqlite3_backup *backup = sqlite3_backup_init(to->sqlite, "main", from->sqlite, "main");
  if (!backup) return db_fail(to, err);
  int stepped = sqlite3_backup_step(backup, -1);
  int code = sqlite3_backup_finish(backup);
  if (code == SQLITE_OK && stepped != SQLITE_DONE) code = stepped; /* busy is no finish code */
  return code == SQLITE_OK ? 0 : db_fail_code(to, code, err);
}

static int copy_into(struct db *from, const char *path, struct error *err) {
  struct db to;
  if (db_open(&to, path, DB_SHARED, err) != 0) return -1;
  int result = copy_pages(from, &to, err);
  db_close(&to);
  return result;
}

static int make_empty(const char *path, struct error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "making %s", path);
  close(fd);
  return 0;
}

/* So that the new name outlasts a power cut as the content does. */
static int sync_dir_of(const char *path, struct error *err) {
  char dir[PATH_SIZE];
  if (path_dir(dir, path) != 0) return error_set(err, ERROR_STATE, "path too long: %s", path);
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return error_errno(err, ERROR_STATE, errno, "opening %s", dir);
  int result = 0;
  /* EINVAL: a file system that syncs no folders, such as some of FUSE */
  if (fsync(fd) != 0 && errno != EINVAL)
    result = error_errno(err, ERROR_STATE, errno, "syncing %s", dir);
  close(fd);
  return result;
}

int copy_database(struct db *db, const char *to, bool is_replacing, struct error *err) {
  char part[PATH_SIZE];
  int len = snprintf(part, sizeof part, "%s.part", to);
  if (len < 0 || len >= PATH_SIZE) return error_set(err, ERROR_STATE, "path too long: %s", to);
  if (!is_replacing && access(to, F_OK) == 0) {
    error_set(err, ERROR_USAGE, "%s exists already", to);
    return error_hint(err, "name a new file, or remove that one");
  }
  (void)unlink(part); /* what an interrupted copy left; usually there is none */
  if (make_empty(part, err) != 0) return -1;
  if (copy_into(db, part, err) != 0) {
    unlink(part);
    return error_context(err, "copying %s", db->name);
  }
  if (rename(part, to) == 0) return sync_dir_of(to, err);
  error_errno(err, ERROR_STATE, errno, "making %s", to);
  unlink(part);
  return -1;
}
