/* Commit 2 (J4): outcomes into the state, and the counts that follow them. */
#include "sync/inside.h"

int settle_commit(struct sync *s, struct commit *c) {
  struct error err;
  c->run = s->options.run;
  if (settle_rejects(s)) return -1;
  if (stream_commit(s->stream, c, &err) == 0) return 0;
  sync_fail(s, &err);
  return -1;
}

static const struct answer_partner *partner_of(const struct sync *s, const struct batch *b,
                                               uint32_t i) {
  return &b->flight->answer.partners[s->matching.partner_of[i - batch_range(b).from]];
}

static void fill_ack(const struct sync *s, const struct batch *b, uint32_t i, int64_t sent_at_ms,
                     struct ack *a) {
  struct row row = batch_sent_row(b, i);
  *a = (struct ack){.seq = b->rows[i].seq,
                    .line = row.line,
                    .key = row.key,
                    .id = partner_of(s, b, i)->id,
                    .sent_at_ms = sent_at_ms,
                    .why = (enum why)b->rows[i].why};
  memcpy(a->field, row.field, sizeof a->field);
}

static void collect(struct sync *s, const struct batch *b, struct commit *c) {
  struct range range = batch_range(b);
  c->acks = s->acks;
  for (uint32_t i = range.from; i < range.to; i++) {
    if (s->options.has_key) {
      fill_ack(s, b, i, b->exchange.began_wall_ms, &s->acks[c->acks_len++]);
    } else if (b->kind == BATCH_CREATE) {
      struct row row = batch_row(b, i);
      s->made[c->made_len++] = state_row_hash(s->options.state, &row);
    }
  }
  c->made = s->made;
}

/* Hoko may trim or reformat: the id decides, and each field is named once. */
static void warn_changed(struct sync *s, const struct batch *b, uint32_t i) {
  unsigned changed = match_changed_fields(b, i, partner_of(s, b, i), &s->options.hash_key);
  for (int f = 0; changed && f < ROW_FIELDS; f++) {
    if (!(changed & 1u << f) || s->warned_field[f]) continue;
    s->warned_field[f] = true;
    sync_warn(s, "Hoko returned another %s than was sent; it is taken as acknowledged as sent",
              row_field_name[f]);
  }
}

static void tell_acknowledged(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  const struct sync_events *events = &s->options.events;
  for (uint32_t i = range.from; i < range.to; i++) {
    uint32_t p = s->matching.partner_of[i - range.from];
    warn_changed(s, b, i);
    b->rows[i].is_told = true;
    if (events->acked)
      events->acked(events->user, b->rows[i].ordinal,
                    s->options.wants_objects ? answer_text(&b->flight->answer, p)
                                             : (struct slice){NULL, 0});
  }
  if (b->kind == BATCH_CREATE)
    s->tally.created += range.to - range.from;
  else
    s->tally.updated += range.to - range.from;
}

/* Of what may have been applied: where it fails, the intent may not be closed as if nothing were.
 */
static int commit_outcome(struct sync *s, struct batch *b, struct commit *c) {
  if (settle_commit(s, c) == 0) return 0;
  b->is_unrecorded = *batch_intent(b) != 0;
  return -1;
}

/* The state keeps no ids of rows without a key; the look for twins knows them by these. */
static int keep_ids(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  struct error err;
  if (b->kind != BATCH_CREATE || s->options.has_key) return 0;
  for (uint32_t i = range.from; i < range.to; i++) {
    if (claims_add(&s->made_ids, &partner_of(s, b, i)->id, &err) == 0) continue;
    sync_fail(s, &err);
    b->is_unrecorded = true;
    return -1;
  }
  return 0;
}

int settle_acknowledged(struct sync *s, struct batch *b) {
  struct commit c = {.closed = batch_intent(b), .closed_len = *batch_intent(b) ? 1 : 0};
  if (keep_ids(s, b)) return -1;
  if (s->options.has_key || b->kind == BATCH_CREATE) {
    collect(s, b, &c);
    if (commit_outcome(s, b, &c)) return -1;
    for (size_t k = 0; s->options.seen && k < c.acks_len; k++)
      seen_add(s->options.seen, c.acks[k].seq);
  }
  tell_acknowledged(s, b);
  return 0;
}

/* ---- adopting ------------------------------------------------------------ */

/* The slices point into the frame in hand, so a stretch is committed before it goes. */
void settle_adopted(struct sync *s, const struct row *row, const struct plan *plan,
                    uint64_t ordinal) {
  struct ack *a = &s->acks[s->adopted_len++];
  *a = (struct ack){.line = row->line,
                    .key = row->key,
                    .id = plan->as.id,
                    .sent_at_ms = clock_wall_ms(s->options.clock),
                    .why = WHY_ADOPTED};
  memcpy(a->field, row->field, sizeof a->field);
  s->tally.updated++;
  if (s->options.events.acked)
    s->options.events.acked(s->options.events.user, ordinal, (struct slice){NULL, 0});
  if (s->adopted_len == s->options.batch_rows)
    (void)!settle_adoptions(s); /* it has stopped the upsert */
}

int settle_adoptions(struct sync *s) {
  struct commit c = {.acks = s->acks, .acks_len = s->adopted_len};
  s->adopted_len = 0;
  return c.acks_len ? settle_commit(s, &c) : 0;
}

static void tell_held(struct sync *s, struct batch *b) {
  struct range range = batch_range(b);
  for (uint32_t i = range.from; i < range.to; i++) {
    b->rows[i].is_told = true;
    if (s->options.events.dropped)
      s->options.events.dropped(s->options.events.user, b->rows[i].ordinal);
  }
  s->tally.held += range.to - range.from;
}

/* J3: what left without a full match is sent again by settling only. */
int settle_unclear(struct sync *s, struct batch *b) {
  struct commit c = {.unclear = batch_intent(b), .unclear_len = 1};
  if (commit_outcome(s, b, &c)) return -1;
  tell_held(s, b);
  return 0;
}

void settle_unrecorded(struct sync *s, struct batch *b) {
  struct commit c = {.unclear = batch_intent(b), .unclear_len = 1, .run = s->options.run};
  struct error err;
  if (stream_commit(s->stream, &c, &err))
    sync_warn(s, "%s; the next run holds those rows", err.message);
  tell_held(s, b);
  b->ranges_len--;
}
