/* exit_code.h - what the program's end tells its caller; cron lines hang on it. */
#ifndef HOKO_BASE_EXIT_CODE_H
#define HOKO_BASE_EXIT_CODE_H

#include "base/error.h"

enum exit_code {
  EXIT_OK = 0,
  EXIT_SCRIPT = 1,      /* the script raised */
  EXIT_USAGE = 2,       /* options, hoko.lua, a script that does not exist or compile */
  EXIT_REJECTED = 3,    /* done, some rows were rejected */
  EXIT_HELD = 4,        /* done, the outcome of some creates is unknown */
  EXIT_AUTH = 5,        /* no usable key */
  EXIT_UNREACHABLE = 6, /* Hoko could not be reached past --give-up */
  EXIT_STATE = 7,       /* state or disk */
  EXIT_LIMIT = 8,       /* past a time or memory limit */
  EXIT_SIGHUP = 129,
  EXIT_SIGINT = 130,
  EXIT_SIGTERM = 143,
};

/* The code that fits an error which ended a command. */
enum exit_code exit_code_of(enum error_code code);

#endif
