/* state.h - what must outlive a crash: who is who, what is under way, what was refused.
 *
 * One struct state a process, used by the host's main thread only; any number of
 * processes may share the file behind it, and of hosts the server.  Everything that is
 * handed in is copied.
 * Each function that writes is one transaction: after 0 it is on the disk whole,
 * after -1 whole or, nearly always, not at all: a disk that fails in the last step
 * cannot say which.  So after -1 nothing is sent any more.  Errors are ERROR_STATE and name the
 * file and what to do (ERROR_MEMORY where that is the cause).  A slice that is handed out lives
 * until the next call that hands out slices on the same stream or state, unless it points into a
 * buffer of the caller's.
 *
 * Times are wall clock, milliseconds since 1970. */
#ifndef HOKO_STATE_STATE_H
#define HOKO_STATE_STATE_H

#include "base/clock.h"
#include "base/row.h"
#include "base/uuid.h"

struct state;
struct stream;

/* ---- the state as a whole ---- */

struct state_options {
  const char *url; /* "sqlite:PATH"; "sqlite::memory:" lives as long as the struct;
                      "postgresql://…" is for a fleet: see dsn.h */
  const struct clock *clock;
  bool is_reader; /* nothing is written or created; a state that does not exist is empty */
};

/* Makes folder (0700) and file (0600) where they are missing, and brings an older
 * file to the present schema, with a copy of it as it was beside. */
MUST_USE int state_open(struct state **out, const struct state_options *options, struct error *err);
void state_close(struct state *s); /* closes its streams first */
/* What messages call it: the file. */
const char *state_name(const struct state *s);

/* A keyed hash of ROW's fields (not of key, id and line), the same in every process
 * on this state.  Never 0. */
uint64_t state_row_hash(const struct state *s, const struct row *row);

/* ---- streams: the name spaces of keys, written by one run at a time ---- */

enum { STATE_TEXT_SIZE = 512 };

/* Who writes a stream. */
struct holder {
  int64_t pid;
  int64_t since_ms;
  char script[STATE_TEXT_SIZE];
  char run[ULID_TEXT_LEN + 1];
};

struct stream_options {
  struct slice name, base_url;
  bool is_reader;           /* takes no lock and writes nothing: a dry run, explain */
  struct slice script, run; /* named to those who wait for this one */
  int64_t wait_ms;          /* for another run that writes it */
  /* Called at once and then about every 50 ms while waiting; false gives up.  May be NULL. */
  bool (*on_wait)(void *user, const struct holder *who, int64_t waited_ms);
  void *user;
};

/* Takes the stream; a holder that died has lost it, however it died.  Creates that
 * an earlier run left under way become held here. -1 also where another run writes
 * it still after wait_ms: the message has its pid, start and script. */
MUST_USE int stream_open(struct stream **out, struct state *s, const struct stream_options *options,
                         struct error *err);
void stream_close(struct stream *st);

struct stream_info {
  int64_t number;
  char name[STATE_TEXT_SIZE], base_url[STATE_TEXT_SIZE];
  int64_t partners, gone, rejects,
      held; /* partners: gone ones included; held: with what is under way */
  int64_t made_ms;
};
/* The *n streams of the state, at most CAP, by name.  Counts partners one by one: 50 ms a
 * million; stream_names() leaves the counts 0. */
MUST_USE int stream_names(struct state *s, struct stream_info *to, size_t cap, size_t *n,
                          struct error *err);
MUST_USE int stream_list(struct state *s, struct stream_info *to, size_t cap, size_t *n,
                         struct error *err);
/* Of an open one. */
MUST_USE int stream_info(struct stream *st, struct stream_info *to, struct error *err);
/* Another base URL under which this stream's name is known too, for a hint; "" where none. */
const char *stream_other_url(const struct stream *st);

/* Fingerprints of the keys that wrote the stream, as text. */
MUST_USE int stream_key_is_known(struct stream *st, struct slice fingerprint, bool *is_known,
                                 struct error *err);
MUST_USE int stream_key_add(struct stream *st, struct slice fingerprint, struct error *err);
/* Up to CAP partners that are not gone, the latest first, to look whether a key sees them. */
MUST_USE int stream_sample(struct stream *st, struct uuid *to, size_t cap, size_t *n,
                           struct error *err);

/* ---- identity ---- */

struct known {
  struct slice key; /* in; len 0: a row without one */
  uint64_t content; /* in: state_row_hash(), needed only without a key */

  uint32_t seq;     /* the partner's number in its stream, dense, from 1; 0: not known */
  bool is_gone;     /* Hoko said that it does not have the id */
  bool is_rejected; /* and is to stay so while its content is rejected_content */
  bool is_held;     /* a create of this key (without key: of this content) has an unknown outcome;
                       to a reader, also while it is under way */
  bool is_made;     /* without key: an equal create was acknowledged since the last clean run;
                       each of those is told once a stream_open() */
  struct uuid id;
  struct slice field[ROW_FIELDS]; /* JSON text last acknowledged, as sent; len 0: never sent */
  uint64_t rejected_content;
};

/* Fills in K[0..n), best in the order of the source: keys that follow each other as
 * they did when they were first seen cost a walk, others a search.  Slices live until
 * the next stream_find() on ST. */
MUST_USE int stream_find(struct stream *st, struct known *k, size_t n, struct error *err);

struct missing_options {
  const uint64_t *seen; /* bit SEQ % 64 of word SEQ / 64: the source had it */
  size_t seen_bits;     /* beyond these: not seen */
  uint32_t after;       /* 0, then the last seq handed out */
};
struct partner {
  uint32_t seq;
  struct slice key;
  struct uuid id;
};
/* The next partners, not gone, that are not seen; *n 0: there are no more. */
MUST_USE int stream_missing(struct stream *st, const struct missing_options *options,
                            struct partner *to, size_t cap, size_t *n, struct error *err);

/* ---- partners that are deleted by their ids ---- */

/* A key's partner has one of some ids. */
struct binding {
  int64_t number; /* the partner's in the state */
  struct uuid id;
  uint32_t at; /* of the ids */
};
struct bindings {
  struct binding *list;
  size_t len, cap;
};

/* Those of IDS, in all streams of BASE_URL, that are not gone.  Reads every partner of the
 * state: 0.3 s a million. */
MUST_USE int bindings_find(struct bindings *b, struct state *s, struct slice base_url,
                           const struct uuid *ids, size_t n, struct error *err);
/* They are about to be deleted: a row of theirs differs from now on, whatever becomes of it.
 * Neither this nor the next takes a stream's lock: what a run knows of its partners changes,
 * never who they are. */
MUST_USE int bindings_doubt(struct state *s, const struct binding *list, size_t n,
                            struct error *err);
/* Hoko does not have them any more. */
MUST_USE int bindings_deleted(struct state *s, const struct binding *list, size_t n,
                              struct error *err);
void bindings_free(struct bindings *b);

/* ---- commit 1 and commit 2 ---- */

/* Creates on their way: one request. */
struct intent {
  int64_t number; /* out */
  int64_t sent_at_ms;
  uint32_t rows_len;
  struct slice rows; /* records of base/row.h, one behind the other */
};

/* Why a partner's row was sent, or how else the state came by it; on the disk as these numbers. */
enum why {
  WHY_UNTOLD,  /* an older hoko did not keep it */
  WHY_NEW,     /* created: the key was new */
  WHY_ANEW,    /* created: its partner was gone */
  WHY_CHANGED, /* updated: fields differed from those last acknowledged */
  WHY_ALL,     /* updated: every row was to be sent */
  WHY_BOUND,   /* updated: the row named the key's partner by id */
  WHY_TRIED,   /* updated: its partner was gone, and was to be tried again */
  WHY_MERGED,  /* updated: more than one row of it came in a run */
  WHY_FOUND,   /* created without an answer, and found by a listing */
  WHY_ADOPTED, /* not sent: hoko.partners.adopt */
  WHY_IMPORTED,
  WHY_DELETED, /* gone: hoko.partners.delete */
  WHYS
};

struct ack {
  uint32_t seq; /* in: the known partner's, or 0; out: the number it has now (0 without key) */
  uint32_t line;
  struct slice key; /* len 0: a row without key leaves no partner */
  struct uuid id;
  struct slice field[ROW_FIELDS]; /* as sent; len 0 leaves what is stored */
  int64_t sent_at_ms;
  enum why why;
};

struct reject {
  int64_t number;   /* out */
  struct slice key; /* len 0: none */
  uint64_t content; /* state_row_hash(); 0: refused before it was a row, never "unchanged" */
  struct slice row; /* JSON text, exactly as submitted */
  struct slice file;
  int64_t line;                      /* 0: not known */
  struct slice code, message, field; /* field: len 0 where there is none */
  int status;                        /* of HTTP; 0: none */
  int64_t at_ms;
  struct slice run, stream, base_url; /* out */
  bool is_retry;                      /* out: the next run sends the row even unchanged */
};

struct store_value {
  struct slice scope, name; /* scope: whose, a job or a script */
  struct slice value;       /* JSON text; len 0 deletes */
};

/* All that one outcome changes, committed together (J4).  What is empty is NULL and 0. */
struct commit {
  struct ack *acks;
  size_t acks_len;
  const uint64_t *made; /* state_row_hash() of acknowledged creates without key and id */
  size_t made_len;
  const struct reject *rejects; /* an earlier one of the same key is replaced */
  size_t rejects_len;
  const struct slice
      *cleared; /* keys whose reject leaves the list; those of acks do by themselves */
  size_t cleared_len;
  const int64_t *closed; /* intents: their rows are told by the other members */
  size_t closed_len;
  const int64_t *unclear; /* intents: closed, and each of their rows is held */
  size_t unclear_len;
  struct intent *opened; /* new ones (halves of a closed one); numbers are filled in */
  size_t opened_len;
  const int64_t *settled; /* held rows that are so no more */
  size_t settled_len;
  const uint32_t *gone; /* partners whose id Hoko does not have */
  size_t gone_len;
  const uint32_t *doubted; /* partners that are about to be deleted: a row of theirs differs from
                              now on, whatever becomes of the deletion */
  size_t doubted_len;
  const uint32_t *forgotten; /* partners that were deleted at Hoko: the key is unknown again */
  size_t forgotten_len;
  const struct store_value *values;
  size_t values_len;
  struct slice report; /* of the run so far, for one that dies; len 0: leave it */
  int64_t run;         /* run_record's number; 0: none */
};

/* Commit 1 (J1): after 0 the rows of IN survive a crash and may be sent. */
MUST_USE int intent_commit(struct stream *st, struct intent *in, int64_t run, struct error *err);
/* Commit 2 (J4). */
MUST_USE int stream_commit(struct stream *st, struct commit *c, struct error *err);

/* The run ended clean (exit 0 or 3): creates without key are no more recognised by content. */
MUST_USE int stream_made_clear(struct stream *st, struct error *err);

/* A create whose outcome is unknown. */
struct held {
  int64_t number;
  int64_t sent_at_ms;
  struct row row;
  struct slice run; /* the run that sent it */
};
/* The next held rows after number AFTER (0 at first), in order; *n 0: no more. */
MUST_USE int held_list(struct stream *st, int64_t after, struct held *to, size_t cap, size_t *n,
                       struct error *err);
MUST_USE int held_count(struct stream *st, int64_t *rows, int64_t *oldest_sent_at_ms,
                        struct error *err);

/* ---- rejects, for people ---- */

struct reject_filter { /* len 0 and 0: any */
  struct slice stream, base_url, run, key;
  int64_t number;
};
/* The next rejects after number AFTER (0 at first), in order; *n 0: no more. */
MUST_USE int reject_list(struct state *s, const struct reject_filter *filter, int64_t after,
                         struct reject *to, size_t cap, size_t *n, struct error *err);
MUST_USE int reject_count(struct state *s, const struct reject_filter *filter, int64_t *rows,
                          struct error *err);
/* The next run sends these rows even if they come unchanged; *rows: how many. */
MUST_USE int reject_retry(struct state *s, const struct reject_filter *filter, int64_t *rows,
                          struct error *err);
MUST_USE int reject_drop(struct state *s, const struct reject_filter *filter, int64_t *rows,
                         struct error *err);
/* Appends R as one object of contract 5 and a line end. */
void reject_put_json(struct buf *b, const struct reject *r);

/* ---- runs ---- */

enum run_status { RUN_RUNNING, RUN_ENDED, RUN_DIED, RUN_NOT_STARTED };

struct run_record {
  int64_t number; /* out */
  char run[ULID_TEXT_LEN + 1];
  struct slice script, job; /* job: len 0 where there is none */
  int64_t started_ms, ended_ms;
  int exit;
  struct slice outcome;   /* contract 5; of RUN_NOT_STARTED the cause: "missed" "skipped" … */
  struct slice report;    /* the JSON object of contract 5; len 0: none yet */
  enum run_status status; /* out */
  int64_t pid;            /* out */
};

/* Records a run that begins (script, job, run, started_ms) and fills in its number. */
MUST_USE int run_record_begin(struct state *s, struct run_record *r, struct error *err);
/* Its end: ended_ms, exit, outcome, report. */
MUST_USE int run_record_finish(struct state *s, const struct run_record *r, struct error *err);
/* An occurrence of a job that did not start: outcome is the cause, started_ms when it should have.
 */
MUST_USE int run_record_skipped(struct state *s, const struct run_record *r, struct error *err);

struct run_filter {
  struct slice job, script; /* len 0: any */
  int64_t before;           /* a number; 0: from the newest */
};
/* The newest runs before FILTER's number, newest first. */
MUST_USE int run_record_list(struct state *s, const struct run_filter *filter,
                             struct run_record *to, size_t cap, size_t *n, struct error *err);
/* The run whose name begins with RUN (letter case does not matter) and is the only
 * such; "last" is the newest that started. */
MUST_USE int run_record_show(struct state *s, struct slice run, struct run_record *to,
                             struct error *err);
/* Deletes ended runs that began before BEFORE_MS, keeping the newest KEEP of each script. */
MUST_USE int run_record_prune(struct state *s, int64_t before_ms, int64_t keep, int64_t *runs,
                              struct error *err);

/* A run that the scheduler has recorded begins, in the process that calls: fills in R's
 * number by its name and sets the time of its start to started_ms.  -1 also where the
 * scheduler has given it up, or another process has it. */
MUST_USE int run_record_claim(struct state *s, struct run_record *r, struct error *err);
/* A run whose process is gone ended without a word: it died, at ENDED_MS. */
MUST_USE int run_record_close(struct state *s, struct slice run, int64_t ended_ms,
                              struct error *err);
/* The run as it is; one that died, or that nobody claimed before its scheduler did, is
 * closed at ENDED_MS in the same transaction, so that it can be claimed no more.  One that
 * was forgotten meanwhile died too. */
MUST_USE int run_record_recover(struct state *s, struct slice run, int64_t ended_ms,
                                struct run_record *to, struct error *err);
/* JOB's newest run that started; with IS_OK the newest that ended with 0 or 4. */
MUST_USE int run_record_newest(struct state *s, struct slice job, bool is_ok, struct run_record *to,
                               bool *is_there, struct error *err);

/* What a day's runs of a job came to. */
struct run_day {
  int64_t day; /* since 1970, UTC */
  int64_t runs, failed, not_run;
  int64_t rows, took_ms; /* of all its runs that ended: submitted, and how long they took */
};
/* JOB's days from day FROM on that have any, in order; at most CAP.  Reads each of these
 * runs: 3 ms a thousand. */
MUST_USE int run_record_days(struct state *s, struct slice job, int64_t from, struct run_day *to,
                             size_t cap, size_t *n, struct error *err);

/* ---- jobs: what the scheduler must not forget ---- */

enum job_flag {
  JOB_BY_HAND = 1,
  JOB_REQUESTED = 2,
  JOB_PAUSED = 4,
  JOB_KEYLESS = 8,
  JOB_FAILING = 16,
};

/* The meaning of its numbers is the scheduler's (schedule/policy.h). */
struct job_record {
  struct slice name;
  struct slice schedule; /* by which settled_ms was reckoned; len 0: every_ms */
  struct slice timezone;
  int64_t every_ms;
  int64_t settled_ms, awake_ms, run_ms, attempt, retry_at_ms;
  int phase, alert;
  unsigned flags;              /* of enum job_flag */
  char run[ULID_TEXT_LEN + 1]; /* under way, or the last one; "": none was */
};

/* What is recorded together with a job's new standing. */
struct job_step {
  enum {
    JOB_STEP_NONE,
    JOB_STEP_START,   /* the row of a run that is about to start: run, script, started_ms of RUN */
    JOB_STEP_NOT_RUN, /* a row for each of due_ms[0..due_len), cause: script and outcome of RUN */
    JOB_STEP_RETRACT, /* the rows of occurrences behind retract_ms that did not start go */
    JOB_STEP_REMOVE,  /* the job is forgotten, its runs stay */
  } kind;
  const struct run_record *run;
  const int64_t *due_ms; /* START: of the occurrence; due_len 0: it has no instant of its own */
  size_t due_len;
  int64_t attempt, retract_ms;
};

/* One transaction.  *is_taken: the occurrence of a START has a row already, and nothing
 * was written; a NOT_RUN passes over those that have one. */
MUST_USE int job_record_write(struct state *s, const struct job_record *j,
                              const struct job_step *step, bool *is_taken, struct error *err);
/* The standing of N jobs that are new, in one transaction. */
MUST_USE int job_record_add(struct state *s, const struct job_record *jobs, size_t n,
                            struct error *err);
/* The jobs behind name AFTER (len 0 at first), in order; *n 0: no more. */
MUST_USE int job_record_list(struct state *s, struct slice after, struct job_record *to, size_t cap,
                             size_t *n, struct error *err);
/* The right to run the jobs of S, in this process until *fd is closed; at a server, where
 * *fd is -1, until S is.  1: taken; 0: another has it, *who tells who; -1: error. */
MUST_USE int job_lock(struct state *s, int *fd, struct holder *who, struct error *err);

/* ---- store ---- */

/* Appends the value to TO; *is_there false: none. Values are set by stream_commit(), or where no
 * row is under way by store_set(). */
MUST_USE int store_get(struct state *s, struct slice scope, struct slice name, struct buf *to,
                       bool *is_there, struct error *err);
MUST_USE int store_set(struct state *s, const struct store_value *values, size_t values_len,
                       struct error *err);

/* ---- the rate limit, which all processes on one state keep together ---- */

enum { RATE_RECORD_MAX = 8192 };

/* Reads SCOPE's record of SIZE bytes (base URL and key, as one text), lets CHANGE change it
 * and writes it back, while no other process can.  It is all 0 at first, where another
 * SIZE was written, and after a boot: its meaning is the limiter's, and its clock the one
 * of rate_clock().  Costs microseconds, or two round trips to a server: survives processes,
 * not a power cut.  CHANGE returns whether it is
 * to be written. */
MUST_USE int rate_change(struct state *s, struct slice scope, size_t size,
                         bool (*change)(void *user, void *record), void *user, struct error *err);

/* How far ahead of this machine's monotonic clock the one is that all who share the state
 * read: 0 within one machine, at a server about the time since 1970. */
MUST_USE int rate_clock(struct state *s, int64_t *ahead_ns, struct error *err);

/* ---- one row's path, and the state's health ---- */

struct explained {
  bool is_known, is_gone, is_rejected, is_held, is_under_way;
  uint32_t seq, line;
  struct uuid id;
  struct slice field[ROW_FIELDS];
  int64_t sent_at_ms;
  enum why why;
  uint8_t sent_fields;  /* bit F: field F was, when it was last */
  struct slice run;     /* that last acknowledged it */
  struct reject reject; /* where is_rejected */
  struct held held;     /* where is_held or is_under_way */
};
MUST_USE int stream_explain(struct stream *st, struct slice key, struct explained *to,
                            struct error *err);

/* Calls TELL with each finding; *findings 0: sound.  Reads everything. */
MUST_USE int state_check(struct state *s, void (*tell)(void *user, const char *finding), void *user,
                         int64_t *findings, struct error *err);
/* A whole copy into file TO, which must not exist, while others may go on.  Not of a
 * server, which has tools for it: ERROR_USAGE. */
MUST_USE int state_backup(struct state *s, const char *to, struct error *err);
/* The identity map, of FILTER's stream and key, as NDJSON: {"stream","base_url","key",
 * "id","name","email","phone","sent_at","gone"} a line; fields never sent are left out. */
MUST_USE int state_export(struct state *s, const struct reject_filter *filter,
                          int (*put)(void *user, struct slice line, struct error *err), void *user,
                          int64_t *rows, struct error *err);
/* Reads such lines from FD, all or none; a key that is there already takes the line's
 * id and fields.  Takes the streams' locks.  NAME is what messages call FD. */
MUST_USE int state_import(struct state *s, int fd, const char *name, int64_t *rows,
                          struct error *err);
/* Forgets a stream (KEY.len 0: with all that belongs to it) or one key of it.  Takes
 * the stream's lock.  The partners at Hoko stay. */
MUST_USE int stream_forget(struct state *s, struct slice name, struct slice base_url,
                           struct slice key, int64_t *partners, struct error *err);

/* Of SQLite. */
const char *state_version(void);

#endif
