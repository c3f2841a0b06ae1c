/* running.h - what is happening: the parts that a run is made of. */
#ifndef HOKO_HOST_RUNNING_H
#define HOKO_HOST_RUNNING_H

#include "host/api_call.h"
#include "host/delete_call.h"
#include "host/commands.h"
#include "host/files.h"
#include "host/gate.h"
#include "host/host.h"
#include "host/http_call.h"
#include "host/metered.h"
#include "host/options.h"
#include "host/process.h"
#include "host/shared_rate.h"
#include "host/queries.h"
#include "host/watermarks.h"
#include "net/net.h"
#include "sync/missing.h"
#include "sync/settle.h"
#include "sync/workspace.h"

enum { FRAMES_MAX = 8, CREDITS = 4 };

/* A frame of rows that sync had no room for yet. */
struct frame {
  char *payload;
  size_t len;
};

/* Ctrl-C while an entry of a session runs. */
struct interrupt {
  bool is_asked;
  int64_t at_ns;    /* when */
  int told;         /* so often the worker was told */
  int64_t spent_ns; /* the worker's processor time as it was told twice */
};

struct running {
  const struct job *job;
  struct run_result *result;
  struct worker *worker;
  struct files files;
  struct state *state;   /* NULL until it is needed */
  struct stream *stream; /* of the upsert that runs, or of the last one */
  char stream_name[512];
  bool is_stream_reader;   /* opened by a dry upsert */
  struct net *net;         /* NULL until a request is to be sent */
  struct shared_rate rate; /* its limit, kept with other processes */
  struct rate_wait wait;
  struct meter meter;                /* of it, counted */
  struct metered for_rows, for_call; /* its two askers */
  struct gate rows_gate, call_gate;  /* before them */
  bool is_always_fine;               /* no write is asked about any more */
  struct api_call api;
  struct delete_call deletion;
  struct commands commands;
  struct http_calls http;
  struct queries queries;
  struct secret *key;
  int64_t run_number; /* in the state; 0: not recorded yet */

  struct sync *sync;          /* the upsert that runs, or NULL */
  struct workspace workspace; /* of the key, before its first row */
  bool is_checking;           /* it is asked for */
  struct settle *settle;      /* before its first row, or behind its last one; or NULL */
  bool is_last_settling;
  struct missing
      *missing;     /* behind its last row, where keys of its stream are looked for; or NULL */
  struct seen seen; /* the stream's partners that its source has */
  int64_t keyless_rejects; /* rows of its source that may be any key's */
  struct tally tally;      /* of it, while missing is deleted */
  int64_t resent_since_ms; /* what the settling before the upsert sent again; 0: nothing */
  struct sync_options sync_options;
  struct upsert_options upsert;
  int64_t upsert_began_ns, upsert_requests; /* requests: sent before it */
  struct frame frames[FRAMES_MAX];
  size_t frames_len;
  bool is_source_ended; /* MESSAGE_END came */
  bool is_source_whole; /* and it did not raise */
  bool has_result_sent;
  char source_file[1024]; /* of the upsert's rows; "" where it is not known or not one */
  bool has_source_file;
  char warned[512]; /* the last warning of sync */
  int64_t rejects_told;

  bool is_done;         /* the script, or the entry of a session, has ended */
  enum done done;       /* how */
  int64_t done_number;  /* an exit code, or of an entry what it is */
  struct buf done_text; /* of an entry: the answer */
  bool is_closed;       /* the worker is gone */
  bool is_replying;     /* the worker waits for an answer of ours */
  bool is_awaited;      /* it waits for an upsert to begin or to end */
  int64_t credits;      /* frames that it may still send */
  int signal_fd;
  int signal; /* the first that came; 0 */
  int64_t signal_deadline_ns;
  int64_t script_ns, last_ns; /* time that the script itself ran */
  int64_t late_ns;            /* when it had run too long */
  int asked;                  /* so often since then where it is */
  struct error stop;          /* why no row is taken any more; code ERROR_NONE: it goes on */
  struct tally before;        /* of the upserts that have ended */
  int64_t still_held;         /* in the stream, at the end */
  struct watermarks watermarks;
  struct interrupt interrupt;
};

/* run.c */
int64_t running_now(const struct running *r);
/* The first cause is the one told. */
void running_stop(struct running *r, const struct error *why);
void running_send(struct running *r, const struct message *m);
MUST_USE int running_need_state(struct running *r, struct error *err);
MUST_USE int running_need_net(struct running *r, struct error *err);
/* The first error is the one told. */
void running_fail(struct running *r, const struct error *err);
/* Names the run and notes its beginning. */
void running_name(struct running *r);
/* Takes the signals over, opens the files and gives the worker its task. */
MUST_USE int running_prepare(struct running *r, struct error *err);
/* Until what the worker was asked has its end, whatever that is. */
void running_loop(struct running *r);
void running_end_worker(struct running *r);
void running_close(struct running *r);

/* run_end.c: ends the worker; the outcome, in the result and in the state */
void running_finish(struct running *r);

/* interrupt.c: within 200 ms the entry has ended, or its worker has.  What waits for the
 * network is cancelled; Lua raises at its next instruction, and at every one if it goes
 * on; who is deep in a C function is ended.  A worker that the machine leaves no time to raise
 * in is waited for longer. */
void interrupt_ask(struct running *r);
void interrupt_step(struct running *r);

/* What happens again and again is told once. */
void running_warn(struct running *r, const char *message);

/* upsert.c */
void upsert_begin(struct running *r, const struct message *m);
void upsert_file(struct running *r, const struct message *m);
void upsert_rows(struct running *r, const struct message *m); /* takes its payload over */
void upsert_reject(struct running *r, const struct message *m);
void upsert_seen(struct running *r, const struct message *m);
void upsert_end(struct running *r, const struct message *m);
void upsert_step(struct running *r);
/* Monotonic; INT64_MAX: only a message or an exchange moves it. */
int64_t upsert_wake_at(const struct running *r);
/* The stream of the upsert that runs, opened when it is first needed.  NULL: *err. */
struct stream *upsert_stream(struct running *r, struct error *err);
/* The worker is gone in the middle: no more rows. */
void upsert_cut(struct running *r);

/* open_call.c, calls.c */
void calls_open(struct running *r, const struct message *m);
void calls_call(struct running *r, const struct message *m);
void calls_http(struct running *r, const struct message *m);
/* Moves a request of the script's own on. */
void calls_step(struct running *r);
/* Ends what the worker waits for: a request, a query; WHY is its answer. */
void calls_stop(struct running *r, const struct error *why);
/* The worker is another one: what the old one had open is closed. */
void calls_forget(struct running *r);
/* store_calls.c: writes the store's values if the rows before them are told. */
void calls_write_store(struct running *r);
int64_t calls_wake_at(struct running *r);

#endif
