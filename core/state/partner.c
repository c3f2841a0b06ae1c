#include "state/partner.h"

#include "state/key_index.h"

#include <assert.h>
#include <stdlib.h>

enum { FRAME = 10000 }; /* partners that are read at once; also in sql_missing */

static const char sql_key[] = "SELECT key FROM partner WHERE number = ?";
static const char sql_insert[] =
    "INSERT INTO partner (number, key, id, name, email, phone, sent_at, run, line, gone, why)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)";
/* What was sent to one partner says nothing of another: with a new id, fields that are
 * not sent become unknown. */
static const char sql_update[] =
    "UPDATE partner SET id = ?2, gone = 0, sent_at = ?6, run = ?7, line = ?8, why = ?9,"
    " name = coalesce(?3, CASE WHEN id = ?2 THEN name END),"
    " email = coalesce(?4, CASE WHEN id = ?2 THEN email END),"
    " phone = coalesce(?5, CASE WHEN id = ?2 THEN phone END) WHERE number = ?1";
static const char sql_gone[] = "UPDATE partner SET gone = 1 WHERE number = ?";
static const char sql_doubt[] =
    "UPDATE partner SET name = NULL, email = NULL, phone = NULL WHERE number = ?";
static const char sql_forget[] = "DELETE FROM partner WHERE number = ?";
static const char sql_missing[] =
    "SELECT number, key, id FROM partner WHERE number > ?1"
    " AND number <= (?2 << 32) + 4294967295 AND gone = 0 ORDER BY number LIMIT 10000";

/* ---- acknowledging ---- */

/* The keys of acks that have no number; PROBES has room for N. */
static size_t collect(struct stream *st, const struct ack *acks, size_t n, struct probe *probes) {
  size_t len = 0;
  for (size_t i = 0; i < n; i++) {
    if (acks[i].seq == 0 && acks[i].key.len > 0)
      probes[len++] = (struct probe){state_hash(st->state, acks[i].key), (uint32_t)i};
  }
  probes_sort(probes, len);
  return len;
}

struct taking {
  struct stream *st;
  struct ack *acks;
  const struct candidate *list;
};

static void bind_candidate(void *user, struct statement *sql, size_t i) {
  const struct taking *t = user;
  bind_int(sql, 1, stream_number_of(t->st, t->list[i].seq));
}

/* Without a row it was forgotten since it was indexed. */
static int take_candidate(void *user, struct statement *sql, size_t i, struct error *err) {
  const struct taking *t = user;
  (void)err;
  struct ack *ack = &t->acks[t->list[i].at];
  if (slice_equal(column_slice(sql, 0), ack->key)) ack->seq = t->list[i].seq;
  return 0;
}

/* Gives acks the numbers of candidates that have their keys. */
static int take_known(struct stream *st, struct ack *acks, const struct candidates *c,
                      struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_key, err);
  if (!sql) return -1;
  struct taking taking = {st, acks, c->list};
  const struct db_each each = {bind_candidate, take_candidate, &taking};
  return db_for_each(db, sql, c->len, &each, err);
}

/* Small numbers take a byte of a row. */
static int64_t why_of(const struct ack *ack) {
  int64_t fields = 0;
  for (int f = 0; f < ROW_FIELDS; f++) fields |= ack->field[f].len > 0 ? 1 << f : 0;
  return fields << PARTNER_WHY_BITS | (int64_t)ack->why;
}

static int insert(struct stream *st, struct ack *ack, int64_t run, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_insert, err);
  if (!sql) return -1;
  if (st->last_seq >= MAP_FREE - 1)
    return error_set(err, ERROR_STATE, "stream %s is full: it has %d partners", st->name, MAP_FREE);
  ack->seq = ++st->last_seq;
  bind_int(sql, 1, stream_number_of(st, ack->seq));
  bind_text(sql, 2, ack->key);
  bind_blob(sql, 3, ack->id.bytes, sizeof ack->id.bytes);
  for (int f = 0; f < ROW_FIELDS; f++) bind_text(sql, 4 + f, ack->field[f]);
  bind_int(sql, 7, ack->sent_at_ms);
  bind_int(sql, 8, run);
  bind_int(sql, 9, ack->line);
  bind_int(sql, 10, why_of(ack));
  return db_run(db, sql, err);
}

static int update(struct stream *st, const struct ack *ack, int64_t run, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_update, err);
  if (!sql) return -1;
  bind_int(sql, 1, stream_number_of(st, ack->seq));
  bind_blob(sql, 2, ack->id.bytes, sizeof ack->id.bytes);
  for (int f = 0; f < ROW_FIELDS; f++) bind_text(sql, 3 + f, ack->field[f]);
  bind_int(sql, 6, ack->sent_at_ms);
  bind_int(sql, 7, run);
  bind_int(sql, 8, ack->line);
  bind_int(sql, 9, why_of(ack));
  return db_run(db, sql, err);
}

static int write_acks(struct stream *st, struct ack *acks, size_t n, int64_t run,
                      struct error *err) {
  for (size_t i = 0; i < n; i++) {
    if (acks[i].seq > 0 && update(st, &acks[i], run, err) != 0) return -1;
    if (acks[i].seq > 0 || acks[i].key.len == 0) continue;
    if (insert(st, &acks[i], run, err) != 0) return -1;
    key_index_added(st, state_hash(st->state, acks[i].key), acks[i].seq);
  }
  return 0;
}

int partner_acknowledge(struct stream *st, struct ack *acks, size_t n, int64_t run,
                        struct error *err) {
  struct candidates c = {0};
  struct probe *probes = n ? malloc(n * sizeof *probes) : NULL;
  if (n > 0 && !probes) return error_set(err, ERROR_MEMORY, "no memory to acknowledge %zu rows", n);
  size_t len = collect(st, acks, n, probes);
  int result = len > 0 ? key_index_find(st, probes, len, &c, err) : 0;
  if (result == 0) result = take_known(st, acks, &c, err);
  if (result == 0) result = write_acks(st, acks, n, run, err);
  free(c.list);
  free(probes);
  return result;
}

/* ---- gone, forgotten, missing ---- */

static int run_for_each(struct stream *st, const char *text, const uint32_t *seqs, size_t n,
                        struct error *err) {
  for (size_t i = 0; i < n; i++)
    if (db_run_with(&st->state->db, text, stream_number_of(st, seqs[i]), err) != 0) return -1;
  return 0;
}

int partner_mark_gone(struct stream *st, const uint32_t *seqs, size_t n, struct error *err) {
  return run_for_each(st, sql_gone, seqs, n, err);
}

int partner_doubt(struct stream *st, const uint32_t *seqs, size_t n, struct error *err) {
  return run_for_each(st, sql_doubt, seqs, n, err);
}

int partner_forget(struct stream *st, const uint32_t *seqs, size_t n, struct error *err) {
  return run_for_each(st, sql_forget, seqs, n, err);
}

static bool is_seen(const struct missing_options *o, uint32_t seq) {
  return seq < o->seen_bits && (o->seen[seq / 64] >> seq % 64 & 1);
}

/* Takes over the partner that stands in SQL. */
static int read_missing(struct stream *st, struct statement *sql, struct partner *to,
                        struct error *err) {
  *to = (struct partner){.seq = stream_seq_of(column_int(sql, 0))};
  if (handed_id(&st->state->db, sql, 2, &to->id, err) != 0) return -1;
  return handed_column(&st->handed, sql, 1, &to->key, err);
}

/* Looks at the frame of partners behind number *AFTER, which moves.  1: there may be more;
 * 0: it was the last. */
static int look_at_frame(struct stream *st, const struct missing_options *options, int64_t *after,
                         struct partner *to, size_t cap, size_t *n, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_missing, err);
  if (!sql) return -1;
  bind_int(sql, 1, *after);
  bind_int(sql, 2, st->number);
  int is_row = 1, rows = 0;
  while (*n < cap && (is_row = db_step(db, sql, err)) > 0) {
    int64_t number = column_int(sql, 0);
    bool is_right = db_expect_behind(db, *after, number, err) == 0;
    bool is_wanted = !is_seen(options, stream_seq_of(number));
    if (!is_right || (is_wanted && read_missing(st, sql, &to[*n], err) != 0)) {
      is_row = -1;
      break;
    }
    *n += is_wanted;
    *after = number;
    rows++;
  }
  if (is_row != 0) statement_reset(sql);
  return is_row < 0 ? -1 : is_row > 0 || rows == FRAME;
}

int stream_missing(struct stream *st, const struct missing_options *options, struct partner *to,
                   size_t cap, size_t *n, struct error *err) {
  int64_t after = stream_number_of(st, options->after);
  int is_more = 1;
  arena_clear(&st->handed);
  for (*n = 0; is_more > 0 && *n < cap;)
    is_more = look_at_frame(st, options, &after, to, cap, n, err);
  return is_more < 0 ? -1 : 0;
}
