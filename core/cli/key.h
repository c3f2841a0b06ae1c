/* key.h - the sub-commands of `hoko key` that have files of their own. */
#ifndef HOKO_CLI_KEY_H
#define HOKO_CLI_KEY_H

#include "cli/command.h"

extern const struct command key_add;
extern const struct command key_list;
extern const struct command key_test;
extern const struct command key_rotate;

#endif
