#include "sync/missing.h"

#include <inttypes.h>
#include <stdlib.h>

enum { WALK_ROWS = 1000 };

struct missing {
  struct missing_job job;
  struct missing_counts counts;
  struct removal *removal;
  uint32_t after;   /* the last seq taken into the batch in hand */
  uint32_t *seqs;   /* of the batch in hand, by its places */
  uint32_t *chosen; /* scratch of a commit */
  struct uuid *ids; /* scratch of a batch */
  bool is_done;
  struct error why;
};

static void fail(struct missing *m, const struct error *why) {
  if (m->why.code == ERROR_NONE) m->why = *why;
  m->is_done = true;
}

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

/* ---- life ---------------------------------------------------------------- */

/* Deleted at Hoko: the key is a new one when it comes again.  Unknown there: it is gone. */
static int removed(void *user, enum removed what, const uint32_t *places, size_t len,
                   struct error *err) {
  struct missing *m = user;
  struct commit c = {.run = m->job.run};
  for (size_t i = 0; i < len; i++) m->chosen[i] = m->seqs[places[i]];
  *(what == REMOVED ? &c.forgotten : &c.gone) = m->chosen;
  *(what == REMOVED ? &c.forgotten_len : &c.gone_len) = len;
  if (stream_commit(m->job.stream, &c, err)) return -1;
  *(what == REMOVED ? &m->counts.deleted : &m->counts.gone) += (int64_t)len;
  return 0;
}

static int new_removal(struct missing *m, struct error *err) {
  struct removal_job job = m->job.removal;
  job.user = m;
  job.told = removed;
  m->seqs = calloc(job.batch_rows, sizeof *m->seqs);
  m->chosen = calloc(job.batch_rows, sizeof *m->chosen);
  m->ids = calloc(job.batch_rows, sizeof *m->ids);
  if (m->seqs && m->chosen && m->ids) return removal_new(&m->removal, &job, err);
  return error_set(err, ERROR_MEMORY, "out of memory for %u missing keys", job.batch_rows);
}

int missing_new(struct missing **out, const struct missing_job *job, struct error *err) {
  struct missing *m = calloc(1, sizeof *m);
  if (!m) return error_set(err, ERROR_MEMORY, "out of memory for the missing keys");
  m->job = *job;
  m->is_done = !job->deletes || job->is_dry;
  if (walk(m, NULL, err) || (!m->is_done && new_removal(m, err))) goto failed;
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
  removal_free(m->removal);
  free(m->seqs);
  free(m->chosen);
  free(m->ids);
  free(m);
}

/* ---- deleting ------------------------------------------------------------ */

/* The next batch out of the state; nothing is left: done. */
static void take_batch(struct missing *m) {
  struct missing_options o = {
      .seen = m->job.seen->words, .seen_bits = 64 * m->job.seen->words_len, .after = m->after};
  struct partner some[100];
  struct error err;
  size_t len = 0, n, cap = m->job.removal.batch_rows;
  do {
    size_t room = cap - len;
    if (stream_missing(m->job.stream, &o, some, room < 100 ? room : 100, &n, &err)) {
      fail(m, &err);
      return;
    }
    for (size_t i = 0; i < n; i++) {
      m->ids[len] = some[i].id;
      m->seqs[len++] = o.after = some[i].seq;
    }
  } while (n && len < cap);
  m->after = o.after;
  m->is_done = len == 0;
  /* A client that dies behind the deletion must not take a row that comes back for equal
   * to what Hoko has. */
  struct commit c = {.doubted = m->seqs, .doubted_len = len, .run = m->job.run};
  if (len && stream_commit(m->job.stream, &c, &err)) {
    fail(m, &err);
    return;
  }
  removal_begin(m->removal, m->ids, len);
}

void missing_step(struct missing *m) {
  if (!m->removal) return;
  removal_step(m->removal);
  while (!m->is_done && removal_is_done(m->removal)) {
    if (removal_error(m->removal)) {
      fail(m, removal_error(m->removal));
      return;
    }
    take_batch(m);
    removal_step(m->removal);
  }
}

int64_t missing_wake_at(const struct missing *m) {
  return m->is_done || !m->removal ? INT64_MAX : removal_wake_at(m->removal);
}

bool missing_is_done(const struct missing *m) {
  return m->is_done && (!m->removal || removal_is_done(m->removal));
}

void missing_stop(struct missing *m, const struct error *why) {
  if (m->removal) removal_stop(m->removal, why);
  fail(m, why);
}

const struct error *missing_error(const struct missing *m) {
  return m->why.code != ERROR_NONE ? &m->why : NULL;
}

struct missing_counts missing_counts(const struct missing *m) {
  return m->counts;
}
