/* A dry run: batches are told instead of sent, and what they would have written is
 * remembered, so that later rows of the same partner are planned as the run would.
 *
 * Kept of each partner are hashes of its fields, 24 bytes, and not the fields: what a
 * row would change is known exactly, the values before only where the state has them. */
#include "sync/inside.h"

#include <stdlib.h>

static bool is_this(const void *user, uint32_t value) {
  (void)user, (void)value;
  return true; /* 64 bits of a keyed hash are the identity */
}

static uint64_t hash_of_id(const struct sync *s, const struct uuid *id) {
  return hash_bytes(&s->options.hash_key, id->bytes, sizeof id->bytes);
}

static uint64_t hash_of_key(const struct sync *s, struct slice key) {
  return hash_slice(&s->options.hash_key, key);
}

static struct dry_partner *find(struct sync *s, const struct identity *who) {
  uint32_t at = MAP_FREE;
  if (who->id) at = map_find(&s->dry, hash_of_id(s, who->id), is_this, NULL);
  if (at == MAP_FREE && who->key.len)
    at = map_find(&s->dry, hash_of_key(s, who->key), is_this, NULL);
  return at == MAP_FREE ? NULL : &s->dry_partners[at];
}

static void fail_memory(struct sync *s) {
  struct error err;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for a dry run of so many rows");
  sync_fail(s, &err);
}

static struct dry_partner *add(struct sync *s, const struct identity *who) {
  if (s->dry_len == s->dry_cap) {
    uint32_t cap = s->dry_cap ? 2 * s->dry_cap : 1024;
    struct dry_partner *more = realloc(s->dry_partners, cap * sizeof *more);
    if (!more) return NULL;
    s->dry_partners = more;
    s->dry_cap = cap;
  }
  if (who->id && map_add(&s->dry, hash_of_id(s, who->id), s->dry_len)) return NULL;
  if (who->key.len && map_add(&s->dry, hash_of_key(s, who->key), s->dry_len)) return NULL;
  struct dry_partner *p = &s->dry_partners[s->dry_len++];
  *p = (struct dry_partner){.field = {0}};
  return p;
}

static void lay(const struct sync *s, struct dry_partner *p, const struct slice field[ROW_FIELDS]) {
  for (int f = 0; f < ROW_FIELDS; f++)
    if (field[f].len) p->field[f] = hash_slice(&s->options.hash_key, field[f]);
}

static void tell(struct sync *s, const struct row *row, bool is_create, const struct known *known) {
  if (is_create)
    s->tally.created++;
  else
    s->tally.updated++;
  s->options.events.planned(s->options.events.user, row, is_create, known);
}

static struct row masked(struct row row, unsigned mask) {
  for (int f = 0; f < ROW_FIELDS; f++)
    if (!(mask & 1u << f)) row.field[f] = (struct slice){NULL, 0};
  return row;
}

/* ---- rows of partners that the run would have written before -------------- */

static unsigned changed(const struct sync *s, const struct row *row, const struct dry_partner *p,
                        bool is_delta) {
  unsigned mask = 0;
  for (int f = 0; f < ROW_FIELDS; f++) {
    bool is_sent = row->field[f].len > 0;
    bool is_equal = is_delta && hash_slice(&s->options.hash_key, row->field[f]) == p->field[f];
    if (is_sent && !is_equal) mask |= 1u << f;
  }
  return mask;
}

bool dry_is_written(struct sync *s, const struct identity *who) { return find(s, who) != NULL; }

bool dry_place(struct sync *s, const struct identity *who, const struct row *row) {
  static const struct known nothing;
  struct dry_partner *p = find(s, who);
  if (!p) return false;
  unsigned mask = changed(s, row, p, s->options.has_key && !s->options.sends_all);
  struct row sent = masked(*row, mask);
  lay(s, p, sent.field);
  if (mask)
    tell(s, &sent, false, &nothing);
  else
    s->tally.unchanged++;
  return true;
}

/* ---- batches ------------------------------------------------------------- */

/* Creates without a key have no identity: an equal one later is another partner. */
static void remember(struct sync *s, const struct batch *b, uint32_t i, const struct known *known) {
  struct row view;
  struct identity who = identity_of(s, b, i, &view);
  if (!who.id && !who.key.len) return;
  struct dry_partner *p = add(s, &who);
  if (!p) {
    fail_memory(s);
    return;
  }
  lay(s, p, known->field);
  lay(s, p, masked(view, b->rows[i].mask).field);
}

/* What is known of row I's key; its slices live until the next question. */
static struct known known_of(struct sync *s, const struct batch *b, uint32_t i) {
  struct known known = {.key = batch_row(b, i).key};
  struct error err;
  if (!s->options.has_key || !known.key.len) return (struct known){.seq = 0};
  if (stream_find(s->stream, &known, 1, &err)) sync_fail(s, &err);
  return known;
}

void dry_batch(struct sync *s, struct batch *b) {
  s->intake.is_found = false; /* what was found before lives no longer */
  for (uint32_t i = 0; i < b->rows_len && !s->is_stopped; i++) {
    struct known known = known_of(s, b, i);
    struct row row = batch_sent_row(b, i);
    b->rows[i].is_told = true;
    tell(s, &row, b->kind == BATCH_CREATE, &known);
    remember(s, b, i, &known);
    if (s->options.events.dropped)
      s->options.events.dropped(s->options.events.user, b->rows[i].ordinal);
  }
  dispatch_close(s, b);
}

bool dry_has_room(const struct sync *s) {
  return s->intake.payload && !s->ready_len && !s->is_stopped;
}
