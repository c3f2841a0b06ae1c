/* fault.h - how the mock misbehaves on purpose: which request meets what.
 *
 * Pure: parsing, and picking by the request's number and a seeded generator, so
 * that a seed tells the whole day again. */
#ifndef HOKO_MOCK_FAULT_H
#define HOKO_MOCK_FAULT_H

#include "base/error.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
  /* in place of doing what was asked */
  FAULT_STATUS,       /* status=N: answers N */
  FAULT_RETRY_AFTER,  /* retry-after=JSON: 429 with that retryAfter ("absent": without) */
  FAULT_REDIRECT,     /* redirect=URL: 307 to there */
  FAULT_RESET_BEFORE, /* reset-before: a reset, nothing read */
  /* how it is done */
  FAULT_PARTIAL, /* partial: the first half of the rows is applied, then 400 */
  FAULT_LATE,    /* late=TIME: 504 at once, applied after TIME */
  FAULT_TRIM,    /* trim: white space at both ends of name and phone goes */
  FAULT_FOLD,    /* fold: e-mail in lower case, phone reduced to its digits */
  /* what the answer's list shows */
  FAULT_REORDER,   /* reorder: the objects in another order */
  FAULT_SHORT,     /* short: one object missing */
  FAULT_EXTRA,     /* extra: a foreign object more */
  FAULT_DUPLICATE, /* duplicate: the first object in place of the last */
  FAULT_FOREIGN,   /* foreign: a foreign object in place of the last */
  /* the answer as a whole, after doing what was asked */
  FAULT_GARBAGE,  /* garbage: an HTML page */
  FAULT_NULL,     /* null: the body is null */
  FAULT_BODY,     /* body=TEXT: the body is TEXT */
  FAULT_DEEP,     /* deep=N: N arrays in each other */
  FAULT_SPACES,   /* spaces=N: N spaces before the body */
  FAULT_EMPTY,    /* empty: 204 */
  FAULT_ACCEPTED, /* accepted: 202 */
  FAULT_ANSWER,   /* answer=N: status N with the body as it is */
  FAULT_HEADER,   /* header=NAME: VALUE: another header, or another value of it */
  /* how the answer travels */
  FAULT_STALL,       /* stall=TIME: the answer comes after TIME */
  FAULT_STALL_HALF,  /* stall-half=TIME: after half of the body nothing for TIME */
  FAULT_RESET_AFTER, /* reset-after: done, then a reset without an answer */
  FAULT_RESET_HALF,  /* reset-half: a reset in the middle of the body */
  FAULT_TRUNCATE,    /* truncate: half of the promised body, then a close */
  FAULT_CHUNKED,     /* chunked: in chunks, without a length */
  FAULT_CLOSE,       /* close: Connection: close */
  FAULT_DROP,        /* drop: closed behind the answer, untold */
};
enum { FAULT_KINDS = FAULT_DROP + 1, FAULT_TEXT_SIZE = 200 };

struct fault {
  enum fault_kind kind;
  uint64_t first, last; /* requests, from 1; 0: by percent */
  unsigned percent;
  int64_t number; /* a status, a count, milliseconds; of a header where its value begins in text */
  char text[FAULT_TEXT_SIZE]; /* of a header its name, a NUL, its value */
};

/* "NTH:WHAT", "FROM-TO:WHAT" or "P%:WHAT". */
MUST_USE int fault_parse(struct slice spec, struct fault *out, struct error *err);

/* What one request meets: by kind, NULL where it does not. */
struct fault_set {
  const struct fault *of[FAULT_KINDS];
};

/* Picks from LIST for request NTH.  *RANDOM is the generator's state, the seed at first. */
struct fault_set fault_pick(const struct fault *list, size_t len, uint64_t nth, uint64_t *random);

/* The next number of the generator (SplitMix64: Steele, Lea, Flood 2014). */
uint64_t fault_random(uint64_t *state);

#endif
