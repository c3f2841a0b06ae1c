/* test_files.h - the *_test.lua files that `hoko test` runs. */
#ifndef HOKO_CLI_TEST_FILES_H
#define HOKO_CLI_TEST_FILES_H

#include "base/error.h"

#include <stddef.h>

/* Their paths within the project, each folder's by name; NULL behind the last. */
struct test_files {
  char **at;
  size_t len;
};

/* FOLDER is the project's, absolute.  GIVEN: files and folders of it, seen from the
 * current folder or from FOLDER; none: scripts/ and tests/.  -1: *err tells, and F is
 * to be freed nevertheless. */
MUST_USE int test_files_find(struct test_files *f, const char *folder, const char *const *given,
                             size_t given_len, struct error *err);
void test_files_free(struct test_files *f);

#endif
