#include "schedule_ledger.h"

#include "schedule/next.h"

#include <stdlib.h>
#include <string.h>

/* ITEMS with room for one more; a simulator that has no memory has nothing to tell. */
static void *grow(void *items, size_t len, size_t *cap, size_t size) {
  if (len < *cap) return items;
  *cap = *cap ? *cap * 2 : 16;
  items = realloc(items, *cap * size);
  if (!items) abort();
  return items;
}

void ledger_free(struct ledger *l) {
  free(l->rows);
  free(l->segments);
  *l = (struct ledger){0};
}

/* What the segments have behind AT_MS is no more. */
static void cut_segments(struct ledger *l, int64_t at_ms) {
  while (l->segments_len > 0 && l->segments[l->segments_len - 1].from_ms >= at_ms)
    l->segments_len--;
  if (l->segments_len == 0) return;
  struct ledger_segment *last = &l->segments[l->segments_len - 1];
  if (last->to_ms > at_ms) last->to_ms = at_ms;
}

void ledger_end(struct ledger *l, int64_t to_ms) {
  cut_segments(l, to_ms);
  for (size_t i = l->rows_len; i > 0 && l->rows[i - 1].at_s * 1000 > to_ms; i--)
    l->rows[i - 1].is_left_over = true;
}

void ledger_begin(struct ledger *l, const struct policy_rules *r, int64_t from_ms) {
  ledger_end(l, from_ms);
  if (!r->cron) return;
  l->segments = grow(l->segments, l->segments_len, &l->segments_cap, sizeof *l->segments);
  l->segments[l->segments_len++] = (struct ledger_segment){r->cron, r->zone, from_ms, INT64_MAX};
}

void ledger_retract(struct ledger *l, const struct policy_rules *r, int64_t at_ms) {
  size_t kept = 0;
  for (size_t i = 0; i < l->rows_len; i++) {
    bool is_behind = l->rows[i].at_s * 1000 > at_ms;
    if (!is_behind || l->rows[i].is_run) l->rows[kept++] = l->rows[i];
  }
  l->rows_len = kept;
  ledger_begin(l, r, at_ms);
}

/* Where the row of AT_S is, or would be. */
static size_t find(const struct ledger *l, int64_t at_s) {
  size_t low = 0, high = l->rows_len;
  if (high > 0 && l->rows[high - 1].at_s < at_s) return high;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (l->rows[middle].at_s < at_s)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool is_at(const struct ledger *l, size_t i, int64_t at_s) {
  return i < l->rows_len && l->rows[i].at_s == at_s;
}

bool ledger_has(const struct ledger *l, int64_t at_ms) {
  return is_at(l, find(l, at_ms / 1000), at_ms / 1000);
}

bool ledger_add(struct ledger *l, int64_t at_ms, bool is_run) {
  int64_t at_s = at_ms / 1000;
  size_t i = find(l, at_s);
  if (is_at(l, i, at_s)) {
    bool was_left_over = l->rows[i].is_left_over;
    l->rows[i].is_left_over = false;
    return was_left_over && !is_run;
  }
  l->rows = grow(l->rows, l->rows_len, &l->rows_cap, sizeof *l->rows);
  memmove(l->rows + i + 1, l->rows + i, (l->rows_len - i) * sizeof *l->rows);
  l->rows[i] = (struct ledger_row){.at_s = at_s, .is_run = is_run};
  l->rows_len++;
  return true;
}

void ledger_keep(struct ledger *l, int64_t at_ms) {
  l->rows[find(l, at_ms / 1000)].is_left_over = false;
}

/* The next row from *I on that is not left over. */
static const struct ledger_row *next_row(const struct ledger *l, size_t *i) {
  while (*i < l->rows_len && l->rows[*i].is_left_over) ++*i;
  return *i < l->rows_len ? &l->rows[(*i)++] : NULL;
}

int64_t ledger_check(const struct ledger *l, int64_t *wrong_ms) {
  int64_t occurrences = 0;
  size_t i = 0;
  for (size_t k = 0; k < l->segments_len; k++) {
    const struct ledger_segment *s = &l->segments[k];
    struct next_walk walk;
    struct next next;
    next_begin(&walk, s->cron, s->zone, s->from_ms / 1000);
    while (next_step(&walk, &next) && next.at_s * 1000 <= s->to_ms) {
      const struct ledger_row *row = next_row(l, &i);
      occurrences++;
      if (row && row->at_s == next.at_s) continue;
      *wrong_ms = (row && row->at_s < next.at_s ? row->at_s : next.at_s) * 1000;
      return -1;
    }
  }
  const struct ledger_row *more = next_row(l, &i);
  if (!more) return occurrences;
  *wrong_ms = more->at_s * 1000;
  return -1;
}
