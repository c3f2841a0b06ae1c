/* One key's whole story, from all tables, in one look. */
#include "state/handle.h"
#include "state/partner.h"
#include "state/reject.h"

static const char sql_sent[] =
    "SELECT partner.sent_at, partner.line, run.run, partner.why FROM partner"
    " LEFT JOIN run ON run.number = partner.run WHERE partner.number = ?";
static const char sql_reject[] =
    "SELECT " REJECT_COLUMNS REJECT_TABLES " WHERE reject.stream = ? AND reject.key = ?";
static const char sql_held[] =
    "SELECT held.number, held.sent_at, held.row, run.run FROM held"
    " LEFT JOIN run ON run.number = held.run WHERE held.stream = ? AND held.key = ?";
static const char sql_intents[] =
    "SELECT intent.number, intent.sent_at, intent.rows, run.run FROM intent"
    " LEFT JOIN run ON run.number = intent.run WHERE intent.stream = ? ORDER BY intent.number";

/* A number that is none of ours is one that a hoko to come would know. */
static void read_why(int64_t number, struct explained *to) {
  int64_t why = number & PARTNER_WHY_MASK;
  to->why = why < WHYS ? (enum why)why : WHY_UNTOLD;
  to->sent_fields = (uint8_t)(number >> PARTNER_WHY_BITS & ((1 << ROW_FIELDS) - 1));
}

static int read_sent(struct stream *st, struct explained *to, struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_sent, err);
  if (!sql) return -1;
  bind_int(sql, 1, stream_number_of(st, to->seq));
  int is_row = db_step(db, sql, err);
  if (is_row <= 0) return is_row;
  to->sent_at_ms = column_int(sql, 0);
  to->line = (uint32_t)column_int(sql, 1);
  read_why(column_int(sql, 3), to);
  int result = handed_column(&st->handed, sql, 2, &to->run, err);
  statement_reset(sql);
  return result;
}

static int read_partner(struct stream *st, struct slice key, struct explained *to,
                        struct error *err) {
  struct known k = {.key = key};
  if (stream_find(st, &k, 1, err) != 0) return -1;
  to->is_known = k.seq > 0;
  to->is_gone = k.is_gone;
  to->seq = k.seq;
  to->id = k.id;
  memcpy(to->field, k.field, sizeof k.field);
  return to->is_known ? read_sent(st, to, err) : 0;
}

static int read_reject(struct stream *st, struct slice key, struct explained *to,
                       struct error *err) {
  struct db *db = &st->state->db;
  struct statement *sql = db_prepare(db, sql_reject, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_text(sql, 2, key);
  int is_row = db_step(db, sql, err);
  if (is_row <= 0) return is_row;
  to->is_rejected = true;
  int result = reject_read(&st->handed, sql, &to->reject, err);
  statement_reset(sql);
  return result;
}

/* Takes over the row of KEY among the records of column 2; false: it is not there. */
static bool take_row(struct statement *sql, struct slice key, struct row *row) {
  struct slice rows = column_slice(sql, 2);
  while (row_take(&rows, row))
    if (slice_equal(row->key, key)) return true;
  return false;
}

static int hand_out(struct stream *st, struct statement *sql, struct row row, struct held *to,
                    struct error *err) {
  *to = (struct held){
      .number = column_int(sql, 0), .sent_at_ms = column_int(sql, 1), .row = {.line = row.line}};
  bool fits = arena_copy(&st->handed, row.key, &to->row.key) &&
              arena_copy(&st->handed, row.id, &to->row.id);
  for (int f = 0; fits && f < ROW_FIELDS; f++)
    fits = arena_copy(&st->handed, row.field[f], &to->row.field[f]);
  if (!fits) return error_set(err, ERROR_MEMORY, "no memory for what the state holds");
  return handed_column(&st->handed, sql, 3, &to->run, err);
}

/* Looks through SQL's rows for one of KEY; *is_there tells. */
static int read_unsettled(struct stream *st, struct statement *sql, struct slice key,
                          struct explained *to, bool *is_there, struct error *err) {
  struct row row;
  int is_row;
  while ((is_row = db_step(&st->state->db, sql, err)) > 0) {
    if (!take_row(sql, key, &row)) continue;
    *is_there = true;
    is_row = hand_out(st, sql, row, &to->held, err);
    statement_reset(sql);
    break;
  }
  return is_row;
}

int stream_explain(struct stream *st, struct slice key, struct explained *to, struct error *err) {
  struct db *db = &st->state->db;
  *to = (struct explained){0};
  struct statement *held = db_prepare(db, sql_held, err);
  struct statement *intents = held ? db_prepare(db, sql_intents, err) : NULL;
  if (!intents || read_partner(st, key, to, err) != 0) return -1;
  if (read_reject(st, key, to, err) != 0) return -1;
  bind_int(held, 1, st->number);
  bind_text(held, 2, key);
  if (read_unsettled(st, held, key, to, &to->is_held, err) != 0) return -1;
  if (to->is_held) return 0;
  bind_int(intents, 1, st->number);
  return read_unsettled(st, intents, key, to, &to->is_under_way, err);
}
