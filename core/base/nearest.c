#include "base/nearest.h"

enum { LONGEST = 64 }; /* a longer word is no misspelt name */

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Damerau-Levenshtein distance in its restricted form, by rows; A and B are at
 * most LONGEST bytes. */
static size_t distance(struct slice a, struct slice b) {
  size_t rows[3][LONGEST + 1];
  size_t *before = rows[0], *last = rows[1], *row = rows[2];
  for (size_t j = 0; j <= b.len; j++) last[j] = j;
  for (size_t i = 1; i <= a.len; i++) {
    row[0] = i;
    for (size_t j = 1; j <= b.len; j++) {
      size_t changed = last[j - 1] + (a.ptr[i - 1] == b.ptr[j - 1] ? 0 : 1);
      row[j] = least(changed, least(last[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
        row[j] = least(row[j], before[j - 2] + 1);
    }
    size_t *spare = before;
    before = last;
    last = row;
    row = spare;
  }
  return last[b.len];
}

const char *nearest_name(struct slice word, const char *const *names, size_t names_len) {
  size_t best = word.len / 3 < 2 ? 3 : word.len / 3 + 1;
  const char *nearest = NULL;
  if (word.len > LONGEST) return NULL;
  for (size_t i = 0; i < names_len; i++) {
    struct slice name = slice_of(names[i]);
    if (name.len > LONGEST) continue;
    size_t d = distance(word, name);
    if (d >= best) continue;
    best = d;
    nearest = names[i];
  }
  return nearest;
}
