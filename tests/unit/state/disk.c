#include "disk.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 16, SECTOR = 512, PATH_MAX_LEN = 512 };

struct bytes {
  char *ptr;
  size_t len, cap;
};

/* A change that is not synced yet: bytes at a place, or (data NULL) a new length. */
struct change {
  struct change *next;
  size_t at, len;
  char *data;
};

struct file {
  char path[PATH_MAX_LEN];
  bool is_there, is_name_synced;
  struct bytes now, synced;
  struct change *first, **last; /* between synced and now */
};

struct handle {
  sqlite3_file base;
  struct file *file;
};

static struct file files[FILES_MAX];
static sqlite3_vfs vfs, *real;
static struct {
  enum disk_failure how;
  unsigned left, count;
  bool is_met;
} fault;

/* ---- faults ---- */

/* Whether what is about to be done fails. */
static bool is_failing(bool is_write) {
  fault.count++;
  if (fault.how == DISK_SOUND) return false;
  if (fault.how == DISK_DEAD && fault.is_met) return true;
  if (fault.how == DISK_FULL_ONCE && !is_write) return false;
  if (fault.left == 0 || --fault.left > 0) return false;
  return fault.is_met = true;
}

void disk_fail(unsigned n, enum disk_failure how) {
  fault.how = how;
  fault.left = n;
  fault.count = 0;
  fault.is_met = false;
}

bool disk_is_met(void) {
  fault.how = DISK_SOUND;
  return fault.is_met;
}

bool disk_has_failed(void) { return fault.is_met; }

unsigned disk_count(void) { return fault.count; }

/* ---- bytes ---- */

static void set_len(struct bytes *b, size_t len) {
  if (len > b->cap) {
    b->cap = len * 2;
    b->ptr = realloc(b->ptr, b->cap);
    if (!b->ptr) abort();
  }
  if (len > b->len) memset(b->ptr + b->len, 0, len - b->len);
  b->len = len;
}

static void put(struct bytes *b, size_t at, const char *data, size_t len) {
  if (at + len > b->len) set_len(b, at + len);
  memcpy(b->ptr + at, data, len);
}

static void drop_changes(struct file *f) {
  for (struct change *c = f->first, *next; c; c = next) {
    next = c->next;
    free(c->data);
    free(c);
  }
  f->first = NULL;
  f->last = &f->first;
}

static void add_change(struct file *f, size_t at, const void *data, size_t len) {
  struct change *c = calloc(1, sizeof *c);
  if (!c) abort();
  c->at = at;
  c->len = len;
  if (data) {
    c->data = malloc(len);
    if (!c->data) abort();
    memcpy(c->data, data, len);
  }
  *f->last = c;
  f->last = &c->next;
}

static void copy_bytes(struct bytes *to, const struct bytes *from) {
  to->len = 0;
  if (from->len > 0) put(to, 0, from->ptr, from->len);
}

/* ---- power ---- */

static uint64_t next_random(uint64_t *seed) {
  *seed += 0x9e3779b97f4a7c15;
  uint64_t x = *seed;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

static bool is_lucky(uint64_t *seed, unsigned percent) { return next_random(seed) % 100 < percent; }

/* Each sector of a write is kept or not; what a longer file has in between is garbage. */
static void keep_sectors(struct bytes *b, const struct change *c, unsigned percent,
                         uint64_t *seed) {
  for (size_t from = 0; from < c->len;) {
    size_t len = SECTOR - (c->at + from) % SECTOR;
    if (len > c->len - from) len = c->len - from;
    size_t old_len = b->len;
    if (is_lucky(seed, percent)) {
      put(b, c->at + from, c->data + from, len);
      for (size_t i = old_len; i < c->at + from; i++) b->ptr[i] = (char)next_random(seed);
    }
    from += len;
  }
}

static void cut_file(struct file *f, uint64_t *seed) {
  static const unsigned percents[] = {0, 30, 70, 95, 100};
  unsigned percent = percents[next_random(seed) % 5];
  for (const struct change *c = f->first; c; c = c->next) {
    if (c->data)
      keep_sectors(&f->synced, c, percent, seed);
    else if (is_lucky(seed, percent))
      set_len(&f->synced, c->len);
  }
  if (!f->is_name_synced && is_lucky(seed, 50)) f->is_there = false;
  copy_bytes(&f->now, &f->synced);
  drop_changes(f);
}

void disk_cut(uint64_t seed) {
  for (int i = 0; i < FILES_MAX; i++)
    if (files[i].is_there) cut_file(&files[i], &seed);
}

void disk_clear(void) {
  for (int i = 0; i < FILES_MAX; i++) {
    free(files[i].now.ptr);
    free(files[i].synced.ptr);
    if (files[i].last) drop_changes(&files[i]);
    files[i] = (struct file){0};
  }
}

/* ---- what SQLite calls ---- */

static struct file *file_of(sqlite3_file *base) { return ((struct handle *)base)->file; }

static int do_close(sqlite3_file *base) {
  (void)base;
  return SQLITE_OK;
}

static int do_read(sqlite3_file *base, void *to, int len, sqlite3_int64 at) {
  if (is_failing(false)) return SQLITE_IOERR_READ;
  const struct bytes *b = &file_of(base)->now;
  size_t from = (size_t)at, wanted = (size_t)len;
  size_t got = from >= b->len ? 0 : b->len - from < wanted ? b->len - from : wanted;
  if (got > 0) memcpy(to, b->ptr + from, got);
  memset((char *)to + got, 0, wanted - got);
  return got == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int do_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 at) {
  if (is_failing(true)) return fault.how == DISK_FULL_ONCE ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  struct file *f = file_of(base);
  put(&f->now, (size_t)at, data, (size_t)len);
  add_change(f, (size_t)at, data, (size_t)len);
  return SQLITE_OK;
}

static int do_truncate(sqlite3_file *base, sqlite3_int64 len) {
  if (is_failing(false)) return SQLITE_IOERR_TRUNCATE;
  struct file *f = file_of(base);
  set_len(&f->now, (size_t)len);
  add_change(f, 0, NULL, (size_t)len);
  return SQLITE_OK;
}

/* The first sync of a new file also syncs its name, as SQLite's own for Unix does. */
static int do_sync(sqlite3_file *base, int flags) {
  (void)flags;
  if (is_failing(false)) return SQLITE_IOERR_FSYNC;
  struct file *f = file_of(base);
  copy_bytes(&f->synced, &f->now);
  drop_changes(f);
  f->is_name_synced = true;
  return SQLITE_OK;
}

static int do_size(sqlite3_file *base, sqlite3_int64 *len) {
  *len = (sqlite3_int64)file_of(base)->now.len;
  return SQLITE_OK;
}

static int do_lock(sqlite3_file *base, int level) {
  (void)base;
  (void)level;
  return SQLITE_OK;
}

static int do_check_lock(sqlite3_file *base, int *is_locked) {
  (void)base;
  *is_locked = 0;
  return SQLITE_OK;
}

static int do_control(sqlite3_file *base, int what, void *with) {
  (void)base;
  (void)what;
  (void)with;
  return SQLITE_NOTFOUND;
}

static int do_sector_size(sqlite3_file *base) {
  (void)base;
  return 4096;
}

static int do_traits(sqlite3_file *base) {
  (void)base;
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* what SQLite's own for Unix says */
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_lock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector_size,
    .xDeviceCharacteristics = do_traits,
};

static struct file *find_file(const char *path) {
  for (int i = 0; i < FILES_MAX; i++)
    if (files[i].is_there && strcmp(files[i].path, path) == 0) return &files[i];
  return NULL;
}

static struct file *make_file(const char *path) {
  for (int i = 0; i < FILES_MAX; i++) {
    if (files[i].is_there) continue;
    free(files[i].now.ptr);
    free(files[i].synced.ptr);
    files[i] = (struct file){.is_there = true};
    files[i].last = &files[i].first;
    strncpy(files[i].path, path, PATH_MAX_LEN - 1);
    return &files[i];
  }
  abort();
}

static int do_open(sqlite3_vfs *v, const char *path, sqlite3_file *base, int flags, int *out) {
  (void)v;
  struct file *f = path ? find_file(path) : NULL;
  if (!f && is_failing(false)) return SQLITE_CANTOPEN;
  if (!f) f = make_file(path ? path : "a temporary one");
  *(struct handle *)base = (struct handle){.base.pMethods = &methods, .file = f};
  if (out) *out = flags;
  return SQLITE_OK;
}

static int do_delete(sqlite3_vfs *v, const char *path, int is_synced) {
  (void)v;
  (void)is_synced;
  struct file *f = find_file(path);
  if (is_failing(false)) return SQLITE_IOERR_DELETE;
  if (!f) return SQLITE_IOERR_DELETE_NOENT;
  drop_changes(f);
  f->is_there = false;
  return SQLITE_OK;
}

static int do_access(sqlite3_vfs *v, const char *path, int flags, int *out) {
  (void)v;
  (void)flags;
  *out = find_file(path) != NULL;
  return SQLITE_OK;
}

static int do_full_path(sqlite3_vfs *v, const char *path, int size, char *to) {
  (void)v;
  sqlite3_snprintf(size, to, "%s", path);
  return SQLITE_OK;
}

static int do_randomness(sqlite3_vfs *v, int len, char *to) {
  (void)v;
  return real->xRandomness(real, len, to);
}

static int do_sleep(sqlite3_vfs *v, int us) {
  (void)v;
  return us;
}

static int do_time(sqlite3_vfs *v, double *day) {
  (void)v;
  return real->xCurrentTime(real, day);
}

void disk_install(void) {
  real = sqlite3_vfs_find(NULL);
  vfs = (sqlite3_vfs){.iVersion = 1,
                      .szOsFile = sizeof(struct handle),
                      .mxPathname = PATH_MAX_LEN,
                      .zName = "disk",
                      .xOpen = do_open,
                      .xDelete = do_delete,
                      .xAccess = do_access,
                      .xFullPathname = do_full_path,
                      .xRandomness = do_randomness,
                      .xSleep = do_sleep,
                      .xCurrentTime = do_time};
  sqlite3_vfs_register(&vfs, 1);
}
