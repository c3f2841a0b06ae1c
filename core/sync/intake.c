/* Rows into batches: each is looked up, planned, merged with what waits of the same
 * identity, kept back while that is under way, or put into the open batch. */
#include "sync/inside.h"

#include <assert.h>
#include <stdlib.h>

/* ---- one row ------------------------------------------------------------- */

void intake_drop(struct sync *s, uint64_t ordinal) {
  if (s->options.events.dropped) s->options.events.dropped(s->options.events.user, ordinal);
}

static void refuse(struct sync *s, uint64_t ordinal, const struct sync_refusal *why) {
  s->tally.rejected++;
  s->options.events.refused(s->options.events.user, ordinal, why);
}

static void reject_planned(struct sync *s, uint64_t ordinal, const struct row *row,
                           const struct plan *plan) {
  struct buf json = BUF_WITH_LIMIT(1 << 20);
  sync_put_submitted(s, &json, row);
  struct reject r = {.key = row->key,
                     .row = buf_slice(&json),
                     .file = slice_of(s->options.file),
                     .line = row->line,
                     .code = slice_of(plan->code),
                     .message = slice_of(plan->message),
                     .field = slice_of(plan->field)};
  if (s->options.has_key) r.content = state_row_hash(s->options.state, row);
  struct sync_refusal why = {plan->code, plan->message, plan->field, 0};
  sync_reject(s, &r);
  s->tally.submitted--; /* counted when it was taken */
  s->options.events.refused(s->options.events.user, ordinal, &why);
  buf_free(&json);
}

struct identity identity_of(const struct sync *s, const struct batch *b, uint32_t row,
                            struct row *view) {
  struct identity who = {.id = b->kind == BATCH_UPDATE ? &b->rows[row].id : NULL};
  *view = batch_row(b, row);
  if (s->options.has_key && (b->kind == BATCH_CREATE || view->id.len)) who.key = view->key;
  return who;
}

static struct identity identity_of_plan(const struct sync *s, const struct plan *plan) {
  struct identity who = {.id = plan->has_id ? &plan->as.id : NULL};
  if (s->options.has_key && (!plan->has_id || plan->row.id.len)) who.key = plan->row.key;
  return who;
}

int intake_add(struct sync *s, struct batch *b, const struct plan *plan, uint64_t ordinal) {
  struct batch_row as = plan->as;
  struct identity who = identity_of_plan(s, plan);
  struct error err;
  as.ordinal = ordinal;
  if (!batch_add(b, &plan->row, &as)) return -1;
  if (!identity_add(&s->identities, &who, b, b->rows_len - 1)) return 0;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for the rows under way");
  sync_fail(s, &err);
  return 0;
}

/* The open batch of KIND, fresh where there is none; NULL: all are in use. */
static struct batch *open_batch(struct sync *s, enum batch_kind kind) {
  if (s->open[kind]) return s->open[kind];
  struct batch *b = sync_free_batch(s);
  if (!b) return NULL;
  batch_begin(b, kind);
  return s->open[kind] = b;
}

void batch_make_ready(struct sync *s, enum batch_kind kind) {
  struct batch *b = s->open[kind];
  b->state = BATCH_READY;
  b->ranges[0] = (struct range){.to = b->rows_len};
  b->ranges_len = 1;
  s->ready[s->ready_len++] = b->number;
  s->open[kind] = NULL;
}

/* Any row fits an empty batch, unless there is no memory for it. */
static void fail_to_add(struct sync *s) {
  struct error err;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for the rows of a request");
  sync_fail(s, &err);
}

/* false: no batch has room now, or the upsert has stopped. */
static bool send_planned(struct sync *s, const struct plan *plan, uint64_t ordinal) {
  for (;;) {
    struct batch *b = open_batch(s, plan->kind);
    if (!b) return false;
    if (intake_add(s, b, plan, ordinal) == 0) {
      if (b->rows_len == s->options.batch_rows) batch_make_ready(s, plan->kind);
      return true;
    }
    if (b->rows_len == 0) {
      fail_to_add(s);
      return false;
    }
    batch_make_ready(s, plan->kind);
  }
}

static void take_out(struct sync *s, struct place_of_row at) {
  struct batch *b = at.batch;
  uint32_t last = b->rows_len - 1;
  struct row view;
  struct identity who = identity_of(s, b, at.row, &view), moved = identity_of(s, b, last, &view);
  identity_remove(&s->identities, &who, b, at.row);
  if (at.row != last) identity_remove(&s->identities, &moved, b, last);
  batch_remove(b, at.row);
  if (at.row == last) return;
  moved = identity_of(s, b, at.row, &view);
  if (!identity_add(&s->identities, &moved, b, at.row)) return;
  struct error err;
  (void)error_set(&err, ERROR_MEMORY, "out of memory for the rows under way");
  sync_fail(s, &err);
}

/* Whether the rows merged at AT come to what was acknowledged last: a key that stands twice
 * in a source would be sent with each run else.  Only where the order of rows is free. */
static bool is_back(struct place_of_row at, const struct plan_facts *facts) {
  if (at.batch->state != BATCH_OPEN || at.batch->kind != BATCH_UPDATE || !facts->known->seq)
    return false;
  struct row merged = batch_row(at.batch, at.row);
  struct plan_facts of_merged = *facts;
  of_merged.row = &merged;
  return plan_row(&of_merged).what == PLAN_UNCHANGED;
}

/* A row of this identity waits already: the later one wins, field by field. */
static bool merge_planned(struct sync *s, struct place_of_row at, const struct plan *plan,
                          const struct plan_facts *facts, uint64_t ordinal) {
  uint64_t earlier = at.batch->rows[at.row].ordinal;
  if (!batch_merge(at.batch, at.row, &plan->row, ordinal)) return false;
  s->tally.superseded++;
  intake_drop(s, earlier);
  if (!is_back(at, facts)) return true;
  take_out(s, at);
  s->tally.unchanged++;
  intake_drop(s, ordinal);
  return true;
}

/* ---- adopting ------------------------------------------------------------ */

static bool is_this(const void *user, uint32_t value) {
  (void)user, (void)value;
  return true; /* 64 bits of a keyed hash are the identity */
}

/* One key is one partner: the second one that the script names by it is refused. */
static void adopt(struct sync *s, const struct row *row, const struct plan *plan,
                  uint64_t ordinal) {
  uint64_t hash = hash_slice(&s->options.hash_key, row->key);
  struct plan conflict = {
      .code = "key_conflict", .field = "", .message = "another partner has this key already"};
  struct error err;
  if (map_find(&s->dry, hash, is_this, NULL) != MAP_FREE) {
    if (settle_adoptions(s)) return; /* an acknowledgement that came later would clear the reject */
    reject_planned(s, ordinal, row, &conflict);
  } else if (map_add(&s->dry, hash, 0)) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for adopting so many partners");
    sync_fail(s, &err);
  } else if (s->options.is_dry) {
    s->tally.updated++;
    intake_drop(s, ordinal);
  } else {
    settle_adopted(s, row, plan, ordinal);
  }
}

/* ---- planning ------------------------------------------------------------ */

static const struct sync_refusal refused_before = {
    "refused",
    "the row is unchanged since it was rejected; hoko rejects show tells why, hoko rejects retry "
    "sends it again",
    "", 0};
static const struct sync_refusal gone_before = {"unknown_id",
                                                "Hoko has no partner of this key any more, and the "
                                                "row is unchanged since; --recreate makes it anew",
                                                "id", 0};

static void tell_refused_before(struct sync *s, const struct row *row,
                                const struct sync_refusal *why) {
  struct reject r = {.key = row->key,
                     .file = slice_of(s->options.file),
                     .line = row->line,
                     .code = slice_of(why->code),
                     .message = slice_of(why->message)};
  s->options.events.planned_reject(s->options.events.user, &r);
}

/* A row whose partner the run itself may have written before. */
static bool plan_is_of_partner(const struct plan *plan) {
  return plan->what == PLAN_SEND || plan->is_partial ||
         (plan->what == PLAN_UNCHANGED && plan->has_id);
}

/* What comes before the row's identity matters; true: the row is told. */
static bool told_at_once(struct sync *s, const struct row *row, const struct plan *plan,
                         bool is_gone, uint64_t ordinal) {
  switch (plan->what) {
  case PLAN_REJECT: reject_planned(s, ordinal, row, plan); return true;
  case PLAN_REFUSED:
    if (s->options.is_dry) tell_refused_before(s, row, is_gone ? &gone_before : &refused_before);
    refuse(s, ordinal, is_gone ? &gone_before : &refused_before);
    return true;
  case PLAN_PENDING:
  case PLAN_HELD:
    if (plan->what == PLAN_PENDING)
      s->tally.pending++;
    else
      s->tally.held++;
    if (s->options.is_dry) s->options.events.planned_wait(s->options.events.user, row);
    break;
  case PLAN_UNCHANGED:
    if (plan->has_id) return false; /* a row under way may have changed it */
    s->tally.unchanged++;
    break;
  case PLAN_SEND: return false;
  }
  intake_drop(s, ordinal);
  return true;
}

bool intake_place(struct sync *s, const struct row *row, const struct known *known,
                  uint64_t ordinal) {
  struct known cleared = *known;
  if (s->options.resent) { /* settling decided about what is held; an equal row is another one */
    cleared.is_held = cleared.is_made = cleared.is_rejected = false;
    known = &cleared;
  }
  struct plan_facts facts = {.row = row,
                             .known = known,
                             .content =
                                 known->is_rejected ? state_row_hash(s->options.state, row) : 0,
                             .has_key = s->options.has_key,
                             .sends_all = s->options.sends_all,
                             .recreates = s->options.recreates,
                             .retries_rejects = s->options.retries_rejects,
                             .adopts = s->options.adopts};
  struct plan plan = plan_row(&facts);
  struct identity who = identity_of_plan(s, &plan);
  bool has_earlier = plan.is_partial && (identity_find(&s->identities, &who, false).batch ||
                                         identity_find(&s->identities, &who, true).batch);
  bool is_written = s->options.is_dry && !s->options.adopts && plan_is_of_partner(&plan) &&
                    dry_is_written(s, &who);
  if (!has_earlier && !is_written && told_at_once(s, row, &plan, known->is_gone, ordinal))
    return true;
  if (s->options.adopts && plan.what == PLAN_SEND) {
    adopt(s, row, &plan, ordinal);
    return true;
  }
  struct place_of_row at = identity_find(&s->identities, &who, false);
  if (at.batch) return merge_planned(s, at, &plan, &facts, ordinal);
  if (is_written && dry_place(s, &who, row)) {
    intake_drop(s, ordinal);
    return true;
  }
  if (identity_find(&s->identities, &who, true).batch)
    return intake_add(s, &s->pool[0], &plan, ordinal) == 0;
  if (plan.what == PLAN_UNCHANGED) {
    s->tally.unchanged++;
    intake_drop(s, ordinal);
    return true;
  }
  return send_planned(s, &plan, ordinal);
}

/* ---- frames -------------------------------------------------------------- */

/* What was held and is sent again is decided.  Asking would also take the state's word for
 * what was made before, which the source's own rows are to be compared with. */
static bool needs_known(const struct sync *s, const struct row *row) {
  return s->options.has_key || (!row->id.len && !s->options.resent);
}

static size_t take_rows(struct sync *s) {
  struct intake *in = &s->intake;
  for (in->n = 0; in->n < INTAKE_ROWS && row_take(&in->rest, &in->rows[in->n]);) in->n++;
  in->i = 0;
  in->is_found = false;
  return in->n;
}

/* Asks the state once for the rows of the stretch that are not planned yet. */
static int find_known(struct sync *s) {
  struct intake *in = &s->intake;
  struct error err;
  size_t asked = 0;
  for (size_t i = in->i; i < in->n; i++) {
    in->known[i] =
        (struct known){.key = s->options.has_key ? in->rows[i].key : (struct slice){NULL, 0}};
    if (!needs_known(s, &in->rows[i])) continue;
    if (sync_need_stream(s)) return -1;
    if (!s->options.has_key) in->known[i].content = state_row_hash(s->options.state, &in->rows[i]);
    asked++;
  }
  in->is_found = true;
  if (asked == 0) return 0;
  if (stream_find(s->stream, in->known + in->i, in->n - in->i, &err)) {
    sync_fail(s, &err);
    return -1;
  }
  for (size_t i = in->i; s->options.seen && i < in->n; i++)
    seen_add(s->options.seen, in->known[i].seq);
  return 0;
}

void sync_has_key(struct sync *s, struct slice key) {
  struct known known = {.key = key};
  struct error err;
  if (!s->options.seen || s->is_stopped || sync_need_stream(s)) return;
  s->intake.is_found = false; /* what was found before lives no longer */
  if (stream_find(s->stream, &known, 1, &err))
    sync_fail(s, &err);
  else
    seen_add(s->options.seen, known.seq);
}

static void frame_done(struct sync *s) {
  struct error err;
  if (s->intake.rest.len) {
    (void)error_set(&err, ERROR_INTERNAL, "the worker sent a damaged row");
    sync_fail(s, &err);
  }
  free(s->intake.payload);
  s->intake.payload = NULL;
}

void intake_step(struct sync *s) {
  struct intake *in = &s->intake;
  while (in->payload && !s->is_stopped) {
    if (in->i == in->n && take_rows(s) == 0) {
      frame_done(s);
      return;
    }
    if (!in->is_found && find_known(s)) return;
    for (; in->i < in->n && !s->is_stopped; in->i++) {
      if (!intake_place(s, &in->rows[in->i], &in->known[in->i], s->ordinal)) {
        in->is_found = false; /* what comes back meanwhile may change what is known */
        return;
      }
      s->ordinal++;
      s->tally.submitted++;
    }
    if (s->adopted_len && settle_adoptions(s)) return;
  }
}

bool intake_is_empty(const struct sync *s) { return !s->intake.payload; }

void intake_free(struct sync *s) {
  free(s->intake.payload);
  free(s->intake.rows);
  free(s->intake.known);
}
