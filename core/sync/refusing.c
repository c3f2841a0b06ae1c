/* Which row was it: a refused range is halved until the row is alone, within a
 * bound on requests, and not for a cause that all rows share. */
#include "sync/inside.h"

/* After so many rows refused alone and none accepted, the cause is the same for all. */
enum { COMMON_CAUSE_ROWS = 8 };

void refusing_done(struct sync *s, struct batch *b) {
  b->tries = 0;
  b->ranges_len--;
  if (b->ranges_len == 0) dispatch_close(s, b);
  else dispatch_send_again(s, b, 0);
}

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

static void halve(struct sync *s, struct batch *b) {
  struct range whole = batch_range(b);
  uint32_t middle = whole.from + (whole.to - whole.from) / 2;
  const struct range halves[2] = {{whole.from, middle, 0}, {middle, whole.to, 0}};
  if (whole.intent) {
    if (settle_split(s, b, halves)) return;
  } else {
    b->ranges[b->ranges_len - 1] = halves[1];
    b->ranges[b->ranges_len++] = halves[0];
  }
  b->tries = 0;
  s->bisected++;
  dispatch_send_again(s, b, 0);
}

void refusing_alone(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  b->refused_rows++;
  if (b->refused_rows >= COMMON_CAUSE_ROWS && !b->has_success) reject_rest(s, b, why);
  else reject_range(s, b, why);
}

/* Each such row has a cause of its own. */
void refusing_gone(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  if (settle_gone(s, b, why) == 0) refusing_done(s, b);
}

void refusing_split(struct sync *s, struct batch *b, const struct sync_refusal *why) {
  struct range range = batch_range(b);
  if (range.to - range.from > 1) {
    if (s->bisected < s->options.bisect_limit) {
      halve(s, b);
      return;
    }
    struct sync_refusal unclear = {"unclear", why->message, "", why->status};
    reject_rest(s, b, &unclear);
    return;
  }
  s->bisected++;
  if (asking_is_due(s, b)) asking_begin(s, b);
  else refusing_alone(s, b, why);
}
