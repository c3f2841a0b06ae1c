#include "cli/table.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"

#include <assert.h>

enum { TEXT_LIMIT = 64 << 20, TIME_LEN = 19 };

void table_begin(struct table *t, const char *const *heads) {
  *t = (struct table){.heads = heads, .text = BUF_WITH_LIMIT(TEXT_LIMIT)};
  while (heads[t->columns]) t->columns++;
  assert(t->columns > 0 && t->columns <= TABLE_COLUMNS_MAX);
  for (size_t i = 0; i < t->columns; i++) t->widths[i] = strlen(heads[i]) - (heads[i][0] == '>');
}

void table_add(struct table *t, struct slice text) {
  size_t from = t->text.len, column = t->cells++ % t->columns;
  utf8_printable(&t->text, text.len ? text : SLICE("-"));
  if (!buf_ok(&t->text)) return;
  size_t width = utf8_width((struct slice){t->text.ptr + from, t->text.len - from});
  if (width > t->widths[column]) t->widths[column] = width;
  buf_add_char(&t->text, '\0');
}

void table_add_number(struct table *t, int64_t n) {
  struct buf b = BUF_WITH_LIMIT(64);
  number_put_grouped(&b, n);
  table_add(t, buf_slice(&b));
  buf_free(&b);
}

void table_add_time(struct table *t, int64_t ms) {
  char text[CLOCK_TEXT_SIZE];
  clock_format(ms, text);
  text[10] = ' '; /* for the T between day and time */
  table_add(t, ms ? (struct slice){text, TIME_LEN} : (struct slice){0});
}

static void put_blanks(struct buf *line, size_t n) { buf_printf(line, "%*s", (int)n, ""); }

/* One cell; SPACE is what the terminal's line has left. */
static void put_cell(const struct table *t, struct buf *line, size_t column, struct slice text,
                     size_t space) {
  size_t width = utf8_width(text), wanted = t->widths[column];
  size_t blanks = wanted > width ? wanted - width : 0;
  bool is_last = column + 1 == t->columns;
  if (is_last && width > space) text.len = utf8_prefix(text, space);
  if (t->heads[column][0] == '>') put_blanks(line, blanks);
  buf_add_slice(line, text);
  if (t->heads[column][0] != '>' && !is_last) put_blanks(line, blanks);
  if (!is_last) put_blanks(line, 2);
}

static size_t space_of_last(const struct table *t, const struct term *term) {
  size_t taken = 0, least = 20;
  if (!term_out_is_terminal(term)) return SIZE_MAX;
  for (size_t i = 0; i + 1 < t->columns; i++) taken += t->widths[i] + 2;
  return term_columns(term) > taken + least ? term_columns(term) - taken : least;
}

static void print_heads(const struct table *t, struct term *term) {
  struct buf line = BUF_WITH_LIMIT(TEXT_LIMIT);
  for (size_t i = 0; i < t->columns; i++)
    put_cell(t, &line, i, slice_of(t->heads[i] + (t->heads[i][0] == '>')), SIZE_MAX);
  term_printf(term, "%s%.*s%s\n", term_out_style(term, TERM_BOLD), (int)line.len,
              line.ptr ? line.ptr : "", term_out_style(term, TERM_PLAIN));
  buf_free(&line);
}

static void print_rows(const struct table *t, struct term *term) {
  struct buf line = BUF_WITH_LIMIT(TEXT_LIMIT);
  const char *cell = t->text.ptr;
  size_t space = space_of_last(t, term);
  for (size_t i = 0; i < t->cells; i++) {
    struct slice text = slice_of(cell);
    put_cell(t, &line, i % t->columns, text, space);
    cell += text.len + 1;
    if ((i + 1) % t->columns != 0) continue;
    buf_add_char(&line, '\n');
    term_out(term, buf_slice(&line));
    buf_clear(&line);
  }
  buf_free(&line);
}

void table_end(struct table *t, struct term *term) {
  if (t->cells > 0 && buf_ok(&t->text)) {
    print_heads(t, term);
    print_rows(t, term);
  }
  buf_free(&t->text);
}
