#include "sync/pair.h"

#include "sync/match.h"

#include <stdlib.h>

struct pair_row pair_row_of(const struct row *row, const struct hash_key *key) {
  uint64_t field[ROW_FIELDS];
  for (int f = 0; f < ROW_FIELDS; f++) field[f] = answer_hash_field(key, row->field[f]);
  return (struct pair_row){.exact = match_content(field), .folded = match_fold(row->field, key)};
}

/* Rows and partners as indexes in the order of a hash, walked side by side. */
struct order {
  const struct pair_row *rows;
  const struct looked *partners;
  bool is_folded;
};

static uint64_t row_hash(const struct order *o, uint32_t i) {
  return o->is_folded ? o->rows[i].folded : o->rows[i].exact;
}

static uint64_t partner_hash(const struct order *o, uint32_t i) {
  return o->is_folded ? o->partners[i].folded : o->partners[i].exact;
}

static int compare(uint64_t a, uint64_t b, uint32_t i, uint32_t j) {
  if (a != b) return a < b ? -1 : 1;
  return (i > j) - (i < j);
}

static int by_row(const void *a, const void *b, void *user) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  return compare(row_hash(user, i), row_hash(user, j), i, j);
}

static int by_partner(const void *a, const void *b, void *user) {
  uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
  return compare(partner_hash(user, i), partner_hash(user, j), i, j);
}

/* The rows [r, r_end) and partners [p, p_end) of one hash. */
struct group {
  uint32_t *row, *partner;
  size_t rows_len, partners_len;
};

static void take(struct pair_row *row, uint32_t partner, bool *is_claimed) {
  row->what = PAIR_FOUND;
  row->partner = partner;
  is_claimed[partner] = true;
}

static void pair_exact(struct pair_row *rows, const struct group *g, bool *is_claimed) {
  size_t p = 0;
  for (size_t r = 0; r < g->rows_len; r++) {
    while (p < g->partners_len && is_claimed[g->partner[p]]) p++;
    if (p == g->partners_len) return;
    take(&rows[g->row[r]], g->partner[p], is_claimed);
  }
}

/* One row and one partner are left: they belong together.  More: nobody can say. */
static void pair_folded(struct pair_row *rows, const struct group *g, bool *is_claimed) {
  size_t rows_left = 0, partners_left = 0;
  uint32_t row = 0, partner = 0;
  for (size_t r = 0; r < g->rows_len; r++)
    if (rows[g->row[r]].what != PAIR_FOUND) row = g->row[r], rows_left++;
  for (size_t p = 0; p < g->partners_len; p++)
    if (!is_claimed[g->partner[p]]) partner = g->partner[p], partners_left++;
  if (rows_left == 1 && partners_left == 1) {
    take(&rows[row], partner, is_claimed);
    return;
  }
  for (size_t r = 0; partners_left && r < g->rows_len; r++)
    if (rows[g->row[r]].what != PAIR_FOUND) rows[g->row[r]].what = PAIR_UNSURE;
}

static void walk(struct order *o, struct pair_row *rows, size_t rows_len, size_t partners_len,
                 bool *is_claimed, uint32_t *scratch) {
  uint32_t *row = scratch, *partner = scratch + rows_len;
  for (uint32_t i = 0; i < rows_len; i++) row[i] = i;
  for (uint32_t i = 0; i < partners_len; i++) partner[i] = i;
  qsort_r(row, rows_len, sizeof *row, by_row, o);
  qsort_r(partner, partners_len, sizeof *partner, by_partner, o);
  for (size_t r = 0, p = 0; r < rows_len;) {
    uint64_t hash = row_hash(o, row[r]);
    struct group g = {row + r, NULL, 0, 0};
    while (r < rows_len && row_hash(o, row[r]) == hash) r++, g.rows_len++;
    while (p < partners_len && partner_hash(o, partner[p]) < hash) p++;
    g.partner = partner + p;
    while (p < partners_len && partner_hash(o, partner[p]) == hash) p++, g.partners_len++;
    if (o->is_folded)
      pair_folded(rows, &g, is_claimed);
    else
      pair_exact(rows, &g, is_claimed);
  }
}

void pair_rows(struct pair_row *rows, size_t rows_len, const struct looked *partners,
               size_t partners_len, bool *is_claimed, uint32_t *scratch) {
  for (size_t i = 0; i < rows_len; i++) rows[i].what = PAIR_LOST;
  struct order o = {rows, partners, false};
  walk(&o, rows, rows_len, partners_len, is_claimed, scratch);
  o.is_folded = true;
  walk(&o, rows, rows_len, partners_len, is_claimed, scratch);
}
