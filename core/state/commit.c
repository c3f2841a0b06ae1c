/* The two commits that intent.c tells of, each one transaction. */
#include "state/handle.h"
#include "state/held.h"
#include "state/intent.h"
#include "state/key_index.h"
#include "state/marks.h"
#include "state/partner.h"
#include "state/reject.h"
#include "state/store.h"

#include <assert.h>

static const char sql_made[] = "INSERT INTO made (stream, contents) VALUES (?, ?)";
static const char sql_made_clear[] = "DELETE FROM made WHERE stream = ?";
static const char sql_report[] = "UPDATE run SET report = ? WHERE number = ?";

/* J5, which reads all open intents: only where asserts are. */
static int assert_named_once(struct stream *st, struct error *err) {
#ifndef NDEBUG
  int64_t keys;
  if (intent_twice(st, &keys, err) != 0) return -1;
  assert(keys == 0);
#else
  (void)st;
  (void)err;
#endif
  return 0;
}

static int write_intents(struct stream *st, const struct commit *c, struct error *err) {
  for (size_t i = 0; i < c->closed_len; i++)
    if (intent_close(st, c->closed[i], err) != 0) return -1;
  for (size_t i = 0; i < c->unclear_len; i++)
    if (intent_hold(st, c->unclear[i], err) != 0) return -1;
  for (size_t i = 0; i < c->settled_len; i++)
    if (held_settle(st, c->settled[i], err) != 0) return -1;
  for (size_t i = 0; i < c->opened_len; i++)
    if (intent_insert(st, &c->opened[i], c->run, err) != 0) return -1;
  return c->opened_len > 0 ? assert_named_once(st, err) : 0;
}

static int write_made(struct stream *st, const struct commit *c, struct error *err) {
  if (c->made_len == 0) return 0;
  struct statement *sql = db_prepare(&st->state->db, sql_made, err);
  if (!sql) return -1;
  bind_int(sql, 1, st->number);
  bind_blob(sql, 2, c->made, c->made_len * sizeof *c->made);
  return db_run(&st->state->db, sql, err);
}

static int write_partners(struct stream *st, const struct commit *c, struct error *err) {
  if (partner_acknowledge(st, c->acks, c->acks_len, c->run, err) != 0) return -1;
  if (partner_mark_gone(st, c->gone, c->gone_len, err) != 0) return -1;
  if (partner_doubt(st, c->doubted, c->doubted_len, err) != 0) return -1;
  return partner_forget(st, c->forgotten, c->forgotten_len, err);
}

static int write_rejects(struct stream *st, const struct commit *c, struct error *err) {
  for (size_t i = 0; i < c->acks_len; i++)
    if (reject_clear(st, c->acks[i].key, err) != 0) return -1;
  for (size_t i = 0; i < c->cleared_len; i++)
    if (reject_clear(st, c->cleared[i], err) != 0) return -1;
  return reject_insert(st, c->rejects, c->rejects_len, c->run, err);
}

static int write_report(struct stream *st, const struct commit *c, struct error *err) {
  if (c->report.len == 0) return 0;
  struct statement *sql = db_prepare(&st->state->db, sql_report, err);
  if (!sql) return -1;
  bind_text(sql, 1, c->report);
  bind_int(sql, 2, c->run);
  return db_run(&st->state->db, sql, err);
}

static int write_all(struct stream *st, const struct commit *c, struct error *err) {
  if (write_intents(st, c, err) != 0 || write_made(st, c, err) != 0) return -1;
  if (write_partners(st, c, err) != 0 || write_rejects(st, c, err) != 0) return -1;
  if (store_write(st->state, c->values, c->values_len, err) != 0) return -1;
  return write_report(st, c, err);
}

/* What was counted up in memory is wrong now, or unknown. */
static int give_up(struct stream *st, const struct commit *c) {
  db_rollback(&st->state->db);
  for (size_t i = 0; i < c->opened_len; i++) c->opened[i].number = 0; /* J1 */
  key_index_forget(st);
  return -1;
}

int stream_commit(struct stream *st, struct commit *c, struct error *err) {
  if (st->is_reader)
    return error_set(err, ERROR_INTERNAL, "stream %s was opened for reading only", st->name);
  if (stream_refresh(st, err) != 0 || marks_load(st, err) != 0) return -1;
  if (state_begin_write(st->state, err) != 0) return -1;
  if (write_all(st, c, err) != 0) return give_up(st, c);
  if (key_index_is_due(st) && key_index_write(st, err) != 0) return give_up(st, c);
  return db_commit(&st->state->db, err) == 0 ? 0 : give_up(st, c);
}

int intent_commit(struct stream *st, struct intent *in, int64_t run, struct error *err) {
  struct commit c = {.opened = in, .opened_len = 1, .run = run};
  return stream_commit(st, &c, err);
}

int stream_made_clear(struct stream *st, struct error *err) {
  return db_run_with(&st->state->db, sql_made_clear, st->number, err);
}
