#include "host/files.h"

#include "base/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_beneath(int folder, const char *path, int flags, mode_t mode) {
  const int always =
      flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NOCTTY; /* openat2(2) is strict with O_PATH */
  struct open_how how = {.flags = (unsigned)(flags | always),
                         .mode = flags & O_CREAT ? mode : 0,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
  return (int)syscall(SYS_openat2, folder, path[0] ? path : ".", &how, sizeof how);
}

/* ---- what is allowed ----------------------------------------------------- */

static int add_root(struct files *f, const char *path, bool may_read, bool may_write,
                    struct error *err) {
  char joined[PATH_SIZE];
  if (f->roots_len == FILES_ROOTS_MAX)
    return error_set(err, ERROR_USAGE, "more than %d folders are allowed", FILES_ROOTS_MAX);
  struct files_root *r = &f->roots[f->roots_len];
  *r = (struct files_root){.may_read = may_read, .may_write = may_write};
  if (path_join(joined, f->folder, path) || path_normal(r->path, joined))
    return error_set(err, ERROR_USAGE, "%s: the path is too long", path);
  struct stat st;
  bool is_there = stat(r->path, &st) == 0;
  r->is_file = is_there && !S_ISDIR(st.st_mode);
  char dir[PATH_SIZE];
  if (r->is_file && path_dir(dir, r->path))
    return error_set(err, ERROR_USAGE, "%s: the path is too long", path);
  r->fd = open(r->is_file ? dir : r->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (r->fd < 0) return error_errno(err, ERROR_USAGE, errno, "%s, which is to be allowed", r->path);
  f->roots_len++;
  return 0;
}

/* A file that is an argument may be read; an argument that is none is just a word. */
static void add_argument(struct files *f, const char *word) {
  struct error ignored;
  char here[PATH_SIZE], joined[PATH_SIZE], normal[PATH_SIZE];
  struct stat st;
  if (!getcwd(here, sizeof here) || path_join(joined, here, word) || path_normal(normal, joined))
    return;
  if (stat(normal, &st) || S_ISDIR(st.st_mode)) return;
  if (add_root(f, normal, true, false, &ignored)) return; /* it is denied later, with its reason */
  f->roots[f->roots_len - 1].argument = word;
}

/* The absolute path that TEXT of a script means. */
static int resolve(const struct files *f, const char *text, char normal[PATH_SIZE]) {
  char joined[PATH_SIZE];
  for (size_t i = 0; i < f->roots_len; i++)
    if (f->roots[i].argument && strcmp(f->roots[i].argument, text) == 0)
      return path_normal(normal, f->roots[i].path);
  return path_join(joined, f->folder, text) || path_normal(normal, joined) ? -1 : 0;
}

static int add_texts(struct files *f, struct texts texts, bool may_read, bool may_write,
                     struct error *err) {
  for (size_t i = 0; texts.at && texts.at[i]; i++)
    if (add_root(f, texts.at[i], may_read, may_write, err)) return -1;
  return 0;
}

/* The files that is_kept() compares with. */
static void name_kept(struct files *f, const struct job *job) {
  struct error ignored;
  const char *state = strncmp(job->state, "sqlite:", 7) == 0 ? job->state + 7 : "";
  (void)snprintf(f->state, sizeof f->state, "%s", state[0] == '/' ? state : "");
  if (keystore_path(f->keystore, &ignored)) f->keystore[0] = '\0'; /* then there is none to read */
}

int files_open(struct files *f, const struct job *job, struct error *err) {
  *f = (struct files){.roots = calloc(FILES_ROOTS_MAX, sizeof *f->roots)};
  if (!f->roots) return error_set(err, ERROR_MEMORY, "out of memory for the allowed folders");
  char joined[PATH_SIZE];
  name_kept(f, job);
  if (path_normal(f->folder, job->folder) || path_join(joined, f->folder, job->script) ||
      path_normal(f->script, joined)) {
    (void)error_set(err, ERROR_USAGE, "%s: the path is too long", job->script);
    goto failed;
  }
  if (job->kind != JOB_SCRIPT || strcmp(job->script, "-") == 0) f->script[0] = '\0';
  if (job->is_folder_readable) {
    if (add_root(f, ".", true, true, err)) goto failed;
    f->roots[0].is_project = true;
  }
  if (add_texts(f, job->allowed.read, true, false, err) ||
      add_texts(f, job->allowed.write, true, true, err))
    goto failed;
  for (size_t i = 0; job->args && job->args[i]; i++) add_argument(f, job->args[i]);
  return 0;
failed:
  files_close(f);
  return -1;
}

void files_close(struct files *f) {
  for (size_t i = 0; i < f->roots_len; i++) (void)close(f->roots[i].fd);
  free(f->roots);
  *f = (struct files){.roots = NULL};
}

/* ---- one file ------------------------------------------------------------ */

static bool is_in(const char *rest, const char *folder) {
  size_t len = strlen(folder);
  return strncmp(rest, folder, len) == 0 && (rest[len] == '\0' || rest[len] == '/');
}

/* Of the project: never the state, and no writing where code is. */
static bool is_excepted(const char *rest, bool writes) {
  if (is_in(rest, ".hoko")) return true;
  return writes && (is_in(rest, "hoko.lua") || is_in(rest, "scripts") || is_in(rest, "lua"));
}

static const char *within(const struct files_root *r, const char *path) {
  const char *rest;
  if (r->is_file) return strcmp(r->path, path) == 0 ? strrchr(r->path, '/') + 1 : NULL;
  return path_beneath(r->path, path, &rest) ? rest : NULL;
}

static int flags_of(enum open_mode mode) {
  switch (mode) {
  case OPEN_READ:
  case OPEN_MODULE: return O_RDONLY | O_NONBLOCK; /* a FIFO without a writer must not hang us */
  case OPEN_WRITE:
  case OPEN_READ_WRITE: return O_RDWR;
  case OPEN_APPEND: return O_RDWR | O_APPEND;
  }
  return O_RDONLY;
}

static int denied(struct error *err, const char *path, bool writes) {
  char dir[PATH_SIZE];
  (void)error_set(err, ERROR_DENIED, "%s the file %s is not allowed",
                  writes ? "writing" : "reading", path);
  if (path_dir(dir, path)) dir[0] = '\0';
  return error_hint(err, "add --allow-%s=%s, or allow = { %s = { \"%s\" } } in hoko.lua",
                    writes ? "write" : "read", dir, writes ? "write" : "read", dir);
}

static int kept(struct error *err, const char *path, bool writes) {
  return error_set(err, ERROR_DENIED,
                   "no script may %s %s: it is the keystore, the state or the project's own code",
                   writes ? "write" : "read", path);
}

/* Read again blocking: the flag was only for the open itself. */
static int make_blocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags >= 0 && flags & O_NONBLOCK)
    (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK); /* stays readable either way */
  return fd;
}

static int check_kind(int fd, const char *path, struct error *err) {
  struct stat st;
  if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) return make_blocking(fd);
  (void)close(fd);
  return error_set(err, ERROR_USAGE, "%s is a folder", path);
}

static bool is_same_file(const struct stat *st, const char *path) {
  struct stat other;
  return path[0] && stat(path, &other) == 0 && st->st_dev == other.st_dev &&
         st->st_ino == other.st_ino;
}

/* Where NAME in the folder FD, or FD itself where NAME is "", really is. */
static int real_path(char real[PATH_SIZE], int fd, const char *name) {
  char link[32], folder[PATH_SIZE];
  (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t len = readlink(link, folder, sizeof folder - 1);
  if (len < 0) return -1;
  folder[len] = '\0';
  if (name[0]) return path_join(real, folder, name);
  memcpy(real, folder, (size_t)len + 1);
  return 0;
}

/* The state's file or a journal of it, which SQLite would carry out. */
static bool is_of_state(const struct files *f, const char *real) {
  size_t len = strlen(f->state);
  return len && strncmp(real, f->state, len) == 0 && (real[len] == '\0' || real[len] == '-');
}

/* Whether that is a path that no script gets, whatever links led to it. */
static bool is_kept_path(const struct files *f, int fd, const char *name, bool writes) {
  char real[PATH_SIZE];
  const char *rest;
  return real_path(real, fd, name) || is_of_state(f, real) ||
         (path_beneath(f->folder, real, &rest) && is_excepted(rest, writes));
}

/* The same for a file that is there, by another name or root as well. */
static bool is_kept(const struct files *f, int fd, bool writes) {
  struct stat st;
  return fstat(fd, &st) || is_same_file(&st, f->keystore) || is_same_file(&st, f->state) ||
         is_kept_path(f, fd, "", writes);
}

/* Makes the file REST beneath FOLDER; errno is EPERM where it would be one that is kept. */
static int make_beneath(const struct files *f, int folder, const char *rest, int flags) {
  char dir[PATH_SIZE];
  const char *slash = strrchr(rest, '/'), *name = slash ? slash + 1 : rest;
  (void)snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - rest) : 0, rest);
  int parent = open_beneath(folder, dir, O_PATH | O_DIRECTORY, 0);
  if (parent < 0) return -1;
  bool is_refused = is_kept_path(f, parent, name, true);
  int fd = is_refused ? -1 : open_beneath(parent, name, flags | O_CREAT | O_EXCL, 0666);
  int reason = is_refused ? EPERM : errno;
  (void)close(parent);
  errno = reason;
  return fd;
}

/* Opened without cutting it, which waits until it is known to be no file that is kept. */
static int open_kind(const struct files *f, int folder, const char *rest, enum open_mode mode,
                     bool writes) {
  int fd = open_beneath(folder, rest, flags_of(mode), 0);
  if (fd < 0 && errno == ENOENT && (mode == OPEN_WRITE || mode == OPEN_APPEND))
    return make_beneath(f, folder, rest, flags_of(mode));
  if (fd < 0) return -1;
  int reason = is_kept(f, fd, writes) ? EPERM : 0;
  if (!reason && mode == OPEN_WRITE && ftruncate(fd, 0) && errno != EINVAL)
    reason = errno; /* a device has no length */
  if (!reason) return fd;
  (void)close(fd);
  errno = reason;
  return -1;
}

/* What errno says of a path beneath an allowed folder. */
static int refused(struct error *err, const char *shown, const char *path, bool writes) {
  if (errno == EPERM) return kept(err, path, writes);
  if (errno == EXDEV || errno == ELOOP)
    return denied(err, path, writes); /* a link that leads out */
  return error_errno(err, ERROR_USAGE, errno, "%s", shown);
}

/* PATH is beneath no folder that is allowed, or an exception in one. */
static int not_allowed(const struct files *f, const char *path, bool writes, struct error *err) {
  const char *rest; /* no option allows these, so none is named */
  if (path_beneath(f->folder, path, &rest) && is_excepted(rest, writes))
    return kept(err, path, writes);
  return denied(err, path, writes);
}

static int open_in(const struct files *f, const char *shown, const char *path, enum open_mode mode,
                   struct error *err) {
  bool writes = mode == OPEN_WRITE || mode == OPEN_APPEND || mode == OPEN_READ_WRITE;
  for (size_t i = 0; i < f->roots_len; i++) {
    const struct files_root *r = &f->roots[i];
    const char *rest = within(r, path);
    if (!rest || !(writes ? r->may_write : r->may_read) ||
        (r->is_project && is_excepted(rest, writes)))
      continue;
    int fd = open_kind(f, r->fd, rest, mode, writes);
    if (fd >= 0) return check_kind(fd, shown, err);
    return refused(err, shown, path, writes);
  }
  return not_allowed(f, path, writes, err);
}

/* PATH as text, and the absolute path that it means. */
static int take_path(const struct files *f, struct slice path, char text[PATH_SIZE],
                     char normal[PATH_SIZE], struct error *err) {
  if (path.len && memchr(path.ptr, '\0', path.len))
    return error_set(err, ERROR_USAGE, "the file name holds a NUL");
  if (path.len < PATH_SIZE) {
    if (path.len) memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    if (resolve(f, text, normal) == 0) return 0;
  }
  char begin[80];
  printable_copy(begin, sizeof begin, path);
  return error_set(err, ERROR_USAGE, "the file name is too long: %s…", begin);
}

/* ---- its name ------------------------------------------------------------ */

struct files_name {
  int folder;
  char name[PATH_SIZE];
  char shown[PATH_SIZE]; /* the path as the script wrote it */
};

/* A folder above what is kept would take that along. */
static bool is_above(const char *path, const char *kept_path) {
  const char *rest;
  return kept_path[0] && path_beneath(path, kept_path, &rest);
}

static bool is_kept_entry(const struct files *f, const struct files_name *e) {
  char real[PATH_SIZE];
  struct stat st;
  if (is_kept_path(f, e->folder, e->name, true) || real_path(real, e->folder, e->name)) return true;
  if (fstatat(e->folder, e->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
      (is_same_file(&st, f->keystore) || is_same_file(&st, f->state)))
    return true;
  return is_above(real, f->folder) || is_above(real, f->state) || is_above(real, f->keystore);
}

/* The entry REST beneath ROOT. */
static int open_entry(const struct files *f, const struct files_root *root, const char *rest,
                      struct files_name *e) {
  char dir[PATH_SIZE];
  const char *slash = strrchr(rest, '/');
  (void)snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - rest) : 0, rest);
  (void)snprintf(e->name, sizeof e->name, "%s", slash ? slash + 1 : rest);
  e->folder = open_beneath(root->fd, dir, O_PATH | O_DIRECTORY, 0);
  if (e->folder < 0) return -1;
  if (!is_kept_entry(f, e)) return 0;
  (void)close(e->folder);
  errno = EPERM;
  return -1;
}

/* The entry that PATH names, if it may be written; its folder is the caller's to close. */
static int find_entry(const struct files *f, struct slice path, struct files_name *e,
                      struct error *err) {
  char normal[PATH_SIZE];
  const char *rest;
  if (take_path(f, path, e->shown, normal, err)) return -1;
  for (size_t i = 0; i < f->roots_len; i++) {
    const struct files_root *r = &f->roots[i];
    rest = within(r, normal);
    if (!rest || !rest[0] || !r->may_write || (r->is_project && is_excepted(rest, true))) continue;
    if (open_entry(f, r, rest, e) == 0) return 0;
    return refused(err, e->shown, normal, true);
  }
  return not_allowed(f, normal, true, err);
}

int files_remove(const struct files *f, struct slice path, struct error *err) {
  struct files_name e;
  if (find_entry(f, path, &e, err)) return -1;
  int rc = unlinkat(e.folder, e.name, 0);
  if (rc && errno == EISDIR) rc = unlinkat(e.folder, e.name, AT_REMOVEDIR);
  if (rc) (void)error_errno(err, ERROR_USAGE, errno, "%s", e.shown);
  (void)close(e.folder);
  return rc;
}

int files_rename(const struct files *f, struct slice from, struct slice to, struct error *err) {
  struct files_name before, behind;
  if (find_entry(f, from, &before, err)) return -1;
  int rc = find_entry(f, to, &behind, err);
  if (rc == 0) {
    rc = renameat(before.folder, before.name, behind.folder, behind.name);
    if (rc) (void)error_errno(err, ERROR_USAGE, errno, "%s", before.shown);
    (void)close(behind.folder);
  }
  (void)close(before.folder);
  return rc;
}

/* ---- the script, its modules and hoko.lua ---------------------------------- */

static int open_stdin(struct error *err) {
  int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  return fd >= 0 ? fd : error_errno(err, ERROR_USAGE, errno, "standard input");
}

/* NAME with slashes, without ".lua": lua/NAME.lua, scripts/NAME.lua, lua/NAME/init.lua. */
static int open_module(const struct files *f, const char *name, char found[PATH_SIZE],
                       struct error *err) {
  static const char *const before[] = {"lua/", "scripts/", "lua/"}, *const behind[] = {".lua",
                                                                                       ".lua",
                                                                                       "/init.lua"};
  struct error why;
  for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
    int len = snprintf(found, PATH_SIZE, "%s%s%s", before[i], name, behind[i]);
    int fd = len < PATH_SIZE ? files_open_for(f, slice_of(found), OPEN_READ, &why) : -1;
    if (fd >= 0) return fd;
  }
  return error_set(err, ERROR_USAGE,
                   "no file lua/%s.lua, scripts/%s.lua or lua/%s/init.lua in the project", name,
                   name, name);
}

int files_open_module(const struct files *f, struct slice name, char found[PATH_SIZE],
                      struct error *err) {
  char normal[PATH_SIZE];
  if (take_path(f, name, found, normal, err)) return -1;
  if (strcmp(found, "-") == 0) return open_stdin(err);
  if (!f->script[0] || strcmp(normal, f->script) != 0) {
    char wanted[PATH_SIZE];
    (void)snprintf(wanted, sizeof wanted, "%s", found);
    return open_module(f, wanted, found, err);
  }
  int fd = open(normal, O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? check_kind(fd, found, err) : error_errno(err, ERROR_USAGE, errno, "%s", found);
}

int files_open_for(const struct files *f, struct slice path, enum open_mode mode,
                   struct error *err) {
  char text[PATH_SIZE], normal[PATH_SIZE];
  if (mode == OPEN_MODULE) return files_open_module(f, path, text, err);
  if (take_path(f, path, text, normal, err)) return -1;
  return strcmp(text, "-") == 0 ? open_stdin(err) : open_in(f, text, normal, mode, err);
}

int files_open_config(const char *folder, struct error *err) {
  char path[PATH_SIZE];
  if (path_join(path, folder, "hoko.lua"))
    return error_set(err, ERROR_USAGE, "%s: the path is too long", folder);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? fd : error_errno(err, ERROR_USAGE, errno, "%s", path);
}
