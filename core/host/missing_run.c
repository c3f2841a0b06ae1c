#include "host/missing_run.h"

#include "base/printable.h"
#include "base/random.h"

#include <inttypes.h>
#include <stdio.h>

enum { KEYS_TOLD = 5, KEY_SHOWN = 60 };

/* What the walk over the missing keys tells. */
struct told {
  struct running *r;
  char keys[KEYS_TOLD * (KEY_SHOWN + 4)];
  size_t keys_len, told_len;
};

static void tell(void *user, const struct partner *p) {
  struct told *t = user;
  const struct run_events *events = &t->r->job->events;
  char key[KEY_SHOWN];
  bool is_dry = t->r->sync_options.is_dry;
  if (is_dry && events->missing) events->missing(events->user, p, t->r->upsert.deletes_missing);
  if (t->told_len++ >= KEYS_TOLD) return;
  printable_copy(key, sizeof key, p->key);
  int len = snprintf(t->keys + t->keys_len, sizeof t->keys - t->keys_len, "%s%s",
                     t->keys_len ? ", " : "", key);
  if (len > 0 && t->keys_len + (size_t)len < sizeof t->keys) t->keys_len += (size_t)len;
}

static void warn_missing(struct running *r, const struct told *t, int64_t missing) {
  char text[1024];
  (void)snprintf(text, sizeof text,
                 "%" PRId64 " keys of stream %s are no longer in the source: %s%s", missing,
                 r->stream_name, t->keys, missing > KEYS_TOLD ? " and others" : "");
  running_warn(r, text);
}

/* ---- when nothing may be deleted ----------------------------------------- */

static void warn_empty(struct running *r, const struct stream_info *info) {
  char text[700];
  (void)snprintf(text, sizeof text,
                 "the source gave no row, but stream %s has %" PRId64
                 " partners; nothing is deleted",
                 info->name, info->partners - info->gone);
  running_warn(r, text);
}

/* A source without rows where the stream has partners is told, whatever is wished of
 * missing keys (contract 4.3). */
static bool is_empty(struct running *r, const struct tally *t, struct error *err) {
  struct stream_info info;
  struct stream *st;
  *err = (struct error){.code = ERROR_NONE};
  if (t->submitted + t->skipped > 0) return false;
  if (!(st = upsert_stream(r, err)) || stream_info(st, &info, err)) return true;
  if (info.partners > info.gone) warn_empty(r, &info);
  return true;
}

/* A row whose key is not known may be any of those that seem to be missing. */
static bool is_uncertain(struct running *r) {
  char text[300];
  if (r->keyless_rejects == 0) return false;
  (void)snprintf(text, sizeof text,
                 "%" PRId64
                 " rows of the source have no key that can be read, so nothing is deleted",
                 r->keyless_rejects);
  running_warn(r, text);
  return true;
}

/* ---- the whole ----------------------------------------------------------- */

static int start(struct running *r, bool deletes, struct tally *t, struct error *err) {
  struct told told = {.r = r};
  struct sync_options *s = &r->sync_options;
  struct missing_job job = {.stream = upsert_stream(r, err),
                            .seen = &r->seen,
                            .deletes = deletes,
                            .is_dry = s->is_dry,
                            .limit = r->upsert.missing_limit,
                            .run = s->run,
                            .removal = {.transport = s->transport,
                                        .clock = s->clock,
                                        .batch_rows = s->batch_rows,
                                        .give_up_ms = s->give_up_ms,
                                        .bisect_limit = s->bisect_limit,
                                        .hash_key = s->hash_key},
                            .user = &told,
                            .told = tell};
  random_bytes(&job.removal.seed, sizeof job.removal.seed);
  if (!job.stream || missing_new(&r->missing, &job, err)) return -1;
  t->missing = missing_counts(r->missing).missing;
  if (deletes && s->is_dry && !missing_error(r->missing)) t->deleted = t->missing;
  if (!deletes && !s->is_dry && t->missing > 0) warn_missing(r, &told, t->missing);
  return 0;
}

bool missing_run_begin(struct running *r, struct tally *t) {
  const struct upsert_options *u = &r->upsert;
  struct error err;
  if (!u->has_key || !r->is_source_whole || sync_error(r->sync)) return false;
  bool empty = is_empty(r, t, &err);
  int rc = empty && err.code != ERROR_NONE ? -1 : 0;
  bool wants = u->deletes_missing || u->reports_missing;
  if (rc == 0 && wants && !r->seen.is_failed)
    rc = start(r, u->deletes_missing && !empty && !is_uncertain(r), t, &err);
  if (rc) sync_stop(r->sync, &err);
  return rc == 0 && r->missing && !missing_run_step(r, t);
}

bool missing_run_step(struct running *r, struct tally *t) {
  if (sync_error(r->sync)) missing_stop(r->missing, sync_error(r->sync));
  missing_step(r->missing);
  if (!missing_is_done(r->missing)) return false;
  if (!r->sync_options.is_dry) t->deleted = missing_counts(r->missing).deleted;
  if (missing_error(r->missing)) sync_stop(r->sync, missing_error(r->missing));
  missing_free(r->missing);
  r->missing = NULL;
  return true;
}

int64_t missing_run_wake_at(const struct running *r) { return missing_wake_at(r->missing); }
