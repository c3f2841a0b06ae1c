#include "limit/csv.h"

#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 256 << 10, SLACK = 16 };

void csv_open(struct csv *c, const char *path) {
  *c = (struct csv){.fd = open(path, O_RDONLY | O_CLOEXEC), .cap = 2 * READ_SIZE};
  c->ptr = malloc(c->cap + SLACK);
  if (c->fd < 0 || !c->ptr) die(path);
}

void csv_close(struct csv *c) {
  close(c->fd);
  free(c->ptr);
}

static void fill(struct csv *c) {
  memmove(c->ptr, c->ptr + c->at, c->len - c->at);
  c->len -= c->at;
  c->at = 0;
  if (c->len == c->cap) die("a record is too long");
  ssize_t n = read(c->fd, c->ptr + c->len, c->cap - c->len);
  if (n < 0) die("the file cannot be read");
  c->is_at_end = n == 0;
  c->len += (size_t)n;
}

/* The first comma or newline from P on, or NULL; the buffer has SLACK bytes behind END. */
static char *cell_end(char *p, char *end) {
  const __m128i comma = _mm_set1_epi8(','), newline = _mm_set1_epi8('\n');
  for (; p < end; p += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    int m = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, comma), _mm_cmpeq_epi8(v, newline)));
    if (!m) continue;
    p += __builtin_ctz((unsigned)m);
    return p < end ? p : NULL;
  }
  return NULL;
}

/* P stands behind the opening quote; gives the closing one, or NULL. */
static char *quote_end(char *p, char *end, bool *has_doubled) {
  for (;; p += 2) {
    p = memchr(p, '"', (size_t)(end - p));
    if (!p || p + 1 >= end) return NULL;
    if (p[1] != '"') return p;
    *has_doubled = true;
  }
}

/* A cell as it stands in the buffer; doubled quotes are still there. */
struct raw {
  char *ptr, *end;
  bool has_doubled;
};

/* Reads one cell; gives what follows, or NULL when more bytes are needed. */
static char *read_cell(char *p, char *end, struct raw *cell) {
  *cell = (struct raw){.ptr = p};
  if (p < end && *p == '"') {
    cell->ptr = p + 1;
    cell->end = quote_end(p + 1, end, &cell->has_doubled);
    if (!cell->end) return NULL;
    p = cell->end + 1;
    return *p == '\r' && p + 1 < end ? p + 1 : p;
  }
  char *stop = cell_end(p, end);
  cell->end = stop && stop > p && stop[-1] == '\r' ? stop - 1 : stop;
  return stop;
}

/* Doubled quotes become single ones, in place. */
static struct slice unquoted(const struct raw *cell) {
  char *to = cell->ptr;
  if (!cell->has_doubled) return (struct slice){cell->ptr, (size_t)(cell->end - cell->ptr)};
  for (const char *p = cell->ptr; p < cell->end; p++) {
    *to++ = *p;
    if (*p == '"') p++;
  }
  return (struct slice){cell->ptr, (size_t)(to - cell->ptr)};
}

/* False: more bytes are needed. */
static bool read_record(struct csv *c, struct slice cell[COLUMNS]) {
  struct raw raw[COLUMNS];
  char *p = c->ptr + c->at, *end = c->ptr + c->len;
  for (int i = 0; i < COLUMNS; i++) {
    p = read_cell(p, end, &raw[i]);
    if (!p) return false;
    if (*p++ != (i == COLUMNS - 1 ? '\n' : ',')) die("a record with another number of cells");
  }
  for (int i = 0; i < COLUMNS; i++) cell[i] = unquoted(&raw[i]);
  c->at = (size_t)(p - c->ptr);
  return true;
}

bool csv_next(struct csv *c, struct slice cell[COLUMNS]) {
  while (!read_record(c, cell)) {
    if (c->is_at_end) return false;
    fill(c);
  }
  return true;
}
