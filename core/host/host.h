/* host.h - one run tied together: a worker, a sync, the network and the state.
 *
 * struct job is what was asked and never changes; host_run() does it and fills in
 * a struct run_result.  Nothing here prints: output, log and progress go to the
 * caller's functions.  Main thread only; signals SIGINT, SIGTERM and SIGHUP are
 * taken over while a job runs. */
#ifndef HOKO_HOST_HOST_H
#define HOKO_HOST_HOST_H

#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "keys/keys.h"
#include "state/state.h"
#include "sync/tally.h"
#include "sync/twins.h"

#include <stdint.h>

/* ---- the worker process ---- */

struct worker;

/* Starts it; it waits for a task.  -1: ERROR_INTERNAL or ERROR_MEMORY. */
MUST_USE int worker_start(struct worker **out, struct error *err);
/* Ends it, at once, and waits for its end. */
void worker_stop(struct worker *w);

/* Appends the JSON of the table that FOLDER/hoko.lua returns.  -1: ERROR_USAGE with
 * the place; the worker is of no more use then. */
MUST_USE int worker_config(struct worker *w, const char *folder, struct buf *json,
                           struct error *err);

/* Appends what is wrong with the script at PATH, which is not run, as JSON: an array of
 * {"line","severity","message"}, severity "error" or "warning", by line.  -1: ERROR_USAGE,
 * it could not be looked at. */
MUST_USE int worker_check(struct worker *w, const char *path, struct buf *json, struct error *err);

/* ---- permissions ---- */

struct texts {
  const char *const *at; /* NULL behind the last; NULL: none */
};

struct allowed {
  struct texts read, write, net, env, run;
  bool is_run_any;
};

/* ---- a job ---- */

/* What is about to be sent for the first time. */
struct write_plan {
  int64_t creates, updates, deletes;
  bool is_all;         /* false: more may come */
  const char *request; /* of a call of the script's own, "POST /links"; NULL: of rows */
};

enum confirmed { CONFIRMED_NO, CONFIRMED_YES, CONFIRMED_ALWAYS };

struct run_events {
  void *user;
  void (*output)(void *user, bool is_stderr, struct slice bytes); /* of the script */
  void (*log)(void *user, enum log_level level, struct slice message, struct slice fields_json);
  void (*warn)(void *user, const char *message);
  /* Now and then: counts so far; WAIT: what is waited for, "" where nothing is. */
  void (*progress)(void *user, const struct tally *tally, const char *wait);
  /* Of a dry run: what would be done with a row. */
  void (*planned)(void *user, const struct row *row, bool is_create, const struct known *known);
  /* Of a dry run: a row that would be rejected; one that waits for a create of unknown outcome. */
  void (*planned_reject)(void *user, const struct reject *r);
  void (*planned_wait)(void *user, const struct row *row);
  /* Of a dry run: a key that the source no longer has, and whether it would be deleted. */
  void (*missing)(void *user, const struct partner *p, bool is_deleted);
  /* Whether that may be sent; NULL: it may. */
  enum confirmed (*confirm)(void *user, const struct write_plan *plan);
  /* Of a session: how wide tables may be now. */
  size_t (*columns)(void *user);
  /* Of JOB_TESTS, where it wants them: a test has ended; MESSAGE is empty where it passed,
   * SECONDS a number as text. */
  void (*tested)(void *user, struct slice file, struct slice name, struct slice message,
                 struct slice seconds);
  /* The key, when it is first needed.  -1: ERROR_AUTH. */
  int (*key)(void *user, struct secret **key, struct error *err);
  /* The keystore's entry NAME, for hoko.http; the caller's to free.  NULL: there is none.
   * -1: ERROR_AUTH. */
  int (*named_key)(void *user, const char *name, struct secret **key, struct error *err);
};

enum job_kind {
  JOB_SCRIPT,
  JOB_TESTS,  /* what fails is printed, then exit code 1; nothing is sent */
  JOB_CODE,   /* its values are printed */
  JOB_SESSION /* entries, one after the other; see below */
};

struct job {
  enum job_kind kind;
  struct texts tests;      /* of JOB_TESTS: files, from the project's folder */
  bool is_tap;             /* of JOB_TESTS: told as the Test Anything Protocol */
  bool is_update;          /* of JOB_TESTS: golden files are written anew */
  const char *code;        /* of JOB_CODE */
  size_t columns;          /* of JOB_CODE: how wide its tables may be */
  const char *script;      /* as messages call it, and as it is opened; "-" is standard input */
  const char *folder;      /* of the project, absolute */
  bool is_folder_readable; /* false: only what is named may be read */
  const char *name;        /* of the job in hoko.lua; NULL: run by hand */
  const char *run;    /* its name, where the scheduler has recorded it already; NULL: a new one */
  const char *cause;  /* the report that made it start, of on_failure; NULL: none */
  const char *stream; /* default name space of keys; NULL: none */
  const char *const *args; /* NULL behind the last */
  const char *state;       /* URL */
  const char *base_url;
  struct allowed allowed;
  char *const *environment; /* what the script may see is taken of it */
  int64_t requests_per_minute, concurrency, batch_rows, batch_bytes;
  int64_t settle_window_ms, give_up_ms, wait_ms, bisect_limit;
  int64_t timeout_ms, memory_bytes; /* 0: none */
  bool is_dry, is_verbose, recreates, retries_rejects;
  bool is_uncaged; /* run even where the kernel has no seccomp */
  const struct clock *clock;
  struct run_events events;
};

enum run_outcome {
  RUN_OK,
  RUN_SCRIPT_ERROR,
  RUN_USAGE,
  RUN_REJECTED,
  RUN_HELD,
  RUN_AUTH,
  RUN_UNREACHABLE,
  RUN_STATE,
  RUN_LIMIT,
  RUN_INTERRUPTED
};

enum { RUN_TWINS_MAX = 32 };

struct run_result {
  char run[ULID_TEXT_LEN + 1];
  int64_t started_ms, ended_ms;
  int exit_code;
  enum run_outcome outcome;
  struct tally tally;
  int64_t requests_sent, requests_retried, waited_ms, bytes_sent, bytes_received;
  struct {
    int status; /* 0: none came */
    int64_t count;
  } by_status[16];
  int64_t twins;                   /* partners found that stand beside an equal one of ours */
  struct twin twin[RUN_TWINS_MAX]; /* the first of them */
  size_t twins_len;
  int64_t peak_memory_bytes; /* of host and worker together */
  bool has_error;
  struct error err;              /* why it did not end with 0, 3 or 4 */
  struct buf excerpt;            /* the line of a script's error and the two around it */
  struct buf trace;              /* of a script's error */
  char script_hash[DIGEST_SIZE]; /* SHA-256 of the script as it was at the start, for a job's
                                    report; "": it was not read */
  struct buf warnings;           /* JSON strings with commas between */
};

/* W is taken and ended.  Fills in *R whatever happens. */
void host_run(struct worker *w, const struct job *job, struct run_result *r);
void run_result_free(struct run_result *r);

/* ---- a session: entries in one worker, which keeps what they define ---- */

struct session;

enum entry_end {
  ENTRY_RAN,
  ENTRY_UNFINISHED,
  ENTRY_FAILED,
  ENTRY_INTERRUPTED,
  ENTRY_ENDED_SESSION
};

/* What a text that ran is, for who writes a script of it. */
enum entry_form {
  FORM_CODE,
  FORM_EXPRESSION, /* no statement: a script needs "_ = " before it */
  FORM_CALL,       /* an expression that is a statement, too */
  FORM_SETS_LAST   /* a chunk whose return became an assignment to _, in `script` */
};

struct entry_result {
  enum entry_end end; /* UNFINISHED: more lines are needed, nothing has run */
  enum entry_form form;
  bool has_new_worker; /* the old one had to be ended: what was defined is gone */
  struct error err;    /* of FAILED */
  struct buf trace;
  struct buf script; /* of RAN: the entry as a script has it, where that differs */
};

/* Starts a session in W, which is taken.  JOB, of kind JOB_SESSION, outlives it. */
MUST_USE int session_open(struct session **out, struct worker *w, const struct job *job,
                          struct error *err);
/* Runs TEXT, the entry NUMBER of the user; its values go to the job's output. */
void session_run(struct session *s, struct slice text, int64_t number, struct entry_result *r);
enum session_question {
  SESSION_COMPLETE, /* the text before the cursor → "FROM KIND" and words, a line each */
  SESSION_SHOW,     /* "json" or "csv" → how values are shown from now on */
  SESSION_HELP,     /* a name of the API → its page */
  SESSION_TOPICS    /* → the names that there is help on, a line each */
};

/* Appends the answer of the worker's own Lua.  -1: *err tells why there is none. */
MUST_USE int session_ask(struct session *s, enum session_question what, struct slice text,
                         struct buf *answer, struct error *err);
/* A new worker in place of the old one. */
MUST_USE int session_reset(struct session *s, struct error *err);
/* Readable when SIGINT, SIGTERM or SIGHUP has come; who reads them does so before the next entry.
 */
int session_signals(const struct session *s);
/* Ends it and fills in *R, whose exit code is that of a signal or of os.exit(). */
void session_close(struct session *s, struct run_result *r);
void entry_result_free(struct entry_result *r);

/* "ok", "script-error", … (contract 5). */
const char *run_outcome_name(enum run_outcome outcome);
/* Appends the report of contract 5 as one line of JSON, without line end. */
void report_put(struct buf *b, const struct job *job, const struct run_result *r);

#endif
