/* reject_message.h - a reject as the worker tells it, made fit for the state.
 *
 * Pure.  Texts of a script and names of files are any bytes; what is kept and exported is
 * UTF-8, and the row is one line of JSON whoever wrote it. */
#ifndef HOKO_HOST_REJECT_MESSAGE_H
#define HOKO_HOST_REJECT_MESSAGE_H

#include "bridge/message.h"
#include "state/state.h"

enum { REJECT_MESSAGE_TEXT_MAX = 4096 };

/* What a reject points to beside the message. */
struct reject_texts {
  char message[REJECT_MESSAGE_TEXT_MAX], field[256], file[1024], code[64];
};

/* M is a MESSAGE_REJECT; *OUT points into it and into TEXTS. */
void reject_message_read(const struct message *m, struct reject_texts *texts, struct reject *out);

#endif
