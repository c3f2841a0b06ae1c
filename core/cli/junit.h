/* junit.h - results of tests as the XML that CI servers read. */
#ifndef HOKO_CLI_JUNIT_H
#define HOKO_CLI_JUNIT_H

#include "base/buf.h"
#include "base/error.h"

#include <stddef.h>

struct junit {
  struct buf cases;
  size_t tests, failures;
};

struct junit_case {
  struct slice file, name, message, seconds; /* MESSAGE empty: it passed */
};

void junit_init(struct junit *j);
void junit_add(struct junit *j, const struct junit_case *c);
/* Writes what was added to the file PATH, whole or not at all. */
MUST_USE int junit_write(const struct junit *j, const char *path, struct error *err);
void junit_free(struct junit *j);

#endif
