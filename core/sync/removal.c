#include "sync/removal.h"

#include "api/deletion.h"
#include "api/refusal.h"
#include "sync/ask.h"
#include "sync/backoff.h"
#include "sync/look.h"
#include "sync/outcome.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
  RANGES_MAX = 40,
  BYTES_AN_ID = 40,
  TEXT_SPARE = 64 << 10,
  PAGE_ROWS = 10000,
  /* So many that are there and not deleted, and none deleted: all share the cause. */
  COMMON_CAUSE_IDS = 8,
};

static const int64_t NS_A_MS = 1000000;

struct range_of_ids {
  size_t from, to;
};

struct removal {
  struct removal_job job;
  struct uuid *ids; /* of the batch */
  uint32_t *places; /* where they stood when it began */
  struct uuid *answered;
  uint32_t *chosen;                       /* scratch of a call to told */
  struct range_of_ids ranges[RANGES_MAX]; /* the topmost is sent */
  unsigned ranges_len;
  struct exchange exchange;
  struct buf body;
  struct ask ask;    /* about an id that is refused alone */
  struct look *look; /* what a lost answer may have done; or NULL */
  unsigned tries;
  bool was_unclear; /* an attempt of the range on top had no answer */
  int64_t not_before_ns, failing_since_ns, bisected, undeletable, deleted;
  uint64_t seed;
  bool is_sent, is_stopped;
  struct error why;
};

static void fail(struct removal *m, const struct error *why) {
  if (!m->is_stopped) m->why = *why;
  m->is_stopped = true;
}

static int64_t now_ns(const struct removal *m) { return clock_mono_ns(m->job.clock); }

static struct range_of_ids top(const struct removal *m) { return m->ranges[m->ranges_len - 1]; }

/* ---- life ---------------------------------------------------------------- */

int removal_new(struct removal **out, const struct removal_job *job, struct error *err) {
  struct removal *m = calloc(1, sizeof *m);
  size_t rows = job->batch_rows;
  if (!m) return error_set(err, ERROR_MEMORY, "out of memory for deleting");
  m->job = *job;
  m->seed = job->seed;
  m->ids = calloc(rows, sizeof *m->ids);
  m->places = calloc(rows, sizeof *m->places);
  m->answered = calloc(rows, sizeof *m->answered);
  m->chosen = calloc(rows, sizeof *m->chosen);
  m->body = BUF_WITH_LIMIT(rows * BYTES_AN_ID + 2);
  m->exchange.text = BUF_WITH_LIMIT(rows * BYTES_AN_ID + TEXT_SPARE);
  ask_init(&m->ask, &(struct ask_options){.transport = job->transport,
                                          .clock = job->clock,
                                          .give_up_ms = job->give_up_ms,
                                          .seed = job->seed});
  if (!m->ids || !m->places || !m->answered || !m->chosen) {
    removal_free(m);
    return error_set(err, ERROR_MEMORY, "out of memory for deleting %zu partners a request", rows);
  }
  *out = m;
  return 0;
}

void removal_free(struct removal *m) {
  if (!m) return;
  look_free(m->look);
  ask_free(&m->ask);
  buf_free(&m->body);
  buf_free(&m->exchange.text);
  free(m->ids);
  free(m->places);
  free(m->answered);
  free(m->chosen);
  free(m);
}

void removal_begin(struct removal *m, const struct uuid *ids, size_t len) {
  memcpy(m->ids, ids, len * sizeof *ids);
  for (uint32_t i = 0; i < len; i++) m->places[i] = i;
  m->ranges[0] = (struct range_of_ids){0, len};
  m->ranges_len = len > 0;
  m->tries = 0;
  m->was_unclear = false;
}

/* ---- out ----------------------------------------------------------------- */

static void send(struct removal *m) {
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

static void range_done(struct removal *m) {
  m->ranges_len--;
  m->tries = 0;
  m->was_unclear = false;
}

/* What became of the first LEN of the chosen. */
static bool tell(struct removal *m, enum removed what, size_t len) {
  struct error err;
  if (len && m->job.told(m->job.user, what, m->chosen, len, &err)) {
    fail(m, &err);
    return false;
  }
  if (what == REMOVED) m->deleted += (int64_t)len;
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
static void deleted(struct removal *m, size_t answered_len) {
  struct range_of_ids range = top(m);
  size_t n = 0;
  qsort(m->answered, answered_len, sizeof *m->answered, compare_ids);
  for (size_t i = range.from; i < range.to; i++)
    if (has_id(m->answered, answered_len, &m->ids[i])) m->chosen[n++] = m->places[i];
  if (tell(m, REMOVED, n)) range_done(m);
}

static void try_again(struct removal *m) {
  struct error err = m->exchange.err;
  int64_t now = now_ns(m);
  if (!m->failing_since_ns) m->failing_since_ns = now;
  if (now - m->failing_since_ns >= m->job.give_up_ms * NS_A_MS) {
    if (m->exchange.end == EXCHANGE_ANSWERED)
      (void)error_set(&err, ERROR_UNREACHABLE, "Hoko kept answering %d to %s, asked to delete",
                      m->exchange.status, m->job.transport->whom);
    err.code = ERROR_UNREACHABLE;
    (void)error_hint(&err, "run the script again: what is missing still is deleted then");
    fail(m, &err);
    return;
  }
  m->tries++;
  m->not_before_ns = now + (m->exchange.status == 429 ? 0 : backoff_ns(m->tries, &m->seed));
}

static void stop(struct removal *m, enum error_code code) {
  struct error err = m->exchange.err;
  struct refusal refusal;
  if (m->exchange.end == EXCHANGE_ANSWERED) {
    refusal_parse(&refusal, buf_slice(&m->exchange.text));
    (void)error_set(&err, code, "Hoko answered %d to %s, asked to delete: %s", m->exchange.status,
                    m->job.transport->whom, refusal_text(&refusal, false));
    if (refusal.scopes_len)
      (void)error_hint(&err, "give the key this scope in Hoko's dashboard: %s", refusal.scopes[0]);
  }
  err.code = code;
  fail(m, &err);
}

static void start_look(struct removal *m) {
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

static void stop_refused(struct removal *m) {
  struct error err;
  struct refusal refusal;
  refusal_parse(&refusal, buf_slice(&m->exchange.text));
  (void)error_set(&err, ERROR_DATA, "Hoko refuses to delete: %s", refusal_text(&refusal, false));
  (void)error_hint(&err, "%" PRId64 " requests went into finding out which; see --bisect-limit",
                   m->bisected);
  fail(m, &err);
}

static void halve(struct removal *m) {
  struct range_of_ids whole = top(m);
  size_t middle = whole.from + (whole.to - whole.from) / 2;
  m->ranges[m->ranges_len - 1] = (struct range_of_ids){middle, whole.to};
  m->ranges[m->ranges_len++] = (struct range_of_ids){whole.from, middle};
  m->tries = 0;
}

static void refused(struct removal *m) {
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

static void took(struct removal *m) {
  const struct exchange *e = &m->exchange;
  struct range_of_ids range = top(m);
  size_t n = 0;
  struct outcome_facts f = {
      .end = e->end, .status = e->status, .is_alone = range.to - range.from == 1};
  f.is_match = e->end == EXCHANGE_ANSWERED && e->status / 100 == 2 && !e->is_text_cut &&
               deletion_read(buf_slice(&e->text), m->answered, m->job.batch_rows, &n) == 0;
  if (f.is_match) m->failing_since_ns = 0;
  if (e->end == EXCHANGE_CANCELLED) { /* nobody wants it any more */
    fail(m, &e->err);
    return;
  }
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
static void asked(struct removal *m) {
  m->bisected++;
  if (m->ask.err.code != ERROR_NONE) {
    fail(m, &m->ask.err);
    return;
  }
  bool is_there = m->ask.found == PRESENCE_THERE;
  m->chosen[0] = m->places[top(m).from];
  if (is_there && ++m->undeletable >= COMMON_CAUSE_IDS && m->deleted == 0) {
    stop_refused(m);
  } else if (is_there || tell(m, m->was_unclear ? REMOVED : REMOVED_UNKNOWN, 1)) {
    range_done(m); /* after a lost answer it was ours that deleted it */
  }
}

/* After a lost answer: what is not listed any more was deleted, the rest is sent again. */
static void looked(struct removal *m) {
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
      m->chosen[n++] = m->places[i];
      continue;
    }
    m->ids[kept] = m->ids[i];
    m->places[kept++] = m->places[i];
  }
  free(listed);
  if (!tell(m, REMOVED, n)) return;
  range->to = kept;
  m->was_unclear = false;
  if (kept == range->from) range_done(m);
}

static void step_look(struct removal *m) {
  look_step(m->look);
  if (!look_is_done(m->look)) return;
  if (look_error(m->look))
    fail(m, look_error(m->look));
  else if (!m->is_stopped)
    looked(m);
  look_free(m->look);
  m->look = NULL;
}

/* ---- driven -------------------------------------------------------------- */

static void take_exchanges(struct removal *m) {
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

static bool is_waiting(const struct removal *m) {
  return m->is_sent || m->ask.is_sent || (m->look && look_is_waiting(m->look));
}

void removal_step(struct removal *m) {
  if (is_waiting(m)) take_exchanges(m);
  if (m->look) step_look(m);
  if (m->is_stopped) return;
  bool is_free = m->ranges_len && !m->look && !m->is_sent && !m->ask.is_asked;
  bool is_time = now_ns(m) >= m->not_before_ns;
  if (is_free && is_time && transport_is_ready(m->job.transport, m->job.clock)) send(m);
  ask_step(&m->ask);
}

int64_t removal_wake_at(const struct removal *m) {
  if (m->is_stopped || m->is_sent || !m->ranges_len) return INT64_MAX;
  if (m->look) return look_wake_at(m->look);
  if (m->ask.is_asked) return ask_wake_at(&m->ask);
  int64_t open = transport_ready_at(m->job.transport);
  return open > m->not_before_ns ? open : m->not_before_ns;
}

bool removal_is_done(const struct removal *m) {
  return !is_waiting(m) && (m->is_stopped || m->ranges_len == 0);
}

void removal_stop(struct removal *m, const struct error *why) {
  if (m->look) look_stop(m->look);
  fail(m, why);
}

const struct error *removal_error(const struct removal *m) {
  return m->is_stopped ? &m->why : NULL;
}
