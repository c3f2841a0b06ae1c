/* scene.h - an upsert or a settling against a Hoko that lives in the test, on a clock
 * that only waiting moves.
 *
 * The server keeps its partners in fixed memory, so that a test which lets allocations
 * fail hits our code only.  Each request takes SCENE_LATENCY_MS; what it meets on the
 * way is told beforehand by its number. */
#ifndef HOKO_TESTS_SYNC_SCENE_H
#define HOKO_TESTS_SYNC_SCENE_H

#include "sync/settle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum {
  SCENE_LATENCY_MS = 10,
  SCENE_PARTNERS_MAX = 12000,
  SCENE_REQUESTS_MAX = 4000,
  SCENE_FLYING_MAX = 8,
  SCENE_FATES_MAX = 8,
  SCENE_WARNINGS_MAX = 16,
};

/* What Hoko applies of a request that it refuses. */
enum scene_applies { SCENE_NOTHING, SCENE_GOOD_ROWS, SCENE_ROWS_BEFORE };

/* What request NTH, from 1, meets in place of an answer of its own. */
struct scene_fate {
  size_t nth;
  enum exchange_end end;
  int status;      /* of EXCHANGE_ANSWERED: with an empty body */
  bool is_applied; /* all the same */
};

struct scene_partner {
  struct uuid id;
  char name[40], email[40];
  int64_t created_ms;
};

struct scene_request {
  enum exchange_method method;
  size_t rows;
  int status;
  bool is_question; /* for one id */
};

struct scene {
  struct transport transport;   /* first: a transport is its scene */
  int64_t now_ms, skew_ms;      /* the server's clock less ours */
  int64_t set_at_ms, set_by_ms; /* from when on our wall clock is another, and by how much */

  const char *refuses; /* a row with this in its name is refused; NULL: none is */
  const char *message; /* of a refusal: one %s is the first such name; NULL: Hoko's usual one */
  enum scene_applies applies;
  size_t rows_most;  /* more in a request are refused; 0: any number is taken */
  bool may_not_list; /* the key has no right to */
  struct scene_fate fate[SCENE_FATES_MAX];
  size_t fates_len;

  struct scene_partner *partners;
  size_t partners_len;
  struct scene_request request[SCENE_REQUESTS_MAX];
  size_t requests_len;
  struct {
    struct exchange *e;
    int64_t due_ms;
  } flying[SCENE_FLYING_MAX];
  size_t flying_len, flying_most;
  int64_t closed_until_ms;

  const char *url;
  struct state *state;
  struct stream *stream;
  struct sync_options options; /* change them before scene_sync() */
  struct sync *sync;
  struct buf rows; /* of the next scene_sync() */
  size_t rows_len;
  char warning[SCENE_WARNINGS_MAX][600];
  size_t warnings_len;
  struct { /* by the row's ordinal */
    char code[16], message[200];
  } refusal[SCENE_PARTNERS_MAX];
  int64_t refusals;
  struct error err;
};

#define OK(scene, call)                                                                            \
  do {                                                                                             \
    if ((call) != 0) fail_msg("%s: %s", #call, (scene)->err.message);                              \
  } while (0)

/* The one scene of the program, empty, with a state in memory or at URL. */
struct scene *scene_begin(void);
struct scene *scene_begin_at(const char *url);
void scene_end(struct scene *x);

/* A row of the next upsert; KEY and EMAIL may be NULL. */
void scene_row(struct scene *x, const char *key, const char *name, const char *email);
/* COUNT rows "N00000"…, keyed like their names where options.has_key. */
void scene_rows(struct scene *x, size_t count);
/* Puts a partner at the server, as if somebody else had. */
void scene_partner(struct scene *x, const char *name, const char *email);
void scene_meets(struct scene *x, struct scene_fate fate);

/* Upserts the rows to the end; -1: the sync could not be made. */
MUST_USE int scene_sync(struct scene *x);
/* Settles as a run does at its end; *out is all 0 where there was nothing to look for. */
MUST_USE int scene_settle(struct scene *x, bool only_adopts, struct settled *out);
/* Makes the next upsert a new one: the sync is freed, the state stays. */
void scene_next(struct scene *x);
/* The same, as the run that comes after one that ended anyhow: the state is opened anew,
 * but for one in memory, which would be gone. */
void scene_next_run(struct scene *x);
/* As a process that dies: nothing that is under way comes back to it. */
void scene_die(struct scene *x);

/* Requests of METHOD, questions for one id left out. */
size_t scene_count(const struct scene *x, enum exchange_method method);
/* How many partners at the server have NAME. */
size_t scene_named(const struct scene *x, const char *name);
/* The only warning that begins with TEXT's words is there. */
bool scene_warned(const struct scene *x, const char *text);

#endif
