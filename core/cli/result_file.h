/* result_file.h - results that go to stdout, or to a file that is whole or not there.
 *
 * For more than memory should hold: lines are written as they come, beside the file,
 * which gets its name at the end. */
#ifndef HOKO_CLI_RESULT_FILE_H
#define HOKO_CLI_RESULT_FILE_H

#include "base/buf.h"
#include "base/path.h"
#include "cli/term.h"

struct result_file {
  struct term *term;
  int fd; /* -1: stdout */
  struct buf lines;
  char path[PATH_SIZE], beside[PATH_SIZE];
};

/* PATH NULL or "-": stdout.  The file is for its owner alone. */
MUST_USE int result_file_begin(struct result_file *f, const char *path, struct term *term,
                               struct error *err);
MUST_USE int result_file_put(struct result_file *f, struct slice line, struct error *err);
/* Syncs and names the file. */
MUST_USE int result_file_end(struct result_file *f, struct error *err);
/* Instead of the end, after a failure: nothing is left. */
void result_file_drop(struct result_file *f);

#endif
