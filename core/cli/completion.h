/* completion.h - what a shell needs to complete hoko's command line, written from
 * the option tables: each function appends a whole script. */
#ifndef HOKO_CLI_COMPLETION_H
#define HOKO_CLI_COMPLETION_H

#include "base/buf.h"
#include "cli/command.h"

void completion_bash(struct buf *b, const struct command *const *commands,
                     const struct option *common);
void completion_zsh(struct buf *b, const struct command *const *commands,
                    const struct option *common);
void completion_fish(struct buf *b, const struct command *const *commands,
                     const struct option *common);

#endif
