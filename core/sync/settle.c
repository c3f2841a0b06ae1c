#include "sync/settle.h"

#include "base/uuid.h"
#include "sync/match.h"
#include "sync/pair.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  ROWS_MAX = 1 << 20,       /* held rows of one pass; the rest stays held for the next */
  LIST_STEP = 256,
  PAGE_ROWS = 10000,
  CLAIMED_MAX = 200000,     /* the latest partners of the stream: a listing goes back no further */
  CLOCK_MARGIN_MS = 120000, /* that two clocks and whole seconds may differ */
  COMMIT_ROWS = 5000,
  TWINS_TOLD = 10,
};

enum phase { FIRST_LISTING, SECOND_LISTING, RESENDING, DONE };

/* A held row, copied out of the state. */
struct held_row {
  int64_t number, sent_at_ms;
  size_t at, len; /* its record in records */
  bool is_keyed;
};

struct settle {
  struct settle_options options;
  enum phase phase;
  struct look *look;
  struct buf records;
  struct held_row *held;
  struct pair_row *rows;
  size_t held_len;
  int64_t *resend_numbers; /* of the rows in resend_sync, by ordinal */
  struct sync *resend_sync;
  bool resends_keyed;
  struct settled result;
  bool is_stopped;
  struct error why;
};

static void fail(struct settle *s, const struct error *why) {
  if (s->is_stopped) return;
  s->is_stopped = true;
  s->why = *why;
}

static void fail_memory(struct settle *s) {
  struct error err;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for settling %zu rows", s->held_len);
  fail(s, &err);
}

static struct row row_of(const struct settle *s, size_t i) {
  struct row row = {.line = 0};
  struct slice record = {s->records.ptr + s->held[i].at, s->held[i].len};
  if (!row_take(&record, &row)) row = (struct row){.line = 0}; /* it was read as a record: never */
  return row;
}

/* ---- what is held -------------------------------------------------------- */

static int add_held(struct settle *s, const struct held *h, struct error *err) {
  if (s->held_len % LIST_STEP == 0) {
    struct held_row *more = realloc(s->held, (s->held_len + LIST_STEP) * sizeof *more);
    if (!more) return error_set(err, ERROR_MEMORY, "out of memory for the held rows");
    s->held = more;
  }
  struct held_row *row = &s->held[s->held_len++];
  *row = (struct held_row){.number = h->number,
                           .sent_at_ms = h->sent_at_ms,
                           .at = s->records.len,
                           .is_keyed = h->row.key.len > 0};
  row_put(&s->records, &h->row);
  row->len = s->records.len - row->at;
  return buf_ok(&s->records) ? 0 : error_set(err, ERROR_MEMORY, "out of memory for the held rows");
}

static int read_held(struct settle *s, struct error *err) {
  struct held some[LIST_STEP];
  int64_t after = 0;
  size_t n;
  do {
    if (held_list(s->options.stream, after, some, LIST_STEP, &n, err)) return -1;
    for (size_t i = 0; i < n; i++)
      if (add_held(s, &some[i], err)) return -1;
    if (n) after = some[n - 1].number;
  } while (n && s->held_len < ROWS_MAX);
  return 0;
}

static int hash_rows(struct settle *s, struct error *err) {
  const struct hash_key *key = &s->options.resend.hash_key;
  s->rows = calloc(s->held_len, sizeof *s->rows);
  s->resend_numbers = calloc(s->held_len, sizeof *s->resend_numbers);
  if (!s->rows || !s->resend_numbers) return error_set(err, ERROR_MEMORY, "out of memory for the held rows");
  for (size_t i = 0; i < s->held_len; i++) {
    struct row row = row_of(s, i);
    uint64_t field[ROW_FIELDS];
    for (int f = 0; f < ROW_FIELDS; f++) field[f] = answer_hash_field(key, row.field[f]);
    s->rows[i] = (struct pair_row){.exact = match_content(field), .folded = match_fold(row.field, key)};
  }
  return 0;
}

/* ---- listing ------------------------------------------------------------- */

static int64_t oldest_ms(const struct settle *s) {
  int64_t oldest = INT64_MAX;
  for (size_t i = 0; i < s->held_len; i++)
    if (s->held[i].sent_at_ms < oldest) oldest = s->held[i].sent_at_ms;
  return oldest;
}

/* The server's clock may run behind ours by what an earlier listing showed. */
static int start_look(struct settle *s, int64_t skew_ms, struct error *err) {
  struct look_options o = {.transport = s->options.resend.transport,
                           .clock = s->options.resend.clock,
                           .key = s->options.resend.hash_key,
                           .since_ms = oldest_ms(s) + (skew_ms < 0 ? skew_ms : 0) - CLOCK_MARGIN_MS,
                           .give_up_ms = s->options.resend.give_up_ms,
                           .page_rows = PAGE_ROWS,
                           .seed = s->options.resend.seed};
  look_free(s->look);
  s->look = NULL;
  return look_new(&s->look, &o, err);
}

int settle_new(struct settle **out, const struct settle_options *options, struct error *err) {
  struct settle *s = calloc(1, sizeof *s);
  *out = NULL;
  if (!s) return error_set(err, ERROR_MEMORY, "out of memory for settling");
  s->options = *options;
  s->records = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  if (read_held(s, err)) goto failed;
  if (s->held_len == 0) {
    settle_free(s);
    return 0;
  }
  if (hash_rows(s, err) || start_look(s, 0, err)) goto failed;
  *out = s;
  return 0;
failed:
  settle_free(s);
  return -1;
}

void settle_free(struct settle *s) {
  if (!s) return;
  look_free(s->look);
  sync_free(s->resend_sync);
  buf_free(&s->records);
  free(s->held);
  free(s->rows);
  free(s->resend_numbers);
  free(s);
}

/* ---- pairing ------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b) {
  return memcmp(((const struct uuid *)a)->bytes, ((const struct uuid *)b)->bytes, sizeof((const struct uuid *)a)->bytes);
}

/* Partners that the stream's keys have are nobody else's. */
static int mark_claimed(struct settle *s, const struct looked *partners, size_t len, bool *is_claimed) {
  struct error err;
  size_t n = 0;
  struct uuid *known = malloc(CLAIMED_MAX * sizeof *known);
  if (!known) {
    fail_memory(s);
    return -1;
  }
  int rc = stream_sample(s->options.stream, known, CLAIMED_MAX, &n, &err);
  if (rc) fail(s, &err);
  qsort(known, n, sizeof *known, compare_ids);
  for (size_t i = 0; rc == 0 && i < len; i++)
    is_claimed[i] = bsearch(&partners[i].id, known, n, sizeof *known, compare_ids) != NULL;
  free(known);
  return rc;
}

static void tell_twin(struct settle *s, const struct looked *a, const struct looked *b) {
  char message[200], first[UUID_TEXT_LEN], second[UUID_TEXT_LEN];
  if (++s->result.twins > TWINS_TOLD) return;
  uuid_format(&a->id, first);
  uuid_format(&b->id, second);
  (void)snprintf(message, sizeof message, "two partners are equal: %.*s and %.*s; which of them to delete is yours to decide",
                 UUID_TEXT_LEN, first, UUID_TEXT_LEN, second);
  s->options.resend.events.warn(s->options.resend.events.user, message);
}

/* A partner equal to one that was just paired, and nobody's: somebody sent it twice. */
static void find_twins(struct settle *s, const struct looked *partners, size_t len, const bool *is_claimed) {
  for (size_t i = 0; i < s->held_len; i++) {
    if (s->rows[i].what != PAIR_FOUND) continue;
    for (size_t p = 0; s->held_len < 1000 && p < len; p++)
      if (!is_claimed[p] && partners[p].exact == s->rows[i].exact) tell_twin(s, &partners[s->rows[i].partner], &partners[p]);
  }
}

static int pair_all(struct settle *s) {
  size_t len;
  const struct looked *partners = look_partners(s->look, &len);
  bool *is_claimed = calloc(len + 1, sizeof *is_claimed);
  uint32_t *scratch = calloc(len + s->held_len + 1, sizeof *scratch);
  int rc = -1;
  if (!is_claimed || !scratch) fail_memory(s);
  else if (mark_claimed(s, partners, len, is_claimed) == 0) {
    pair_rows(s->rows, s->held_len, partners, len, is_claimed, scratch);
    find_twins(s, partners, len, is_claimed);
    rc = 0;
  }
  free(is_claimed);
  free(scratch);
  return rc;
}

/* ---- adopting ------------------------------------------------------------ */

struct adoption {
  struct ack acks[COMMIT_ROWS];
  uint64_t made[COMMIT_ROWS];
  int64_t settled[COMMIT_ROWS];
  size_t acks_len, made_len, settled_len;
};

static int commit(struct settle *s, struct adoption *a) {
  struct error err;
  struct commit c = {.acks = a->acks,
                     .acks_len = a->acks_len,
                     .made = a->made,
                     .made_len = a->made_len,
                     .settled = a->settled,
                     .settled_len = a->settled_len,
                     .run = s->options.resend.run};
  if (a->settled_len == 0) return 0;
  if (stream_commit(s->options.stream, &c, &err)) {
    fail(s, &err);
    return -1;
  }
  s->result.adopted += (int64_t)a->settled_len;
  struct seen *seen = s->options.resend.seen; /* whose row was just sent is in the source */
  for (size_t i = 0; seen && i < a->acks_len; i++) seen_add(seen, a->acks[i].seq);
  a->acks_len = a->made_len = a->settled_len = 0;
  return 0;
}

static void adopt(struct settle *s, struct adoption *a, size_t i, const struct looked *partner) {
  struct row row = row_of(s, i);
  a->settled[a->settled_len++] = s->held[i].number;
  if (!row.key.len) {
    a->made[a->made_len++] = state_row_hash(s->options.state, &row);
    return;
  }
  struct ack *ack = &a->acks[a->acks_len++];
  *ack = (struct ack){.line = row.line, .key = row.key, .id = partner->id, .sent_at_ms = s->held[i].sent_at_ms};
  memcpy(ack->field, row.field, sizeof ack->field);
}

/* Drops the rows that are settled from the pass. */
static void forget_found(struct settle *s) {
  size_t kept = 0;
  for (size_t i = 0; i < s->held_len; i++) {
    if (s->rows[i].what == PAIR_FOUND) continue;
    s->held[kept] = s->held[i];
    s->rows[kept++] = s->rows[i];
  }
  s->held_len = kept;
}

static void adopt_found(struct settle *s) {
  size_t len;
  const struct looked *partners = look_partners(s->look, &len);
  struct adoption *a = calloc(1, sizeof *a);
  if (!a) {
    fail_memory(s);
    return;
  }
  for (size_t i = 0; i < s->held_len && !s->is_stopped; i++) {
    if (s->rows[i].what != PAIR_FOUND) continue;
    adopt(s, a, i, &partners[s->rows[i].partner]);
    if (a->settled_len == COMMIT_ROWS && commit(s, a)) break;
  }
  if (!s->is_stopped && commit(s, a) == 0) forget_found(s);
  free(a);
}

/* ---- sending again ------------------------------------------------------- */

static bool is_due(const struct settle *s, size_t i) {
  int64_t age = clock_wall_ms(s->options.resend.clock) - s->held[i].sent_at_ms;
  return s->rows[i].what == PAIR_LOST && age >= s->options.window_ms;
}

static size_t due_len(const struct settle *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->held_len; i++) n += is_due(s, i);
  return n;
}

/* Feeds a sync with the due rows that have keys, or that have none; false: there are none. */
static bool start_resend(struct settle *s) {
  struct error err;
  struct buf frame = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  size_t n = 0, kept = 0;
  for (size_t i = 0; i < s->held_len; i++) {
    bool goes = is_due(s, i) && s->held[i].is_keyed == s->resends_keyed;
    if (goes) {
      s->resend_numbers[n++] = s->held[i].number;
      buf_add(&frame, s->records.ptr + s->held[i].at, s->held[i].len);
      continue;
    }
    s->held[kept] = s->held[i];
    s->rows[kept++] = s->rows[i];
  }
  s->held_len = kept;
  struct sync_options o = s->options.resend;
  o.has_key = s->resends_keyed;
  o.resent = s->resend_numbers;
  if (n == 0 || !buf_ok(&frame) || sync_new(&s->resend_sync, &o, &err)) {
    if (n && buf_ok(&frame)) fail(s, &err);
    else if (n) fail_memory(s);
    buf_free(&frame);
    return false;
  }
  sync_feed(s->resend_sync, frame.ptr, frame.len); /* takes the bytes */
  sync_end(s->resend_sync);
  return true;
}

static void resend_done(struct settle *s) {
  const struct tally *t = sync_tally(s->resend_sync);
  const struct error *why = sync_error(s->resend_sync);
  tally_add(&s->result.resend, t);
  s->result.resent += t->created;
  if (why) fail(s, why);
  sync_free(s->resend_sync);
  s->resend_sync = NULL;
}

static void step_resend(struct settle *s) {
  for (;;) {
    if (!s->resend_sync) {
      if (start_resend(s)) continue;
      if (s->is_stopped || s->resends_keyed) {
        s->phase = DONE;
        return;
      }
      s->resends_keyed = true; /* first those without a key, then those with one */
      continue;
    }
    sync_step(s->resend_sync);
    if (!sync_is_done(s->resend_sync)) return;
    resend_done(s);
  }
}

/* ---- driven -------------------------------------------------------------- */

static void look_done(struct settle *s) {
  struct error err;
  if (look_error(s->look)) {
    fail(s, look_error(s->look));
    return;
  }
  if (pair_all(s)) return;
  adopt_found(s);
  if (s->is_stopped) return;
  if (s->options.only_adopts || due_len(s) == 0) {
    s->phase = DONE;
  } else if (s->phase == FIRST_LISTING) {
    s->phase = SECOND_LISTING; /* absence is proved by two listings in a row */
    if (start_look(s, look_skew_ms(s->look), &err)) fail(s, &err);
  } else {
    s->phase = RESENDING;
  }
}

static void take_exchanges(struct settle *s) {
  struct exchange *e;
  if (!s->look || s->phase > SECOND_LISTING) return; /* then a sync takes them */
  while ((e = transport_next(s->options.resend.transport))) (void)look_take(s->look, e); /* nothing else is under way */
}

void settle_step(struct settle *s) {
  take_exchanges(s);
  while (s->phase <= SECOND_LISTING && !s->is_stopped) {
    look_step(s->look);
    if (!look_is_done(s->look)) return;
    look_done(s);
  }
  if (s->phase == RESENDING && (!s->is_stopped || s->resend_sync)) step_resend(s);
}

int64_t settle_wake_at(const struct settle *s) {
  if (s->phase <= SECOND_LISTING) return look_wake_at(s->look);
  return s->resend_sync ? sync_wake_at(s->resend_sync) : INT64_MAX;
}

bool settle_is_done(const struct settle *s) {
  if (s->phase <= SECOND_LISTING && look_is_waiting(s->look)) return false;
  return s->phase == DONE || (s->is_stopped && !s->resend_sync);
}

void settle_stop(struct settle *s, const struct error *why) {
  if (s->phase <= SECOND_LISTING) look_stop(s->look);
  if (s->resend_sync) sync_stop(s->resend_sync, why);
  fail(s, why);
}

const struct error *settle_error(const struct settle *s) { return s->is_stopped ? &s->why : NULL; }

struct settled settle_result(const struct settle *s) {
  struct settled r = s->result;
  for (size_t i = 0; i < s->held_len; i++) r.unsure += s->rows[i].what == PAIR_UNSURE;
  r.held = (int64_t)s->held_len + r.resend.held + r.resend.pending;
  return r;
}
