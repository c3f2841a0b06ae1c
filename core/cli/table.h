/* table.h - rows of short texts for a person, aligned by what they take on a terminal. */
#ifndef HOKO_CLI_TABLE_H
#define HOKO_CLI_TABLE_H

#include "base/buf.h"
#include "cli/term.h"

#include <stdint.h>

enum { TABLE_COLUMNS_MAX = 10 };

struct table {
  const char *const *heads; /* NULL behind the last; ">NAME" is a column of numbers */
  size_t columns, cells;
  size_t widths[TABLE_COLUMNS_MAX];
  struct buf text; /* the cells, each with a NUL behind it */
};

void table_begin(struct table *t, const char *const *heads);
/* The next cell, row by row; text from outside is made visible. */
void table_add(struct table *t, struct slice text);
void table_add_number(struct table *t, int64_t n); /* "1,234" */
void table_add_time(struct table *t, int64_t ms);  /* "2026-11-24 08:00:00", UTC; "-" for 0 */
/* Prints the table, nothing where it has no row, and frees it.  The last column ends
 * with the terminal's line. */
void table_end(struct table *t, struct term *term);

#endif
