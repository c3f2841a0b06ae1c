#include "sync/missing.h"

#include "api/deletion.h"
#include "api/refusal.h"
#include "sync/ask.h"
#include "sync/backoff.h"
#include "sync/look.h"
#include "sync/outcome.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
  WALK_ROWS = 1000,
  RANGES_MAX = 40,
  BYTES_AN_ID = 40,
  TEXT_SPARE = 64 << 10,
  PAGE_ROWS = 10000,
  /* So many that are there and cannot be deleted, and none deleted: the cause is the same for all.
   */
  COMMON_CAUSE_IDS = 8,
};

static const int64_t NS_A_MS = 1000000;

struct range_of_ids {
  size_t from, to;
};

struct missing {
  struct missing_job job;
  struct missing_counts counts;
  uint32_t after;   /* the last seq taken into the batch in hand */
  struct uuid *ids; /* of the batch in hand, with their seqs */
  uint32_t *seqs;
  struct uuid *answered;
  uint32_t *chosen;                       /* scratch of a commit */
  struct range_of_ids ranges[RANGES_MAX]; /* the topmost is sent */
  unsigned ranges_len;
  struct exchange exchange;
  struct buf body;
  struct ask ask;    /* about an id that is refused alone */
  struct look *look; /* what a lost answer may have done; or NULL */
  unsigned tries;
  bool was_unclear; /* an attempt of the range on top had no answer */
  int64_t not_before_ns, failing_since_ns, bisected, undeletable;
  uint64_t seed;
  bool is_sent, is_done;
  struct error why;
};

static void fail(struct missing *m, const struct error *why) {
  if (m->why.code == ERROR_NONE) m->why = *why;
  m->is_done = true;
}

static int64_t now_ns(const struct missing *m) { return clock_mono_ns(m->job.clock); }

/* ---- counting ------------------------------------------------------------ */

/* Calls TOLD with each, where there is one, and counts. */
static int walk(struct missing *m, void (*told)(void *, const struct partner *),
                struct error *err) {
  struct missing_options o = {.seen = m->job.seen->words, .seen_bits = 64 * m->job.seen->words_len};
  struct partner *some = calloc(WALK_ROWS, sizeof *some);
  size_t n = 0;
  int rc = some ? 0 : error_set(err, ERROR_MEMORY, "out of memory for the missing keys");
  m->counts.missing = 0;
  do {
    if (rc == 0) rc = stream_missing(m->job.stream, &o, some, WALK_ROWS, &n, err);
    for (size_t i = 0; rc == 0 && told && i < n; i++) told(m->job.user, &some[i]);
    if (rc == 0 && n) o.after = some[n - 1].seq;
    m->counts.missing += (int64_t)n;
  } while (rc == 0 && n);
  free(some);
  return rc;
}

static int check_limit(const struct missing *m, struct error *err) {
  struct stream_info info;
  if (!m->job.deletes) return 0;
  if (stream_info(m->job.stream, &info, err)) return -1;
  int64_t missing = m->counts.missing, live = info.partners - info.gone;
  if (missing * MISSING_PERCENT * 100 <= m->job.limit * live) return 0;
  int64_t needed = (missing * 100 + live - 1) / live;
  (void)error_set(err, ERROR_STATE,
                  "the source lacks %" PRId64 " of the %" PRId64
                  " partners of stream %s, more than missing_limit"
                  " allows to delete (%g %%); none was deleted",
                  missing, live, info.name, (double)m->job.limit / MISSING_PERCENT);
  return error_hint(err, "look whether the source is whole; if it is, set missing_limit = %" PRId64,
                    needed);
}

static int new_batch(struct missing *m, struct error *err) {
  size_t rows = m->job.batch_rows;
  m->ids = calloc(rows, sizeof *m->ids);
  m->seqs = calloc(rows, sizeof *m->seqs);
  m->answered = calloc(rows, sizeof *m->answered);
  m->chosen = calloc(rows, sizeof *m->chosen);
  m->body = BUF_WITH_LIMIT(rows * BYTES_AN_ID + 2);
  m->exchange.text = BUF_WITH_LIMIT(rows * BYTES_AN_ID + TEXT_SPARE);
  ask_init(&m->ask, &(struct ask_options){.transport = m->job.transport,
                                          .clock = m->job.clock,
                                          .give_up_ms = m->job.give_up_ms,
                                          .seed = m->job.seed});
  if (m->ids && m->seqs && m->answered && m->chosen) return 0;
  return error_set(err, ERROR_MEMORY, "out of memory for deleting %zu partners a request", rows);
}

int missing_new(struct missing **out, const struct missing_job *job, struct error *err) {
  struct missing *m = calloc(1, sizeof *m);
  if (!m) return error_set(err, ERROR_MEMORY, "out of memory for the missing keys");
  m->job = *job;
  m->seed = job->seed;
  m->is_done = !job->deletes || job->is_dry;
  if (walk(m, NULL, err) || new_batch(m, err)) goto failed;
  if (check_limit(m, err))
    fail(m, err);
  else if (job->told && walk(m, job->told, err))
    goto failed;
  *out = m;
  return 0;
failed:
  missing_free(m);
  return -1;
}

void missing_free(struct missing *m) {
  if (!m) return;
  look_free(m->look);
  ask_free(&m->ask);
  buf_free(&m->body);
  buf_free(&m->exchange.text);
  free(m->ids);
  free(m->seqs);
  free(m->answered);
  free(m->chosen);
  free(m);
}

/* ---- out ----------------------------------------------------------------- */

static struct range_of_ids top(const struct missing *m) { return m->ranges[m->ranges_len - 1]; }

/* The next batch out of the state; nothing is left: done. */
static void take_batch(struct missing *m) {
  struct missing_options o = {
      .seen = m->job.seen->words, .seen_bits = 64 * m->job.seen->words_len, .after = m->after};
  struct partner some[100];
  struct error err;
  size_t len = 0, n;
  do {
    size_t room = m->job.batch_rows - len, cap = room < 100 ? room : 100;
    if (stream_missing(m->job.stream, &o, some, cap, &n, &err)) {
      fail(m, &err);
      return;
    }
    for (size_t i = 0; i < n; i++) {
      m->ids[len] = some[i].id;
      m->seqs[len++] = o.after = some[i].seq;
    }
  } while (n && len < m->job.batch_rows);
  m->after = o.after;
  m->ranges[0] = (struct range_of_ids){0, len};
  m->ranges_len = len > 0;
  m->is_done = len == 0;
}

static void send(struct missing *m) {
  struct range_of_ids range = top(m);
  struct buf text = m->exchange.text;
  struct error err;
  buf_clear(&m->body);
  buf_clear(&text);
  deletion_put(&m->body, m->ids + range.from, range.to - range.from);
  if (!buf_ok(&m->body)) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for deleting %zu partners",
                    range.to - range.from);
    fail(m, &err);
    return;
  }
  m->exchange = (struct exchange){.method = EXCHANGE_DELETE,
                                  .is_again = m->tries > 0,
                                  .target = "/partners",
                                  .body = buf_slice(&m->body),
                                  .owner = m,
                                  .text = text};
  m->is_sent = true;
  transport_submit(m->job.transport, &m->exchange);
}

/* ---- outcomes ------------------------------------------------------------ */

static void range_done(struct missing *m) {
  m->ranges_len--;
  m->tries = 0;
  m->was_unclear = false;
}

static bool commit(struct missing *m, struct commit *c) {
  struct error err;
  c->run = m->job.run;
  if (stream_commit(m->job.stream, c, &err) == 0) return true;
  fail(m, &err);
  return false;
}

/* The first LEN of the chosen are deleted at Hoko. */
static bool forget(struct missing *m, size_t len) {
  struct commit c = {.forgotten = m->chosen, .forgotten_len = len};
  if (len && !commit(m, &c)) return false;
  m->counts.deleted += (int64_t)len;
  return true;
}

static int compare_ids(const void *a, const void *b) {
  const struct uuid *x = a, *y = b;
  return memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

static bool has_id(const struct uuid *sorted, size_t len, const struct uuid *id) {
  return bsearch(id, sorted, len, sizeof *sorted, compare_ids) != NULL;
}

/* What the answer does not name is not deleted, and stays. */
static void deleted(struct missing *m, size_t answered_len) {
  struct range_of_ids range = top(m);
  size_t n = 0;
  qsort(m->answered, answered_len, sizeof *m->answered, compare_ids);
  for (size_t i = range.from; i < range.to; i++)
    if (has_id(m->answered, answered_len, &m->ids[i])) m->chosen[n++] = m->seqs[i];
  if (forget(m, n)) range_done(m);
}

static void try_again(struct missing *m) {
  struct error err = m->exchange.err;
  int64_t now = now_ns(m);
  if (!m->failing_since_ns) m->failing_since_ns = now;
  if (now - m->failing_since_ns >= m->job.give_up_ms * NS_A_MS) {
    if (m->exchange.end == EXCHANGE_ANSWERED)
      (void)error_set(&err, ERROR_UNREACHABLE, "Hoko kept answering %d to deleting",
                      m->exchange.status);
    err.code = ERROR_UNREACHABLE;
    (void)error_hint(&err, "run the script again: what is missing still is deleted then");
    fail(m, &err);
    return;
  }
  m->tries++;
  m->not_before_ns = now + (m->exchange.status == 429 ? 0 : backoff_ns(m->tries, &m->seed));
}

static void stop(struct missing *m, enum error_code code) {
  struct error err = m->exchange.err;
  struct refusal refusal;
  if (m->exchange.end == EXCHANGE_ANSWERED) {
    refusal_parse(&refusal, buf_slice(&m->exchange.text));
    (void)error_set(&err, code, "Hoko answered %d to deleting: %s", m->exchange.status,
                    refusal_text(&refusal, false));
    if (refusal.scopes_len)
      (void)error_hint(&err, "give the key this scope in Hoko's dashboard: %s", refusal.scopes[0]);
  }
  err.code = code;
  fail(m, &err);
}

static void start_look(struct missing *m) {
  struct error err;
  struct look_options o = {.transport = m->job.transport,
                           .clock = m->job.clock,
                           .key = m->job.hash_key,
                           .since_ms = INT64_MIN,
                           .give_up_ms = m->job.give_up_ms,
                           .page_rows = PAGE_ROWS,
                           .seed = m->seed};
  if (look_new(&m->look, &o, &err)) fail(m, &err);
}

static void stop_refused(struct missing *m) {
  struct error err;
  struct refusal refusal;
  refusal_parse(&refusal, buf_slice(&m->exchange.text));
  (void)error_set(&err, ERROR_DATA, "Hoko refuses to delete: %s", refusal_text(&refusal, false));
  (void)error_hint(&err, "%" PRId64 " requests went into finding out which; see --bisect-limit",
                   m->bisected);
  fail(m, &err);
}

static void halve(struct missing *m) {
  struct range_of_ids whole = top(m);
  size_t middle = whole.from + (whole.to - whole.from) / 2;
  m->ranges[m->ranges_len - 1] = (struct range_of_ids){middle, whole.to};
  m->ranges[m->ranges_len++] = (struct range_of_ids){whole.from, middle};
  m->tries = 0;
}

static void refused(struct missing *m) {
  struct range_of_ids range = top(m);
  if (m->bisected++ >= m->job.bisect_limit) {
    stop_refused(m);
  } else if (range.to - range.from == 1) {
    ask_begin(&m->ask, &m->ids[range.from]);
  } else if (m->was_unclear) {
    start_look(m);
  } else {
    halve(m);
  }
}

static void took(struct missing *m) {
  const struct exchange *e = &m->exchange;
  struct range_of_ids range = top(m);
  size_t n = 0;
  struct outcome_facts f = {
      .end = e->end, .status = e->status, .is_alone = range.to - range.from == 1};
  f.is_match = e->end == EXCHANGE_ANSWERED && e->status / 100 == 2 && !e->is_text_cut &&
               deletion_read(buf_slice(&e->text), m->answered, m->job.batch_rows, &n) == 0;
  if (f.is_match) m->failing_since_ns = 0;
  switch (outcome_of(&f)) {
  case OUTCOME_ACKNOWLEDGED: deleted(m, n); return;
  case OUTCOME_REFUSED: refused(m); return;
  case OUTCOME_TOO_LARGE:
    if (f.is_alone)
      stop(m, ERROR_UNREACHABLE);
    else
      halve(m);
    return;
  case OUTCOME_LIMITED: try_again(m); return;
  case OUTCOME_AGAIN:
  case OUTCOME_UNCLEAR:
    m->was_unclear = m->was_unclear || e->end != EXCHANGE_NOT_SENT;
    try_again(m);
    return;
  case OUTCOME_STOP_AUTH: stop(m, ERROR_AUTH); return;
  case OUTCOME_STOP:
  case OUTCOME_STOP_UNCLEAR: stop(m, ERROR_UNREACHABLE); return;
  }
}

/* ---- questions ----------------------------------------------------------- */

/* One id was refused alone: it is not there, or Hoko does not want to delete it. */
static void asked(struct missing *m) {
  struct commit c = {.gone = &m->seqs[top(m).from], .gone_len = 1};
  m->bisected++;
  if (m->ask.err.code != ERROR_NONE) {
    fail(m, &m->ask.err);
  } else if (m->ask.found != PRESENCE_ABSENT) {
    if (++m->undeletable >= COMMON_CAUSE_IDS && m->counts.deleted == 0)
      stop_refused(m);
    else
      range_done(m);
  } else if (m->was_unclear) { /* it was there before */
    m->chosen[0] = m->seqs[top(m).from];
    if (forget(m, 1)) range_done(m);
  } else if (commit(m, &c)) {
    m->counts.gone++;
    range_done(m);
  }
}

/* After a lost answer: what is not listed any more was deleted, the rest is sent again. */
static void looked(struct missing *m) {
  size_t len, n = 0, kept;
  const struct looked *partners = look_partners(m->look, &len);
  struct uuid *listed = calloc(len + 1, sizeof *listed);
  struct range_of_ids *range = &m->ranges[m->ranges_len - 1];
  struct error err;
  if (!listed) {
    (void)error_set(&err, ERROR_MEMORY, "out of memory for a list of %zu partners", len);
    fail(m, &err);
    return;
  }
  for (size_t i = 0; i < len; i++) listed[i] = partners[i].id;
  qsort(listed, len, sizeof *listed, compare_ids);
  kept = range->from;
  for (size_t i = range->from; i < range->to; i++) {
    if (!has_id(listed, len, &m->ids[i])) {
      m->chosen[n++] = m->seqs[i];
      continue;
    }
    m->ids[kept] = m->ids[i];
    m->seqs[kept++] = m->seqs[i];
  }
  free(listed);
  if (!forget(m, n)) return;
  range->to = kept;
  m->was_unclear = false;
  if (kept == range->from) range_done(m);
}

static void step_look(struct missing *m) {
  look_step(m->look);
  if (!look_is_done(m->look)) return;
  if (look_error(m->look))
    fail(m, look_error(m->look));
  else if (!m->is_done)
    looked(m);
  look_free(m->look);
  m->look = NULL;
}

/* ---- driven -------------------------------------------------------------- */

static void take_exchanges(struct missing *m) {
  struct exchange *e;
  while ((e = transport_next(m->job.transport))) {
    if (m->look && look_take(m->look, e)) continue;
    if (ask_take(&m->ask, e)) {
      if (!m->ask.is_asked) asked(m);
      continue;
    }
    m->is_sent = false; /* nothing else is under way */
    took(m);
  }
}

void missing_step(struct missing *m) {
  if (!m->job.deletes || m->job.is_dry) return;
  take_exchanges(m);
  if (m->look) step_look(m);
  while (!m->is_done && !m->look && !m->is_sent && !m->ask.is_asked) {
    if (m->ranges_len == 0) {
      take_batch(m);
      continue;
    }
    if (now_ns(m) < m->not_before_ns || !transport_is_ready(m->job.transport, m->job.clock)) return;
    send(m);
  }
  if (!m->is_done) ask_step(&m->ask);
}

int64_t missing_wake_at(const struct missing *m) {
  if (m->is_done || m->is_sent) return INT64_MAX;
  if (m->look) return look_wake_at(m->look);
  if (m->ask.is_asked) return ask_wake_at(&m->ask);
  int64_t open = transport_ready_at(m->job.transport);
  return open > m->not_before_ns ? open : m->not_before_ns;
}

bool missing_is_done(const struct missing *m) {
  bool is_waiting = m->is_sent || m->ask.is_sent || (m->look && look_is_waiting(m->look));
  return m->is_done && !is_waiting;
}

void missing_stop(struct missing *m, const struct error *why) {
  if (m->look) look_stop(m->look);
  fail(m, why);
}

const struct error *missing_error(const struct missing *m) {
  return m->why.code != ERROR_NONE ? &m->why : NULL;
}

struct missing_counts missing_counts(const struct missing *m) {
  return m->counts;
}
