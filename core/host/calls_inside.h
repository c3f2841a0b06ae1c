/* calls_inside.h - what the calls of a worker share: the table is in calls.c. */
#ifndef HOKO_HOST_CALLS_INSIDE_H
#define HOKO_HOST_CALLS_INSIDE_H

#include "host/running.h"

/* What a call is answered with. */
struct reply {
  struct buf json;
  int fd;        /* goes with it and belongs to it; -1: none */
  bool is_later; /* calls_step() answers */
};

void calls_reply_error(struct running *r, const struct error *err);
/* The strings of a flat object, in the order of NAMES; absent ones are empty. */
MUST_USE int calls_texts(struct slice json, const char *const *names, struct buf *to, size_t len,
                         struct error *err);

/* Calls of the table: REPLY is empty, -1 is answered with *err.
 * log_call.c: {"level": 0 to 3, "message": …, "fields": {…}} → true */
MUST_USE int call_log(struct running *r, struct slice json, struct reply *reply, struct error *err);
/* store_calls.c: {"name": …, "value": JSON as text} → true, and {"name": …} → the value or null */
MUST_USE int call_store_set(struct running *r, struct slice json, struct reply *reply,
                            struct error *err);
MUST_USE int call_store_get(struct running *r, struct slice json, struct reply *reply,
                            struct error *err);

/* open_call.c: {"path": …} → true, and {"from": …, "to": …} → true */
MUST_USE int call_remove(struct running *r, struct slice json, struct reply *reply,
                         struct error *err);
MUST_USE int call_rename(struct running *r, struct slice json, struct reply *reply,
                         struct error *err);

#endif
