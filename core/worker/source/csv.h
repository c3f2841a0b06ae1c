/* csv.h - the records of a CSV file (RFC 4180), one pass, nothing copied.
 *
 * A record ends at LF, CRLF or CR; blank lines are none.  A cell that begins
 * with a quote ends at the next quote that is not doubled, and may hold
 * delimiters and line ends; elsewhere a quote is data, as is every other byte,
 * NUL too.  All records have as many cells as the first, unless told otherwise.
 *
 * After a malformed record (CSV_BAD) the next call goes on behind it:
 * - another number of cells: behind the record, whose bounds are not in doubt;
 * - text after a closing quote: behind the line end next after that text;
 * - a quote that nothing closes: the record is taken to be its first line only,
 *   and reading goes on with the second, so that one stray quote costs one
 *   record and not the rest of the file;
 * - larger than CSV_RECORD_MAX: behind its real end (the excess is dropped while
 *   it passes, so memory stays flat). */
#ifndef HOKO_WORKER_SOURCE_CSV_H
#define HOKO_WORKER_SOURCE_CSV_H

#include "base/error.h"
#include "base/slice.h"
#include "worker/source/bytes.h"

enum { CSV_RECORD_MAX = 16 << 20, CSV_CELLS_MAX = 16384, CSV_RAW_MAX = 1024 };

/* Where a cell's text stands, from the begin of its record. */
struct csv_cell {
  uint32_t from, len;
};

struct csv {
  struct bytes *bytes; /* borrowed; opened with CSV_RECORD_MAX as its limit */
  size_t cells_len;    /* of the last record */
  uint64_t line;       /* 1-based, of its first byte */
  size_t raw_len;      /* after CSV_BAD: how the record begins, as it stands */
  char raw[CSV_RAW_MAX];
  size_t cells_expected; /* 0: as many as the first record has */
  bool is_ragged;        /* records may be short of cells */
  /* private */
  struct csv_cell *cells;
  size_t cells_cap;
  size_t from, at;    /* from the begin of the record: the open cell, where to go on */
  uint64_t next_line; /* of what AT stands at */
  uint8_t state;
  char delimiter;
  bool has_doubled;   /* quotes in this record */
  bool is_after_cr;   /* an LF that comes next belongs to the last line end */
  bool is_terminated; /* the file's last record was given a line end */
  bool is_over;       /* this record is larger than the limit */
};

enum csv_got {
  CSV_RECORD,
  CSV_END,
  CSV_BAD,    /* *err tells what is wrong with the record that begins in LINE */
  CSV_FAILED, /* *err tells; no way on */
};

void csv_init(struct csv *c, struct bytes *bytes, char delimiter);
void csv_free(struct csv *c);

MUST_USE enum csv_got csv_next(struct csv *c, struct error *err);

/* Cell I of the record that csv_next() gave; valid until the next call. */
static inline struct slice csv_cell(const struct csv *c, size_t i) {
  return (struct slice){c->bytes->at + c->cells[i].from, c->cells[i].len};
}

#endif
