/* error.h - one way to say what went wrong.
 *
 * A function that can fail returns 0, or -1 with *err filled in; who passes the
 * error on may add what it was doing.  The text lives inside the struct, so that
 * "out of memory" needs no memory.  Nothing here prints.  Any thread may use its
 * own struct error. */
#ifndef HOKO_BASE_ERROR_H
#define HOKO_BASE_ERROR_H

#include <stdbool.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum error_code {
  ERROR_NONE,
  ERROR_USAGE,       /* options, hoko.lua, a script that does not exist or compile: exit 2 */
  ERROR_SCRIPT,      /* the user's script raised: exit 1 */
  ERROR_AUTH,        /* no usable key, 401, 403: exit 5 */
  ERROR_UNREACHABLE, /* Hoko could not be reached or kept refusing: exit 6 */
  ERROR_STATE,       /* state or disk: exit 7 */
  ERROR_LIMIT,       /* time or memory of the script: exit 8 */
  ERROR_INTERRUPTED, /* a signal */
  ERROR_DATA,        /* bytes from outside that are not what they should be */
  ERROR_DENIED,      /* a permission that the script does not have */
  ERROR_MEMORY,
  ERROR_INTERNAL, /* a mistake of ours */
};

struct error {
  enum error_code code;
  int line;           /* of FILE, 0 where there is none */
  char file[256];     /* the user's script, hoko.lua, a source; "" where there is none */
  char message[1024]; /* for a person, no line end, no secret */
  char hint[512];     /* what to type next; "" where there is nothing */
};

/* Fill *ERR in afresh (place and hint emptied) and return -1. */
int error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same with ": " and the system's words for ERRNUM behind. */
int error_errno(struct error *err, enum error_code code, int errnum, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Put "FORMAT: " before the message that *ERR has; returns -1. */
int error_context(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
int error_hint(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
int error_place(struct error *err, const char *file, int line);
void error_clear(struct error *err);

/* The contract's word for CODE in reports and in Lua ("usage", "state", …). */
const char *error_code_name(enum error_code code);

#endif
