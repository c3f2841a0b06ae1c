#include "sync/workspace.h"

#include <stdio.h>

static void finish(struct workspace *w, const struct error *why) {
  if (why && w->why.code == ERROR_NONE) w->why = *why;
  w->is_done = true;
}

/* The key sees the stream's workspace, or the stream has none yet. */
static int remember(struct workspace *w, struct error *err) {
  w->is_done = true;
  return stream_key_add(w->stream, slice_of(w->fingerprint), err);
}

int workspace_begin(struct workspace *w, const struct workspace_options *options,
                    struct error *err) {
  bool is_known;
  *w = (struct workspace){.stream = options->stream};
  (void)snprintf(w->fingerprint, sizeof w->fingerprint, "%.*s", (int)options->fingerprint.len,
                 options->fingerprint.ptr);
  ask_init(&w->ask, &options->ask);
  if (stream_key_is_known(w->stream, options->fingerprint, &is_known, err)) return -1;
  w->is_done = is_known;
  if (is_known) return 0;
  if (stream_sample(w->stream, w->sample, WORKSPACE_SAMPLE, &w->sample_len, err)) return -1;
  if (w->sample_len == 0) return remember(w, err);
  ask_begin(&w->ask, &w->sample[w->asked_len++]);
  return 0;
}

void workspace_free(struct workspace *w) { ask_free(&w->ask); }

/* ---- answers ------------------------------------------------------------- */

static void refuse(struct workspace *w) {
  struct stream_info info;
  struct error err;
  if (stream_info(w->stream, &info, &err)) {
    finish(w, &err);
    return;
  }
  (void)error_set(&err, ERROR_STATE,
                  "the key sees none of %zu partners of stream %s: it is of another workspace; "
                  "nothing was written",
                  w->sample_len, info.name);
  (void)error_hint(&err,
                   "--key NAME, the one that wrote it; or, if its partners were deleted at Hoko, "
                   "hoko state forget --stream %s",
                   info.name);
  finish(w, &err);
}

/* Without an answer nobody knows, and so nothing is written. */
static void refuse_unclear(struct workspace *w) {
  struct error err = w->ask.err;
  if (err.code == ERROR_NONE) {
    enum error_code code = w->ask.status == 403 ? ERROR_AUTH : ERROR_UNREACHABLE;
    (void)error_set(
        &err, code,
        "the key is new to the stream, and Hoko answered %d to %s, asked for one of its "
        "partners",
        w->ask.status, w->ask.options.transport->whom);
  }
  if (w->ask.status == 403)
    (void)error_hint(&err, "give the key the scope partnersRead, so that its workspace is known");
  finish(w, &err);
}

static void answered(struct workspace *w) {
  struct error err;
  if (w->ask.found == PRESENCE_THERE) {
    if (remember(w, &err)) finish(w, &err);
  } else if (w->ask.found == PRESENCE_UNCLEAR) {
    refuse_unclear(w);
  } else if (w->asked_len == w->sample_len) {
    refuse(w);
  } else {
    ask_begin(&w->ask, &w->sample[w->asked_len++]);
  }
}

/* ---- driven -------------------------------------------------------------- */

void workspace_step(struct workspace *w) {
  struct exchange *e;
  while (w->ask.is_sent && (e = transport_next(w->ask.options.transport))) {
    (void)ask_take(&w->ask, e); /* nothing else is under way */
    if (!w->ask.is_asked && !w->is_done) answered(w);
  }
  if (!w->is_done) ask_step(&w->ask);
}

int64_t workspace_wake_at(const struct workspace *w) { return ask_wake_at(&w->ask); }

bool workspace_is_done(const struct workspace *w) { return w->is_done && !w->ask.is_sent; }

void workspace_stop(struct workspace *w, const struct error *why) { finish(w, why); }

const struct error *workspace_error(const struct workspace *w) {
  return w->why.code != ERROR_NONE ? &w->why : NULL;
}
