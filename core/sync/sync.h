/* sync.h - rows into Hoko: plan, batch, send, match, commit.
 *
 * One struct sync is one upsert.  It is driven on the host's main thread: rows are
 * fed in frames, sync_step() moves everything on as far as it goes without
 * waiting, sync_wake_at() says until when nothing can happen by itself.  It never
 * waits, prints or reads a clock of its own.
 *
 * An error that ends the upsert (state, no memory, the transport's refusals) is a
 * stop: what was taken and not acknowledged becomes pending or held, and
 * sync_error() tells why.  See state/intent.c for the invariants J1 to J6. */
#ifndef HOKO_SYNC_SYNC_H
#define HOKO_SYNC_SYNC_H

#include "base/clock.h"
#include "base/hash.h"
#include "base/row.h"
#include "net/transport.h"
#include "state/state.h"
#include "sync/seen.h"
#include "sync/tally.h"

struct sync;
struct claims;

/* A row whose outcome the script asked for. */
struct sync_refusal {
  const char *code, *message, *field; /* "" where there is none */
  int status;
};

struct sync_events {
  void *user;
  /* ORDINAL was acknowledged; OBJECT as Hoko returned it (len 0 unless wants_objects). */
  void (*acked)(void *user, uint64_t ordinal, struct slice object);
  void (*dropped)(void *user,
                  uint64_t ordinal); /* no call to come: unchanged, superseded, held, pending */
  void (*refused)(void *user, uint64_t ordinal, const struct sync_refusal *why);
  /* What a dry run would do with a row: CREATE or update, KNOWN fields before; or
   * reject it; or wait with it for a create of its key whose outcome is unknown. */
  void (*planned)(void *user, const struct row *row, bool is_create, const struct known *known);
  void (*planned_reject)(void *user, const struct reject *r);
  void (*planned_wait)(void *user, const struct row *row);
  void (*warn)(void *user, const char *message);
  /* The stream, opened when it is first needed; NULL and *err: it cannot be had. */
  struct stream *(*stream)(void *user, struct error *err);
};

struct sync_options {
  struct state *state;
  struct transport *transport;
  const struct clock *clock;
  struct sync_events events;
  int64_t run;          /* the run's number in the state; 0: none */
  const char *file;     /* of the source, for rejects */
  const char *key_name; /* the field that keys come from, or NULL */
  bool has_key, sends_all, wants_objects, is_dry, recreates, retries_rejects, is_arabic;
  struct seen *seen;     /* the stream's partners that rows stand for are noted here; or NULL */
  bool posts;            /* creates by POST: hoko.partners.create */
  bool adopts;           /* keys and ids that exist are recorded, nothing is sent */
  const int64_t *resent; /* by ordinal: the held rows that these are, sent again; NULL */
  uint32_t batch_rows;
  size_t batch_bytes;
  unsigned concurrency;
  int64_t give_up_ms;
  int64_t bisect_limit; /* requests spent on finding bad rows */
  uint64_t seed;        /* of the backoff's jitter */
  struct hash_key hash_key;
};

MUST_USE int sync_new(struct sync **out, const struct sync_options *options, struct error *err);
void sync_free(struct sync *s);

/* Whether another frame can be taken now. */
bool sync_wants_rows(const struct sync *s);
/* Takes PAYLOAD (free()d here), a frame of LEN bytes of records, whose first row
 * has the ordinal after the last one. */
void sync_feed(struct sync *s, char *payload, size_t len);
/* No rows come any more. */
void sync_end(struct sync *s);
/* Rejects the worker's: a row that never got an ordinal. */
void sync_reject(struct sync *s, const struct reject *r);
/* The source has KEY, though no row of it comes. */
void sync_has_key(struct sync *s, struct slice key);
void sync_skipped(struct sync *s, int64_t rows);

void sync_step(struct sync *s);
/* Monotonic; INT64_MAX: only an exchange or a frame moves it. */
int64_t sync_wake_at(const struct sync *s);
/* Everything has its outcome and nothing is under way. */
bool sync_is_done(const struct sync *s);

/* Ends it: nothing more is sent; what is on the wire is waited for. */
void sync_stop(struct sync *s, const struct error *why);
/* Why it stopped; NULL: it did not. */
const struct error *sync_error(const struct sync *s);

/* Rows that are to be sent, as far as is known. */
struct sync_planned {
  int64_t creates, updates;
  bool is_all; /* no row comes any more, and none waits for another one's outcome */
};
struct sync_planned sync_planned(const struct sync *s);

const struct tally *sync_tally(const struct sync *s);
/* When (wall clock, the server's) the first create left that was sent again, refused or
 * unclear: from then on twins are looked for.  0: none was. */
int64_t sync_doubt_since_ms(const struct sync *s);
/* The ids of creates without a key. */
const struct claims *sync_made(const struct sync *s);
/* For a watermark: rows that are neither told nor refused yet. */
int64_t sync_under_way(const struct sync *s);

#endif
