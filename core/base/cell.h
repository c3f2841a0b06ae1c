/* cell.h - values of a database's row, as bytes between two processes.
 *
 * A row is as many cells as its query has columns, and nothing else; rows stand one
 * behind the other.  A cell is u8 kind, then for an integer i64, for a float its
 * double, for a text u32 length and its bytes, in the machine's own order: both ends
 * are one binary.  Inline, since a million rows have some millions of cells. */
#ifndef HOKO_BASE_CELL_H
#define HOKO_BASE_CELL_H

#include "base/buf.h"

enum cell_kind { CELL_NULL, CELL_FALSE, CELL_TRUE, CELL_INTEGER, CELL_FLOAT, CELL_TEXT };

enum { CELL_SHORT_MAX = 64 }; /* longer texts are better checked and copied one after the other */

struct cell {
  enum cell_kind kind;
  int64_t integer;
  double real;
  struct slice text; /* of a blob too; points into the bytes that were read */
};

/* Where N bytes of payload go, KIND before them; NULL where B is full. */
static inline char *cell_room(struct buf *b, enum cell_kind kind, size_t n) {
  char *to = buf_room(b, 1 + n);
  if (!to) return NULL;
  *to = (char)kind;
  b->len += 1 + n;
  return to + 1;
}

/* KIND without payload. */
static inline void cell_put(struct buf *b, enum cell_kind kind) { (void)!cell_room(b, kind, 0); }

static inline void cell_put_integer(struct buf *b, int64_t value) {
  char *to = cell_room(b, CELL_INTEGER, sizeof value);
  if (to) memcpy(to, &value, sizeof value);
}

static inline void cell_put_float(struct buf *b, double value) {
  char *to = cell_room(b, CELL_FLOAT, sizeof value);
  if (to) memcpy(to, &value, sizeof value);
}

/* TEXT is shorter than 4 GiB. */
static inline void cell_put_text(struct buf *b, struct slice text) {
  uint32_t len = (uint32_t)text.len;
  char *to = cell_room(b, CELL_TEXT, sizeof len + text.len);
  if (!to) return;
  memcpy(to, &len, sizeof len);
  if (len) memcpy(to + sizeof len, text.ptr, len);
}

/* Copies LEN bytes in words, of which the last may overlap the one before; true: all are ASCII. */
static inline bool cell_copy_ascii(char *to, const char *from, size_t len) {
  uint64_t word = 0, all = 0;
  if (len < sizeof word) {
    memcpy(&word, from, len);
    memcpy(to, &word, len);
    return (word & 0x8080808080808080u) == 0;
  }
  for (size_t at = 0; at < len - sizeof word; at += sizeof word) {
    memcpy(&word, from + at, sizeof word);
    memcpy(to + at, &word, sizeof word);
    all |= word;
  }
  memcpy(&word, from + len - sizeof word, sizeof word);
  memcpy(to + len - sizeof word, &word, sizeof word);
  return ((all | word) & 0x8080808080808080u) == 0;
}

/* The same as cell_put_text() where TEXT is ASCII and short, as most cells are; false: it is
 * not, or B is full, and nothing is added. */
MUST_USE static inline bool cell_put_ascii(struct buf *b, struct slice text) {
  uint32_t len = (uint32_t)text.len;
  char *to = text.len <= CELL_SHORT_MAX ? buf_room(b, 1 + sizeof len + text.len) : NULL;
  if (!to || !cell_copy_ascii(to + 1 + sizeof len, text.ptr, text.len)) return false;
  *to = CELL_TEXT;
  memcpy(to + 1, &len, sizeof len);
  b->len += 1 + sizeof len + text.len;
  return true;
}

/* Moves *BYTES behind N bytes and returns where they stood, or NULL. */
static inline const char *cell_skip(struct slice *bytes, size_t n) {
  if (bytes->len < n) return NULL;
  const char *at = bytes->ptr;
  bytes->ptr += n;
  bytes->len -= n;
  return at;
}

/* Takes the first cell off *BYTES; false: there is none, or it is damaged. */
MUST_USE static inline bool cell_take(struct slice *bytes, struct cell *c) {
  uint32_t len;
  const char *at = cell_skip(bytes, 1);
  if (!at) return false;
  c->kind = (enum cell_kind)(unsigned char)*at;
  switch (c->kind) {
  case CELL_NULL:
  case CELL_FALSE:
  case CELL_TRUE: return true;
  case CELL_INTEGER:
    if ((at = cell_skip(bytes, sizeof c->integer))) memcpy(&c->integer, at, sizeof c->integer);
    return at != NULL;
  case CELL_FLOAT:
    if ((at = cell_skip(bytes, sizeof c->real))) memcpy(&c->real, at, sizeof c->real);
    return at != NULL;
  case CELL_TEXT:
    if (!(at = cell_skip(bytes, sizeof len))) return false;
    memcpy(&len, at, sizeof len);
    c->text = (struct slice){cell_skip(bytes, len), len};
    return c->text.ptr != NULL;
  }
  return false;
}

#endif
