/* What a refused create left behind.
 *
 * Nobody says that Hoko applies a request whole or not at all, so the rows of a create
 * that it refused are unclear until a listing shows that none of them is there.  Then
 * this Hoko is taken to apply all or nothing, and later refusals of the run are believed
 * (the look for twins at its end is the check on that).  A request of one row shows
 * nothing about many, so its listing counts for such requests only.  Where something
 * was applied, the batch is held: settling knows what to adopt and what to send again. */
#include "sync/inside.h"

#include "sync/claims.h"
#include "sync/pair.h"

#include <assert.h>
#include <stdlib.h>

enum { PAGE_ROWS = 10000, CLOCK_MARGIN_MS = 120000, NONE_OF_MANY = 2 };

enum found { FOUND_NOTHING, FOUND_SOMETHING, FOUND_NO_ANSWER };

static uint32_t range_rows(const struct batch *b) {
  struct range range = batch_range(b);
  return range.to - range.from;
}

bool leftover_is_ruled_out(const struct sync *s, const struct batch *b) {
  uint32_t rows = range_rows(b) < NONE_OF_MANY ? range_rows(b) : NONE_OF_MANY;
  return b->kind != BATCH_CREATE || s->leftover.none_of >= rows;
}

void leftover_ask(struct batch *b) { b->state = BATCH_LOOKING; }

bool leftover_is_due(const struct batch *b) {
  return b->state == BATCH_LOOKING && b->kind == BATCH_CREATE;
}

/* ---- what the listing shows ---------------------------------------------- */

/* Whether a partner that is nobody else's has the content of a row of B's. */
static enum found compare(struct sync *s, const struct batch *b, const struct looked *partners,
                          size_t len) {
  struct range range = batch_range(b);
  struct error err;
  size_t n = range_rows(b);
  bool *is_claimed = calloc(len + 1, sizeof *is_claimed);
  struct pair_row *rows = calloc(n, sizeof *rows);
  uint32_t *scratch = calloc(len + n + 1, sizeof *scratch);
  enum found found = FOUND_NO_ANSWER;
  if (!is_claimed || !rows || !scratch) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for looking for %zu rows", n);
    sync_fail(s, &err);
  } else if (claims_mark(&s->made_ids, s->stream, partners, len, is_claimed, &err)) {
    sync_fail(s, &err);
  } else {
    for (size_t i = 0; i < n; i++) {
      struct row row = batch_row(b, range.from + (uint32_t)i);
      rows[i] = pair_row_of(&row, &s->options.hash_key);
    }
    pair_rows(rows, n, partners, len, is_claimed, scratch);
    found = FOUND_NOTHING;
    for (size_t i = 0; i < n; i++)
      if (rows[i].what != PAIR_LOST) found = FOUND_SOMETHING;
  }
  free(is_claimed);
  free(rows);
  free(scratch);
  return found;
}

/* A key without the right to read makes us blind; anything else ends the upsert. */
static enum found not_listed(struct sync *s, const struct error *why) {
  if (why->code != ERROR_AUTH)
    sync_fail(s, why);
  else
    sync_warn(s, "%s; creates that Hoko refuses are held", why->message);
  s->leftover.is_blind = true;
  return FOUND_NO_ANSWER;
}

static void conclude(struct sync *s, struct batch *b, enum found found) {
  uint32_t rows = range_rows(b) < NONE_OF_MANY ? range_rows(b) : NONE_OF_MANY;
  if (s->is_stopped) return; /* B is held with the rest */
  if (found == FOUND_NOTHING) {
    assert(rows > s->leftover.none_of); /* or there was nothing to find out */
    s->leftover.none_of = rows;
    dispatch_refuse(s, b);
    return;
  }
  if (found == FOUND_SOMETHING)
    sync_warn(s, "Hoko refused a request and applied a part of it; its %u rows are held",
              range_rows(b));
  dispatch_hold(s, b);
}

static void look_over(struct sync *s) {
  struct leftover *l = &s->leftover;
  struct batch *b = l->batch;
  size_t len;
  const struct looked *partners = look_partners(l->look, &len);
  enum found found = FOUND_NO_ANSWER;
  assert(!b || !s->is_stopped); /* leftover_step() */
  s->bisected += look_requests(l->look);
  if (look_error(l->look))
    found = not_listed(s, look_error(l->look));
  else if (b)
    found = compare(s, b, partners, len);
  look_free(l->look);
  l->look = NULL;
  l->batch = NULL;
  if (b) conclude(s, b, found);
}

/* ---- driven -------------------------------------------------------------- */

static void start(struct sync *s, struct batch *b) {
  struct error err;
  struct look_options o = {.transport = s->options.transport,
                           .clock = s->options.clock,
                           .key = s->options.hash_key,
                           .since_ms = sync_server_ms(&b->exchange) - CLOCK_MARGIN_MS,
                           .give_up_ms = s->options.give_up_ms,
                           .page_rows = PAGE_ROWS,
                           .seed = s->seed};
  s->leftover.batch = b;
  if (look_new(&s->leftover.look, &o, &err)) sync_fail(s, &err);
}

/* A listing shows only what was there before it began, so each batch that came back
 * meanwhile is looked at anew, unless nothing is left to find out. */
static void next_batch(struct sync *s) {
  for (uint32_t i = 1; i < s->pool_len && !s->leftover.look && !s->is_stopped; i++) {
    struct batch *b = &s->pool[i];
    if (!leftover_is_due(b)) continue;
    if (leftover_is_ruled_out(s, b))
      dispatch_refuse(s, b);
    else if (s->leftover.is_blind || s->bisected >= s->options.bisect_limit)
      dispatch_hold(s, b);
    else
      start(s, b);
  }
}

void leftover_step(struct sync *s) {
  struct leftover *l = &s->leftover;
  if (s->is_stopped && l->look) {
    look_stop(l->look);
    l->batch = NULL;
  }
  do {
    next_batch(s);
    if (!l->look) return;
    if (look_is_waiting(l->look) || s->sent_len < s->options.concurrency) look_step(l->look);
    if (!look_is_done(l->look)) return;
    look_over(s);
  } while (!s->is_stopped);
}

bool leftover_take(struct sync *s, struct exchange *e) {
  return s->leftover.look && look_take(s->leftover.look, e);
}

bool leftover_is_waiting(const struct sync *s) {
  return s->leftover.look && look_is_waiting(s->leftover.look);
}

int64_t leftover_wake_at(const struct sync *s) {
  const struct look *look = s->leftover.look;
  return look && s->sent_len < s->options.concurrency ? look_wake_at(look) : INT64_MAX;
}
