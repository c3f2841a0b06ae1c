/* script_end.h - how a script ended, from the worker's last message into words.
 *
 * Pure.  The message's texts are the script's own doing: any bytes, of any length. */
#ifndef HOKO_HOST_SCRIPT_END_H
#define HOKO_HOST_SCRIPT_END_H

#include "bridge/message.h"

/* M is a MESSAGE_DONE.  0: it ended well.  -1: *err tells why not, with the place where
 * M has one.  MEMORY_BYTES: the limit that it had. */
MUST_USE int script_end_read(const struct message *m, int64_t memory_bytes, struct error *err);

#endif
