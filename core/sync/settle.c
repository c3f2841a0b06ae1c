#include "sync/settle.h"

#include "sync/adoption.h"

#include <stdio.h>
#include <stdlib.h>

enum {
  PAGE_ROWS = 10000,
  CLOCK_MARGIN_MS = 120000, /* that two clocks and whole seconds may differ */
  TWINS_TOLD = 10,
};

enum phase { FIRST_LISTING, SECOND_LISTING, RESENDING, DONE };

struct settle {
  struct settle_options options;
  enum phase phase;
  struct look *look;
  int64_t skew_ms; /* the server's clock less ours, as far as it is behind */
  struct held_rows held;
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
  (void)error_set(&err, ERROR_MEMORY, "out of memory for settling %zu rows", s->held.len);
  fail(s, &err);
}

/* ---- listing ------------------------------------------------------------- */

static int64_t oldest_ms(const struct settle *s) {
  int64_t held = held_rows_oldest_ms(&s->held), doubt = s->options.doubt_since_ms;
  return doubt && doubt < held ? doubt : held;
}

static int start_look(struct settle *s, struct error *err) {
  struct look_options o = {.transport = s->options.resend.transport,
                           .clock = s->options.resend.clock,
                           .key = s->options.resend.hash_key,
                           .since_ms = oldest_ms(s) + s->skew_ms - CLOCK_MARGIN_MS,
                           .give_up_ms = s->options.resend.give_up_ms,
                           .page_rows = PAGE_ROWS,
                           .seed = s->options.resend.seed};
  look_free(s->look);
  s->look = NULL;
  return look_new(&s->look, &o, err);
}

static int begin(struct settle *s, struct error *err) {
  if (held_rows_read(&s->held, s->options.stream, &s->options.resend.hash_key, err)) return -1;
  if (s->held.len) {
    s->resend_numbers = calloc(s->held.len, sizeof *s->resend_numbers);
    if (!s->resend_numbers) return error_set(err, ERROR_MEMORY, "out of memory for the held rows");
  }
  return s->held.len || s->options.doubt_since_ms ? start_look(s, err) : 0;
}

int settle_new(struct settle **out, const struct settle_options *options, struct error *err) {
  struct settle *s = calloc(1, sizeof *s);
  *out = NULL;
  if (!s) return error_set(err, ERROR_MEMORY, "out of memory for settling");
  s->options = *options;
  int rc = begin(s, err);
  if (rc == 0 && s->look)
    *out = s;
  else
    settle_free(s);
  return rc;
}

void settle_free(struct settle *s) {
  if (!s) return;
  look_free(s->look);
  sync_free(s->resend_sync);
  held_rows_free(&s->held);
  free(s->resend_numbers);
  free(s);
}

/* ---- what the list shows ------------------------------------------------- */

static void tell_twins(struct settle *s) {
  const struct settled *r = &s->result;
  for (size_t i = 0; i < r->twins_len && i < TWINS_TOLD; i++) {
    char message[200], ours[UUID_TEXT_LEN], other[UUID_TEXT_LEN];
    uuid_format(&r->twin[i].ours, ours);
    uuid_format(&r->twin[i].other, other);
    (void)snprintf(
        message, sizeof message,
        "two partners are equal: %.*s and %.*s; which of them to delete is yours to decide",
        UUID_TEXT_LEN, ours, UUID_TEXT_LEN, other);
    s->options.resend.events.warn(s->options.resend.events.user, message);
  }
}

/* A later listing shows those of an earlier one too. */
static void find_twins(struct settle *s, const struct looked *partners, size_t len,
                       const bool *is_ours, uint32_t *scratch) {
  struct settled *r = &s->result;
  size_t told = r->twins_len;
  r->twins = (int64_t)twins_find(partners, len, is_ours, scratch, r->twin, SETTLED_TWINS_MAX);
  r->twins_len = r->twins < SETTLED_TWINS_MAX ? (size_t)r->twins : SETTLED_TWINS_MAX;
  if (told == 0) tell_twins(s);
}

static int pair_all(struct settle *s) {
  size_t len;
  struct error err;
  const struct looked *partners = look_partners(s->look, &len);
  bool *is_claimed = calloc(len + 1, sizeof *is_claimed);
  uint32_t *scratch = calloc(len + s->held.len + 1, sizeof *scratch);
  int rc = -1;
  if (!is_claimed || !scratch) {
    fail_memory(s);
  } else if ((rc = claims_mark(s->options.made, s->options.stream, partners, len, is_claimed,
                               &err))) {
    fail(s, &err);
  } else {
    pair_rows(s->held.pairs, s->held.len, partners, len, is_claimed, scratch);
    find_twins(s, partners, len, is_claimed, scratch);
  }
  free(is_claimed);
  free(scratch);
  return rc;
}

static void adopt_found(struct settle *s) {
  size_t len;
  struct error err;
  struct adoption_options o = {.state = s->options.state,
                               .stream = s->options.stream,
                               .run = s->options.resend.run,
                               .seen = s->options.resend.seen,
                               .partners = look_partners(s->look, &len)};
  if (adoption_commit(&o, &s->held, &s->result.adopted, &err)) fail(s, &err);
}

/* ---- sending again ------------------------------------------------------- */

static bool is_due(const struct settle *s, size_t i) {
  int64_t age = clock_wall_ms(s->options.resend.clock) - s->held.at[i].sent_at_ms;
  return s->held.pairs[i].what == PAIR_LOST && age >= s->options.window_ms;
}

static size_t due_len(const struct settle *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->held.len; i++) n += is_due(s, i);
  return n;
}

/* Takes the due rows that have keys, or that have none, out of those held. */
static size_t take_due(struct settle *s, struct buf *frame) {
  size_t taken = 0, kept = 0;
  int64_t *since = &s->result.resent_since_ms;
  for (size_t i = 0; i < s->held.len; i++) {
    const struct held_row *row = &s->held.at[i];
    if (!is_due(s, i) || row->is_keyed != s->resends_keyed) {
      held_rows_move(&s->held, kept++, i);
      continue;
    }
    s->resend_numbers[taken++] = row->number;
    if (!*since || row->sent_at_ms < *since) *since = row->sent_at_ms;
    buf_add(frame, s->held.records.ptr + row->at, row->len);
  }
  s->held.len = kept;
  return taken;
}

/* Feeds a sync with them; false: there are none, or no memory. */
static bool start_resend(struct settle *s) {
  struct error err;
  struct buf frame = BUF_WITH_LIMIT(SIZE_MAX >> 1);
  size_t taken = take_due(s, &frame);
  struct sync_options o = s->options.resend;
  o.has_key = s->resends_keyed;
  o.resent = s->resend_numbers;
  if (taken && !buf_ok(&frame))
    fail_memory(s);
  else if (taken && sync_new(&s->resend_sync, &o, &err))
    fail(s, &err);
  if (!s->resend_sync) {
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

/* Of what is stopped only the sync that runs is waited for. */
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

/* There is no listing to wait for. */
static void end_for(struct settle *s, const struct error *why) {
  fail(s, why);
  s->phase = DONE;
}

/* A listing shows by how much the server's clock is behind ours, and that it went back
 * too little for that. */
static bool was_too_short(struct settle *s) {
  int64_t skew_ms = look_skew_ms(s->look);
  if (skew_ms >= s->skew_ms - CLOCK_MARGIN_MS / 2) return false;
  s->skew_ms = skew_ms;
  return true;
}

static void look_done(struct settle *s) {
  struct error err;
  if (look_error(s->look)) {
    fail(s, look_error(s->look));
    return;
  }
  if (was_too_short(s)) {
    if (start_look(s, &err)) end_for(s, &err);
    return;
  }
  if (pair_all(s)) return;
  adopt_found(s);
  if (s->is_stopped) return;
  if (s->options.only_adopts || due_len(s) == 0) {
    s->phase = DONE;
  } else if (s->phase == FIRST_LISTING) {
    s->phase = SECOND_LISTING; /* absence is proved by two listings in a row */
    if (start_look(s, &err)) end_for(s, &err);
  } else {
    s->phase = RESENDING;
  }
}

static void take_exchanges(struct settle *s) {
  struct exchange *e;
  if (s->phase > SECOND_LISTING) return; /* then a sync takes them */
  while ((e = transport_next(s->options.resend.transport)))
    (void)look_take(s->look, e); /* nothing else is under way */
}

void settle_step(struct settle *s) {
  take_exchanges(s);
  while (s->phase <= SECOND_LISTING && !s->is_stopped) {
    look_step(s->look);
    if (!look_is_done(s->look)) return;
    look_done(s);
  }
  if (s->phase == RESENDING) step_resend(s);
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
  for (size_t i = 0; i < s->held.len; i++) r.unsure += s->held.pairs[i].what == PAIR_UNSURE;
  r.held = (int64_t)s->held.len + r.resend.held + r.resend.pending;
  return r;
}
