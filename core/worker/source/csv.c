#include "worker/source/csv.h"

#include "worker/source/find.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BETWEEN_RECORDS, BETWEEN_CELLS, IN_BARE, IN_QUOTED, CELLS_FIRST = 64 };

/* How far a scan came with the bytes that are there. */
enum scan { SCAN_RECORD, SCAN_MORE, SCAN_STRAY, SCAN_MEMORY };

static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

/* P is at a line end; returns what is behind it. */
static char *pass_line_end(struct csv *c, char *p, const char *end) {
  c->next_line++;
  if (*p++ != '\r') return p;
  if (p == end) c->is_after_cr = true;
  return p < end && *p == '\n' ? p + 1 : p;
}

static char *pass_blank_lines(struct csv *c, char *p, const char *end) {
  if (c->is_after_cr && p < end) {
    c->is_after_cr = false;
    if (*p == '\n') p++;
  }
  while (p < end && is_line_end(*p)) p = pass_line_end(c, p, end);
  return p;
}

/* From P inside a quoted cell to the quote that closes it.  NULL: it is not among
 * the bytes that are there; *stop is where to go on. */
static char *find_close(struct csv *c, char *p, char *end, char **stop) {
  for (;;) {
    char *hit = find_any(p, end, '"', '\n', '\r');
    *stop = hit ? hit : end;
    if (!hit || hit + 1 == end) return NULL; /* the byte behind decides */
    p = hit + 1;
    if (*hit == '"' && *p != '"') return hit;
    if (*hit == '"') {
      c->has_doubled = true;
      p++;
    } else if (*hit == '\n' || *p != '\n') {
      c->next_line++;
    }
  }
}

static bool grow_cells(struct csv *c) {
  size_t cap = c->cells_cap ? 2 * c->cells_cap : CELLS_FIRST;
  struct csv_cell *cells = realloc(c->cells, cap * sizeof *cells);
  if (!cells) return false;
  c->cells = cells;
  c->cells_cap = cap;
  return true;
}

/* Cells above CSV_CELLS_MAX are counted only. */
static inline bool put_cell(struct csv *c, size_t from, size_t len) {
  if (__builtin_expect(c->cells_len == c->cells_cap, 0) && c->cells_cap < CSV_CELLS_MAX &&
      !grow_cells(c))
    return false;
  if (c->cells_len < c->cells_cap)
    c->cells[c->cells_len] = (struct csv_cell){(uint32_t)from, (uint32_t)len};
  c->cells_len++;
  return true;
}

static enum scan stop_scan(struct csv *c, uint8_t state, const char *from, const char *at,
                           enum scan why) {
  c->state = state;
  c->from = (size_t)(from - c->bytes->at);
  c->at = (size_t)(at - c->bytes->at);
  return why;
}

/* One turn a cell; it can stop anywhere and go on when more bytes are there. */
static enum scan scan_cells(struct csv *c) {
  char *const record = c->bytes->at, *const end = c->bytes->end, delimiter = c->delimiter;
  char *from = record + c->from, *p = record + c->at, *stop;
  for (uint8_t state = c->state;; state = BETWEEN_CELLS) {
    if (state == BETWEEN_CELLS) {
      if (p == end) return stop_scan(c, BETWEEN_CELLS, p, p, SCAN_MORE);
      state = *p == '"' ? IN_QUOTED : IN_BARE;
      from = p = p + (state == IN_QUOTED);
    }
    char *to =
        state == IN_BARE ? find_any(p, end, delimiter, '\n', '\r') : find_close(c, p, end, &stop);
    if (!to) return stop_scan(c, state, from, state == IN_BARE ? end : stop, SCAN_MORE);
    if (!put_cell(c, (size_t)(from - record), (size_t)(to - from))) return SCAN_MEMORY;
    p = to + (state == IN_QUOTED);
    if (*p == delimiter) {
      p++;
    } else if (is_line_end(*p)) {
      return stop_scan(c, BETWEEN_RECORDS, p, pass_line_end(c, p, end), SCAN_RECORD);
    } else {
      return stop_scan(c, IN_BARE, p, p, SCAN_STRAY);
    }
  }
}

static enum scan scan_record(struct csv *c) {
  if (c->state == BETWEEN_RECORDS) {
    struct bytes *b = c->bytes;
    b->at = pass_blank_lines(c, b->at + c->at, b->end);
    c->from = c->at = c->cells_len = 0;
    c->has_doubled = c->is_over = false;
    c->line = c->next_line;
    if (b->at == b->end) return SCAN_MORE;
    c->state = BETWEEN_CELLS;
  }
  return scan_cells(c);
}

/* Keeps how the record begins, for who reports it. */
static void keep_raw(struct csv *c, size_t len) {
  c->raw_len = len < CSV_RAW_MAX ? len : CSV_RAW_MAX;
  memcpy(c->raw, c->bytes->at, c->raw_len);
}

/* Too large to keep: only the place in it is still of interest. */
static void drop_scanned(struct csv *c) {
  c->bytes->at += c->at;
  c->from = c->at = c->cells_len = 0;
}

/* The file's end ends its last record too: a line end is put there, in the slack. */
static void terminate(struct csv *c) {
  *c->bytes->end++ = '\n';
  c->is_terminated = true;
}

/* BYTES_END: nothing more to scan. */
static enum bytes_got more(struct csv *c, struct error *err) {
  if (c->is_terminated) return BYTES_END;
  if (c->is_over) drop_scanned(c);
  enum bytes_got got = bytes_more(c->bytes, err);
  if (got == BYTES_END && c->state != BETWEEN_RECORDS) {
    terminate(c);
    return BYTES_MORE;
  }
  if (got != BYTES_FULL) return got;
  keep_raw(c, CSV_RAW_MAX);
  c->is_over = true;
  return more(c, err);
}

static enum csv_got skip_line(struct csv *c, struct error *err) {
  struct bytes *b = c->bytes;
  char *end_of_line;
  struct error unread;
  while (!(end_of_line = find_any(b->at + c->at, b->end, '\n', '\r', '\n'))) {
    c->at = (size_t)(b->end - b->at);
    enum bytes_got got = more(c, &unread);
    if (got == BYTES_FAILED) *err = unread;
    if (got == BYTES_FAILED) return CSV_FAILED;
    assert(got == BYTES_MORE); /* the file's end is a line end */
  }
  if (!c->is_over) keep_raw(c, (size_t)(end_of_line - b->at));
  c->at = (size_t)(pass_line_end(c, end_of_line, b->end) - b->at);
  c->state = BETWEEN_RECORDS;
  return CSV_BAD;
}

static enum csv_got bad_stray(struct csv *c, struct error *err) {
  error_set(err, ERROR_DATA, "text after the closing quote of cell %zu", c->cells_len);
  return skip_line(c, err);
}

static enum csv_got bad_open(struct csv *c, struct error *err) {
  error_set(err, ERROR_DATA, "the quote that opens cell %zu is never closed", c->cells_len + 1);
  c->next_line = c->line;
  c->at = 0;
  return skip_line(c, err);
}

static enum csv_got bad_size(struct csv *c, struct error *err) {
  error_set(err, ERROR_DATA, "the record is larger than %d MiB", CSV_RECORD_MAX >> 20);
  if (c->state == IN_QUOTED) error_hint(err, "perhaps a quote is not closed");
  c->state = BETWEEN_RECORDS;
  return CSV_BAD;
}

static enum csv_got bad_count(struct csv *c, struct error *err) {
  if (c->cells_len > CSV_CELLS_MAX)
    error_set(err, ERROR_DATA, "more than %d cells", CSV_CELLS_MAX);
  else
    error_set(err, ERROR_DATA, "%zu cell%s where %zu %s expected", c->cells_len,
              c->cells_len == 1 ? "" : "s", c->cells_expected,
              c->cells_expected == 1 ? "is" : "are");
  keep_raw(c, c->from);
  return CSV_BAD;
}

/* A quoted cell is one behind a quote: no bare one can be, for the byte before it
 * is a delimiter or not in the record. */
static void undouble(struct csv *c) {
  char *record = c->bytes->at;
  for (size_t i = 0; i < c->cells_len; i++) {
    struct csv_cell *cell = &c->cells[i];
    if (cell->from == 0 || record[cell->from - 1] != '"') continue;
    char *from = record + cell->from, *end = from + cell->len, *to = from;
    while (from < end) {
      if (*from == '"') from++;
      *to++ = *from++;
    }
    cell->len = (uint32_t)(to - record) - cell->from;
  }
}

static enum csv_got finish(struct csv *c, struct error *err) {
  if (c->is_over) return bad_size(c, err);
  if (c->cells_expected == 0 && c->cells_len <= CSV_CELLS_MAX) c->cells_expected = c->cells_len;
  bool is_short = c->cells_len < c->cells_expected && !c->is_ragged;
  if (is_short || c->cells_len > c->cells_expected) return bad_count(c, err);
  if (c->has_doubled) undouble(c);
  return CSV_RECORD;
}

void csv_init(struct csv *c, struct bytes *bytes, char delimiter) {
  assert(delimiter != '"' && !is_line_end(delimiter));
  *c = (struct csv){.bytes = bytes, .next_line = 1, .delimiter = delimiter};
}

void csv_free(struct csv *c) {
  free(c->cells);
  *c = (struct csv){0};
}

enum csv_got csv_next(struct csv *c, struct error *err) {
  for (;;) {
    switch (scan_record(c)) {
    case SCAN_RECORD: return finish(c, err);
    case SCAN_STRAY: return bad_stray(c, err);
    case SCAN_MEMORY: error_set(err, ERROR_MEMORY, "out of memory"); return CSV_FAILED;
    case SCAN_MORE: break;
    }
    switch (more(c, err)) {
    case BYTES_MORE: break;
    case BYTES_FAILED: return CSV_FAILED;
    case BYTES_FULL:
    case BYTES_END:
      if (c->state == BETWEEN_RECORDS) return CSV_END;
      return c->is_over ? bad_size(c, err) : bad_open(c, err);
    }
  }
}
