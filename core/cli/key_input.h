/* key_input.h - what `hoko key` asks a person or a pipe for. */
#ifndef HOKO_CLI_KEY_INPUT_H
#define HOKO_CLI_KEY_INPUT_H

#include "cli/command.h"
#include "keys/keys.h"

enum { KEY_INPUT_ENDING_SIZE = 32 };

/* The ways to unlock that the command line gives; PURPOSE stands in the prompt. */
struct unlock key_input_unlock(const struct cli *cli, const char *purpose);

/* The keystore, unlocked; PURPOSE likewise.  Before it the process is closed to others. */
struct keystore *key_input_keystore(const struct cli *cli, const char *purpose, struct error *err);

/* A secret from the terminal, without echo and with PROMPT, or the first line of standard
 * input when that is none.  The second asks a person twice. */
struct secret *key_input_secret(const struct cli *cli, const char *prompt, struct error *err);
struct secret *key_input_secret_twice(const struct cli *cli, const char *prompt, struct error *err);

/* The key that ENTRY tells of, bound to its origin. */
struct secret *key_input_key(const struct cli *cli, const struct keystore_entry *entry,
                             struct error *err);
/* ", which ends in …cdef", or "" where that would tell too much of it. */
void key_input_ending(char text[KEY_INPUT_ENDING_SIZE], const struct secret *key);

/* --expires: "2027-01-31" (its first instant, UTC) or RFC 3339, in the future; *ms is 0 when it
 * was not given. */
MUST_USE int key_input_expires(const struct cli *cli, int64_t *ms, struct error *err);

#endif
