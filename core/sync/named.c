#include "sync/named.h"

#include "base/number.h"

#include <ctype.h>

enum { NAME_MIN = 3, ADDRESS_MIN = 6 }; /* bytes; shorter ones stand in any sentence */

static bool is_of_word(char c) { return isalnum((unsigned char)c) || (unsigned char)c >= 0x80; }

/* Whether WORD stands in TEXT with nothing of a word beside it; neither is empty. */
static bool stands_in(struct slice text, struct slice word) {
  const char *end = text.ptr + text.len;
  for (const char *at = text.ptr;; at++) {
    at = memmem(at, (size_t)(end - at), word.ptr, word.len);
    if (!at) return false;
    bool begins = at == text.ptr || !is_of_word(at[-1]);
    bool is_over = at + word.len == end || !is_of_word(at[word.len]);
    if (begins && is_over) return true;
  }
  return false;
}

/* Between the quotes of a JSON string; len 0: none, or too short to be looked for.  A
 * value with escapes is looked for as it stands, and then not found. */
static struct slice value_of(const struct row *row, int field) {
  struct slice json = row->field[field];
  size_t min = field == ROW_NAME ? NAME_MIN : ADDRESS_MIN;
  if (json.len < min + 2 || json.ptr[0] != '"') return (struct slice){NULL, 0};
  return (struct slice){json.ptr + 1, json.len - 2};
}

/* The length of the longest value of ROW that stands in TEXT; 0: none does. */
static size_t quoted(struct slice text, const struct row *row) {
  size_t longest = 0;
  if (row->id.len && stands_in(text, row->id)) longest = row->id.len;
  for (int f = 0; f < ROW_FIELDS; f++) {
    struct slice value = value_of(row, f);
    if (value.len > longest && stands_in(text, value)) longest = value.len;
  }
  return longest;
}

/* "Ali" stands in what quotes "Ali Hassan" too: the longest value is the one. */
static bool by_value(const struct batch *b, struct slice text, uint32_t *row) {
  struct range range = batch_range(b);
  size_t longest = 0, ties = 0;
  for (uint32_t i = range.from; i < range.to; i++) {
    struct row view = batch_row(b, i);
    size_t len = quoted(text, &view);
    if (len == 0 || len < longest) continue;
    ties = len == longest ? ties + 1 : 1;
    longest = len;
    *row = i;
  }
  return ties == 1;
}

/* A place such as "[17].email", counted from 0 as paths into JSON are. */
static bool by_place(const struct batch *b, struct slice text, uint32_t *row) {
  struct range range = batch_range(b);
  const char *open = memchr(text.ptr, '[', text.len);
  int64_t place;
  if (!open) return false;
  size_t rest = text.len - (size_t)(open + 1 - text.ptr);
  const char *close = memchr(open + 1, ']', rest);
  if (!close) return false;
  struct slice digits = {open + 1, (size_t)(close - open - 1)};
  if (number_int64(digits, 0, (int64_t)(range.to - range.from) - 1, &place) != 0) return false;
  *row = range.from + (uint32_t)place;
  return true;
}

/* The only row that has the only field that is named. */
static bool by_field(const struct batch *b, struct slice text, uint32_t *row) {
  struct range range = batch_range(b);
  int field = -1;
  uint32_t rows = 0;
  for (int f = 0; f < ROW_FIELDS; f++) {
    if (!stands_in(text, slice_of(row_field_name[f]))) continue;
    if (field >= 0) return false;
    field = f;
  }
  for (uint32_t i = range.from; field >= 0 && rows < 2 && i < range.to; i++) {
    struct slice value = batch_sent_row(b, i).field[field];
    if (value.len == 0 || row_is_null(value)) continue;
    *row = i;
    rows++;
  }
  return rows == 1;
}

bool named_row(const struct batch *b, const struct refusal *refusal, uint32_t *row) {
  const struct slice text[] = {slice_of(refusal->en), slice_of(refusal->ar),
                               slice_of(refusal->plain)};
  for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
    if (text[i].len == 0) continue;
    if (by_value(b, text[i], row) || by_place(b, text[i], row) || by_field(b, text[i], row))
      return true;
  }
  return false;
}
