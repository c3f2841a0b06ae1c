/* config_reader.h - the returned table, as JSON, into a struct config. */
#ifndef HOKO_CLI_CONFIG_READER_H
#define HOKO_CLI_CONFIG_READER_H

#include "cli/config.h"

/* C holds the defaults and is freed by the caller whatever comes back; the rest as
 * config_read(). */
MUST_USE int config_reader_fill(struct config *c, struct slice json, struct slice source,
                                const char *file, struct error *err);

#endif
