/* prompt.h - a secret from a person, without echo, or from a descriptor.
 *
 * Talks to /dev/tty, so that stdin and stdout may be anything.  The terminal is put
 * back on every way out, signals included: a signal that comes while the person
 * types takes its usual course after that.  Nothing is asked in the background. */
#ifndef HOKO_KEYS_PROMPT_H
#define HOKO_KEYS_PROMPT_H

#include "keys/secret.h"

bool prompt_is_possible(void);
/* Shows TEXT (no secret, no line end) and takes a line.  NULL: ERROR_AUTH without a
 * terminal or an answer, ERROR_INTERRUPTED after a signal. */
struct secret *prompt_secret(const char *text, struct error *err);
/* Asks again with AGAIN until both are equal, at most three times. */
struct secret *prompt_secret_twice(const char *text, const char *again, struct error *err);
/* A line for the person on the terminal; nothing where there is none. */
void prompt_tell(const char *text);

/* A line from FD without its end, read byte by byte so that what follows stays for the
 * next reader.  NAME is what messages call FD.  Waits at most a minute. */
struct secret *prompt_read_fd(int fd, const char *name, struct error *err);

#endif
