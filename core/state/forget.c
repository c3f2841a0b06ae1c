/* Forgetting overwrites what it deletes, and gives the space of a whole stream back. */
#include "state/handle.h"
#include "state/partner.h"
#include "state/stream.h"

static const char *const of_stream[] = {
    "DELETE FROM partner WHERE number BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295",
    "DELETE FROM key_index WHERE number BETWEEN ?1 << 32 AND (?1 << 32) + 4294967295",
    "DELETE FROM intent WHERE stream = ?",
    "DELETE FROM held WHERE stream = ?",
    "DELETE FROM made WHERE stream = ?",
    "DELETE FROM reject WHERE stream = ?",
    "DELETE FROM stream_key WHERE stream = ?",
    "DELETE FROM stream WHERE number = ?",
};
static const char *const of_key[] = {
    "DELETE FROM reject WHERE stream = ? AND key = ?",
    "DELETE FROM held WHERE stream = ? AND key = ?",
};

static int forget_stream(struct stream *st, int64_t *partners, struct error *err) {
  struct db *db = &st->state->db;
  for (size_t i = 0; i < sizeof of_stream / sizeof *of_stream; i++) {
    struct statement *sql = db_prepare(db, of_stream[i], err);
    int64_t rows;
    if (!sql) return -1;
    bind_int(sql, 1, st->number);
    if (db_run_counted(db, sql, &rows, err) != 0) return -1;
    if (i == 0) *partners = rows;
  }
  return 0;
}

static int forget_key(struct stream *st, struct slice key, uint32_t seq, struct error *err) {
  struct db *db = &st->state->db;
  for (size_t i = 0; i < sizeof of_key / sizeof *of_key; i++) {
    struct statement *sql = db_prepare(db, of_key[i], err);
    if (!sql) return -1;
    bind_int(sql, 1, st->number);
    bind_text(sql, 2, key);
    if (db_run(db, sql, err) != 0) return -1;
  }
  return seq > 0 ? partner_forget(st, &seq, 1, err) : 0;
}

/* KEY.len 0: the whole stream. */
static int forget(struct stream *st, struct slice key, int64_t *partners, struct error *err) {
  struct known k = {.key = key};
  struct db *db = &st->state->db;
  if (key.len > 0 && stream_find(st, &k, 1, err) != 0) return -1;
  *partners = k.seq > 0;
  if (db_wipe(db, true, err) != 0) return -1;
  if (state_begin_write(st->state, err) != 0) return -1;
  int result = key.len > 0 ? forget_key(st, key, k.seq, err) : forget_stream(st, partners, err);
  if (result == 0) return db_commit(db, err);
  db_rollback(db);
  return -1;
}

static int refuse_unknown(struct slice name, struct slice base_url, struct error *err) {
  error_set(err, ERROR_USAGE, "there is no stream %.*s for %.*s", SLICE_ARG(name),
            SLICE_ARG(base_url));
  return error_hint(err, "hoko state   lists the streams");
}

int stream_forget(struct state *s, struct slice name, struct slice base_url, struct slice key,
                  int64_t *partners, struct error *err) {
  struct stream_options o = {
      .name = name, .base_url = base_url, .script = SLICE("hoko state forget")};
  struct stream *st;
  struct error ignored;
  int64_t number;
  if (stream_look_up(s, name, base_url, &number, err) != 0) return -1;
  if (number == 0) return refuse_unknown(name, base_url, err);
  if (stream_open(&st, s, &o, err) != 0) return -1;
  int result = forget(st, key, partners, err);
  stream_close(st);
  /* Neither loses anything by failing: the next opening sets the mode, the space is used again. */
  if (db_wipe(&s->db, false, &ignored) != 0) return result;
  if (result == 0 && key.len == 0 && db_shrink(&s->db, &ignored) != 0) return 0;
  return result;
}
