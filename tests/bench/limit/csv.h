/* csv.h - records of five cells, from a file that is well formed. */
#ifndef HOKO_BENCH_LIMIT_CSV_H
#define HOKO_BENCH_LIMIT_CSV_H

#include "bytes.h"

enum { COLUMNS = 5 };

struct csv {
  int fd;
  char *ptr;
  size_t at, len, cap;
  bool is_at_end;
};

void csv_open(struct csv *c, const char *path);
void csv_close(struct csv *c);
/* Gives the cells of the next record, which stand until the next call; false at the end. */
bool csv_next(struct csv *c, struct slice cell[COLUMNS]);

#endif
