/* Which row was it: a refused range is split until the row is alone, within a bound on
 * requests, and not for a cause that all rows share.
 *
 * The first part is two fifths: when it is accepted, the other one is known to hold the
 * cause and is split without being sent, so the larger part is the one that may cost
 * nothing.  One bad row of 10,000 takes 22 requests at most and 100 about 1,070; in
 * halves that are all sent it would be 29 and 1,370. */
#include "sync/inside.h"

#include "sync/named.h"

enum {
  COMMON_CAUSE_ROWS = 8, /* refused alone and none accepted: the cause is the same for all */
  SPLIT_OF = 5,
  SPLIT_FIRST = 2,
  NAMED_RANGES_MAX = BATCH_RANGES_MAX / 2, /* beyond these a named row gets no range of its own */
};

static uint32_t rows_of(struct range range) { return range.to - range.from; }

/* Parts that are made by then are sent all the same, a dozen at most: most are good. */
static bool is_within_limit(const struct sync *s) { return s->bisected < s->options.bisect_limit; }

/* ---- parts --------------------------------------------------------------- */

static size_t put_parts(struct range whole, uint32_t first, uint32_t last, struct range *to) {
  size_t n = 0;
  if (last < whole.to) to[n++] = (struct range){.from = last, .to = whole.to};
  if (whole.from < first) to[n++] = (struct range){.from = whole.from, .to = first};
  to[n++] = (struct range){.from = first, .to = last};
  return n;
}

/* Puts parts in the place of the range on top: [FIRST, LAST) is sent first, then what
 * stands before it.  IS_IN_ROWS: some row of it is what was refused. */
static void split(struct sync *s, struct batch *b, uint32_t first, uint32_t last, bool is_in_rows) {
  struct range part[3];
  struct range whole = batch_range(b);
  size_t n = put_parts(whole, first, last, part);
  if (settle_split(s, b, part, n)) return;
  part[0].is_suspect = is_in_rows;
  b->ranges_len--;
  for (size_t i = 0; i < n; i++) b->ranges[b->ranges_len++] = part[i];
  b->tries = 0;
  b->is_split = true;
  dispatch_send_again(s, b, 0);
}

static void split_in_two(struct sync *s, struct batch *b, bool is_in_rows) {
  struct range whole = batch_range(b);
  uint32_t first = is_in_rows ? rows_of(whole) * SPLIT_FIRST / SPLIT_OF : rows_of(whole) / 2;
  split(s, b, whole.from, whole.from + (first ? first : 1), is_in_rows);
}

/* A part that is refused has a cause of its own: nothing is known any more of those that
 * wait for it. */
static void forget_suspects(struct batch *b) {
  for (unsigned i = 0; i < b->ranges_len; i++) b->ranges[i].is_suspect = false;
}

static void next_range(struct sync *s, struct batch *b) {
  b->tries = 0;
  if (b->ranges_len == 0)
    dispatch_close(s, b);
  else
    dispatch_send_again(s, b, 0);
}

void refusing_done(struct sync *s, struct batch *b) {
  b->ranges_len--;
  forget_suspects(b);
  next_range(s, b);
}

/* What was refused together is accepted piece by piece: the cause was no row but how many
 * there were, or which stood together. */
static void misled(struct sync *s, const struct batch *b) {
  uint32_t fewer = b->rows_len * SPLIT_FIRST / SPLIT_OF;
  s->is_misled = true;
  if (fewer && fewer < s->options.batch_rows) s->options.batch_rows = fewer;
}

void refusing_accepted(struct sync *s, struct batch *b) {
  if (batch_range(b).is_suspect && !s->is_misled) misled(s, b);
  b->ranges_len--;
  bool is_known = b->ranges_len && batch_range(b).is_suspect && !s->is_misled;
  if (is_known && rows_of(batch_range(b)) > 1 && is_within_limit(s))
    split_in_two(s, b, true);
  else
    next_range(s, b);
}

/* ---- the end of it ------------------------------------------------------- */

/* The range on top is rejected whole. */
static void reject_range(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  if (settle_rejected(s, b, batch_range(b), why) == 0) refusing_done(s, b);
}

static void reject_rest(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  while (b->ranges_len && !s->is_stopped) {
    if (settle_rejected(s, b, batch_range(b), why)) return;
    b->ranges_len--;
  }
  if (b->ranges_len == 0) dispatch_close(s, b);
}

void refusing_alone(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  b->refused_rows++;
  if (b->refused_rows >= COMMON_CAUSE_ROWS && !b->has_success)
    reject_rest(s, b, why);
  else
    reject_range(s, b, why);
}

/* Each such row has a cause of its own. */
void refusing_gone(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  if (settle_gone(s, b, why) == 0) refusing_done(s, b);
}

void refusing_split(struct sync *s, struct batch *b, const struct sync_refusal *why,
                    const struct refusal *refusal) {
  struct range range = batch_range(b);
  uint32_t row;
  bool may_be_named = refusal && b->ranges_len < NAMED_RANGES_MAX;
  forget_suspects(b);
  if (rows_of(range) == 1) {
    if (asking_is_due(s, b))
      asking_begin(s, b);
    else
      refusing_alone(s, b, why);
  } else if (!is_within_limit(s)) {
    reject_rest(s, b, &(struct sync_refusal){"unclear", why->message, "", why->status});
  } else if (may_be_named && named_row(b, refusal, &row)) {
    split(s, b, row, row + 1, true);
  } else {
    split_in_two(s, b, refusal != NULL);
  }
}
