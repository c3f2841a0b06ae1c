/* manual.h - a command's manual page as scdoc source, from its table row and its
 * text in core/cli/help/NAME.scd ("hoko.scd" is the overview's; sub-commands are
 * told in their parent's page). */
#ifndef HOKO_CLI_MANUAL_H
#define HOKO_CLI_MANUAL_H

#include "base/buf.h"
#include "cli/command.h"

/* Appends the page of COMMAND, of COMMANDS as an overview where it is NULL.  The
 * preamble that scdoc(1) wants is there only when HAS_PREAMBLE. */
void manual_put(struct buf *b, const struct command *command, const struct command *const *commands,
                const struct option *common, bool has_preamble);

#endif
