/* files.h - files that the host opens for the worker: beneath what is allowed, and
 * nothing else.
 *
 * The kernel keeps the promise: openat2(2) with RESOLVE_BENEATH from a folder's
 * descriptor, so that no "..", symlink or /proc link leads out (man openat2).  The
 * text of a path only decides which folder is asked. */
#ifndef HOKO_HOST_FILES_H
#define HOKO_HOST_FILES_H

#include "base/path.h"
#include "bridge/message.h"
#include "host/host.h"

enum { FILES_ROOTS_MAX = 64 };

struct files_root {
  char path[PATH_SIZE]; /* absolute, normal */
  int fd;
  bool is_file; /* only this one file */
  bool may_read, may_write;
  bool is_project;      /* with the project's exceptions */
  const char *argument; /* the word of the command line that names it, or NULL */
};

struct files {
  struct files_root *roots;
  size_t roots_len;
  char folder[PATH_SIZE]; /* where relative paths begin, but for arguments: those are the
                             caller's, and begin where hoko was started */
  char state[PATH_SIZE];  /* the state's file; "" where it is none */
  char keystore[PATH_SIZE];
  char script[PATH_SIZE]; /* may be read, wherever it is; "" for standard input */
};

/* Opens the folders that JOB allows.  -1: one of them is not there (ERROR_USAGE). */
MUST_USE int files_open(struct files *f, const struct job *job, struct error *err);
void files_close(struct files *f);

/* A descriptor for PATH as the script wrote it, or -1: ERROR_DENIED names the option
 * to add, ERROR_USAGE what the system said. */
MUST_USE int files_open_for(const struct files *f, struct slice path, enum open_mode mode,
                            struct error *err);
/* Removes the file or the empty folder PATH; gives FROM the name TO, in the place of a file
 * that had it.  What leads to the project's code, the state or the keystore stays as it
 * is.  Errors as for writing. */
MUST_USE int files_remove(const struct files *f, struct slice path, struct error *err);
MUST_USE int files_rename(const struct files *f, struct slice from, struct slice to,
                          struct error *err);
/* As files_open_for() for the script itself or a module's NAME, which may be in lua/ or scripts/;
 * FOUND: its path as messages call it. */
MUST_USE int files_open_module(const struct files *f, struct slice name, char found[PATH_SIZE],
                               struct error *err);
/* FOLDER/hoko.lua for reading. */
MUST_USE int files_open_config(const char *folder, struct error *err);

#endif
