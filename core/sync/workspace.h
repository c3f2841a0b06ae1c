/* workspace.h - whether a key that a stream does not know sees the stream's partners.
 *
 * A key belongs to one workspace of Hoko, and nothing at Hoko names it.  A key of
 * another one would make all partners of a stream a second time, so before it writes it
 * is asked for up to five of them (hoko-api 4.4, 48).  The stream remembers the keys
 * that saw one.  Driven like a sync. */
#ifndef HOKO_SYNC_WORKSPACE_H
#define HOKO_SYNC_WORKSPACE_H

#include "state/state.h"
#include "sync/ask.h"

enum { WORKSPACE_SAMPLE = 5, WORKSPACE_KEY_SIZE = 32 };

struct workspace_options {
  struct stream *stream; /* open for writing */
  struct slice fingerprint;
  struct ask_options ask;
};

struct workspace {
  struct stream *stream;
  char fingerprint[WORKSPACE_KEY_SIZE];
  struct ask ask;
  struct uuid sample[WORKSPACE_SAMPLE];
  size_t sample_len, asked_len;
  bool is_done;
  struct error why; /* the key may not write; code ERROR_NONE: it may */
};

/* *W is done at once where the key is known or the stream has no partner. */
MUST_USE int workspace_begin(struct workspace *w, const struct workspace_options *options,
                             struct error *err);
void workspace_free(struct workspace *w);
void workspace_step(struct workspace *w);
int64_t workspace_wake_at(const struct workspace *w);
bool workspace_is_done(const struct workspace *w);
/* No more questions; the one on the wire is waited for. */
void workspace_stop(struct workspace *w, const struct error *why);
/* After it is done; NULL: the key may write. */
const struct error *workspace_error(const struct workspace *w);

#endif
