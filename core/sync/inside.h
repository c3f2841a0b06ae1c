/* inside.h - what the files of an upsert share; no other room includes it. */
#ifndef HOKO_SYNC_INSIDE_H
#define HOKO_SYNC_INSIDE_H

#include "api/refusal.h"
#include "sync/ask.h"
#include "sync/claims.h"
#include "sync/identity.h"
#include "sync/look.h"
#include "sync/match.h"
#include "sync/outcome.h"
#include "sync/plan.h"
#include "sync/rejects.h"
#include "sync/sync.h"

enum { INTAKE_ROWS = 1024, DEFERRED_ROWS = 8192 };

/* The frame in hand, planned a stretch at a time. */
struct intake {
  char *payload;     /* NULL: none */
  struct slice rest; /* records not yet taken into rows */
  struct row *rows;  /* a stretch */
  struct known *known;
  size_t i, n;   /* of the stretch: next, and length */
  bool is_found; /* known is filled in for rows[i..n) */
};

/* The listing that looks what a refused create left behind. */
struct leftover {
  struct look *look;   /* NULL: none is under way */
  struct batch *batch; /* that it is for; NULL after a stop */
  uint32_t none_of;    /* rows of a refused request that left nothing behind; 2 is many */
  bool is_blind;       /* the key may not list */
};

/* What a dry run knows of a partner that it would have written: hashes of its fields. */
struct dry_partner {
  uint64_t field[ROW_FIELDS];
};

struct sync {
  struct sync_options options;
  struct stream *stream; /* NULL until it is needed */
  struct batch *pool;    /* pool[0] is deferred: rows that wait for a batch under way */
  uint32_t pool_len;
  struct batch *open[BATCH_KINDS];
  struct identities identities;
  struct matching matching;
  struct intake intake;
  struct ack *acks;   /* scratch of a commit: batch_rows each */
  size_t adopted_len; /* of acks, while options.adopts */
  uint64_t *made;
  int64_t *held_numbers;
  struct rejects rejects; /* of rows that never were in a batch */
  struct leftover leftover;
  struct claims made_ids; /* of creates without a key */
  int64_t doubt_since_ms;
  struct tally tally;
  uint64_t ordinal; /* of the next row taken */
  uint32_t *ready;  /* numbers of batches to send, in order */
  uint32_t ready_len;
  unsigned sent_len;      /* batches under way */
  struct flight *flights; /* one a request that may be in flight */
  struct flight **idle;   /* those that no batch has */
  unsigned idle_len;
  int64_t failing_since_ns; /* of the first failure since the last 2xx; 0: none */
  int64_t bisected;         /* requests spent on finding bad rows */
  bool is_misled;           /* rows refused together were accepted apart */
  struct ask ask;           /* for the partner of a row refused alone */
  struct batch *asked;      /* whose row; NULL */
  bool cannot_ask;          /* the key may not read partners */
  uint64_t seed;
  bool is_ended, is_stopped, was_replanned;
  bool warned_field[ROW_FIELDS];
  struct error why; /* after is_stopped */
  struct map dry;   /* identities that a dry run would have written, or keys adopted */
  struct dry_partner *dry_partners; /* by its values */
  uint32_t dry_len, dry_cap;
};

/* sync.c */
int64_t sync_now(const struct sync *s);
struct batch *sync_free_batch(struct sync *s);
void sync_fail(struct sync *s, const struct error *why); /* sync_stop() from inside */
MUST_USE int sync_need_stream(struct sync *s);
void sync_warn(struct sync *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* intake.c: rows into batches */
void intake_step(struct sync *s);
bool intake_is_empty(const struct sync *s);
void intake_free(struct sync *s);
void batch_make_ready(struct sync *s, enum batch_kind kind);
struct identity identity_of(const struct sync *s, const struct batch *b, uint32_t row,
                            struct row *view);
/* No call of the script's comes for ORDINAL. */
void intake_drop(struct sync *s, uint64_t ordinal);
/* Adds what is planned to B; -1: no room. */
int intake_add(struct sync *s, struct batch *b, const struct plan *plan, uint64_t ordinal);
/* Plans ROW and puts it where it belongs; false: there is no room now, try again when a
 * batch has come back. */
bool intake_place(struct sync *s, const struct row *row, const struct known *known,
                  uint64_t ordinal);

/* waiting.c: rows that wait for a batch under way */
/* Row I of B, an update, waits to be planned again: what is known of it has changed.
 * false: no room. */
bool waiting_add(struct sync *s, struct batch *b, uint32_t i);
/* Plans the deferred rows again; some batch came back. */
void waiting_replan(struct sync *s);

/* dispatch.c: batches out, exchanges back */
void dispatch_step(struct sync *s);
void dispatch_take(struct sync *s, struct exchange *e);
void dispatch_send_again(struct sync *s, struct batch *b, int64_t wait_ns);
void dispatch_close(struct sync *s, struct batch *b);
/* The range on top was refused, and left nothing behind. */
void dispatch_refuse(struct sync *s, struct batch *b);
/* The range on top may have been applied. */
void dispatch_hold(struct sync *s, struct batch *b);
/* When E began, by the server's clock if it told that, or by ours. */
int64_t sync_server_ms(const struct exchange *e);

/* leftover.c: what a refused create left behind */
/* Whether the refusal of B's range on top can be believed as it stands. */
bool leftover_is_ruled_out(const struct sync *s, const struct batch *b);
/* B waits for a listing, then is refused or held. */
void leftover_ask(struct batch *b);
bool leftover_is_due(const struct batch *b);
void leftover_step(struct sync *s);
/* Whether E is a listing's; takes it then. */
bool leftover_take(struct sync *s, struct exchange *e);
bool leftover_is_waiting(const struct sync *s); /* an exchange is under way */
int64_t leftover_wake_at(const struct sync *s);

/* settlement.c: outcomes into the state */
/* With the rejects that wait; -1: the upsert stops. */
MUST_USE int settle_commit(struct sync *s, struct commit *c);
MUST_USE int settle_acknowledged(struct sync *s, struct batch *b);
/* Records what exists already: ROW's id under its key. */
void settle_adopted(struct sync *s, const struct row *row, const struct plan *plan,
                    uint64_t ordinal);
/* Commits what is recorded so far. */
MUST_USE int settle_adoptions(struct sync *s);
MUST_USE int settle_unclear(struct sync *s, struct batch *b);
/* The same for a range whose own outcome could not be committed. */
void settle_unrecorded(struct sync *s, struct batch *b);

/* intents.c: what is on its way */
MUST_USE int settle_intent(struct sync *s, struct batch *b);
enum { SETTLE_PARTS_MAX = 3 };
/* The intent of B's range on top, if it has one, is that of its parts from here on. */
MUST_USE int settle_split(struct sync *s, struct batch *b, struct range *part, size_t n);
int settle_abandoned(struct sync *s, struct batch *b);

/* rejecting.c: rows that are refused */
/* Commits the rejects that wait; -1: their rows are pending, and the sync stops. */
MUST_USE int settle_rejects(struct sync *s);
MUST_USE int settle_rejected(struct sync *s, struct batch *b, struct range rows,
                             const struct sync_refusal *why);
/* The range on top is one row whose partner Hoko does not have: its entry is marked. */
MUST_USE int settle_gone(struct sync *s, struct batch *b, const struct sync_refusal *why);
/* The same without a reject: the partner is made anew. */
MUST_USE int settle_lost(struct sync *s, const struct batch *b);

/* The row as JSON, as it was submitted. */
void sync_put_submitted(const struct sync *s, struct buf *to, const struct row *row);

/* refusing.c: which row was it */
/* The range on top is one row: it is refused; its partner is gone; or it is told otherwise. */
void refusing_alone(struct sync *s, struct batch *b, const struct sync_refusal *why);
void refusing_gone(struct sync *s, struct batch *b, const struct sync_refusal *why);
void refusing_done(struct sync *s, struct batch *b);
/* The range on top was refused; REFUSAL: for a cause in its rows, NULL: for its size. */
void refusing_split(struct sync *s, struct batch *b, const struct sync_refusal *why,
                    const struct refusal *refusal);
void refusing_accepted(struct sync *s, struct batch *b);

/* dry.c: batches told instead of sent */
bool dry_is_written(struct sync *s, const struct identity *who);
/* A row of a partner that the run would have written before; false: it is none. */
bool dry_place(struct sync *s, const struct identity *who, const struct row *row);
void dry_batch(struct sync *s, struct batch *b);
/* The intake can go on: what was full is told. */
bool dry_has_room(const struct sync *s);

/* asking.c: whether the partner of a row refused alone is there */
bool asking_is_due(const struct sync *s, const struct batch *b);
void asking_begin(struct sync *s, struct batch *b);
void asking_step(struct sync *s);
/* Whether E was a question. */
bool asking_take(struct sync *s, struct exchange *e);

#endif
