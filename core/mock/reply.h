/* reply.h - the bodies that Hoko answers with, and how faults bend them. */
#ifndef HOKO_MOCK_REPLY_H
#define HOKO_MOCK_REPLY_H

#include "mock/fault.h"
#include "mock/work.h"

#include "web/web.h"

/* Makes A an error in both languages with no member besides. */
void reply_error(struct web_answer *a, unsigned status);
void reply_missing_scopes(struct web_answer *a, unsigned scopes);
/* 429.  RETRY_AFTER is JSON; NULL leaves it out. */
void reply_rate_limit(struct web_answer *a, const char *retry_after);

/* Answers with W's partners as an array, bent as FAULTS say. */
void reply_partners(struct web_answer *a, struct work *w, const struct fault_set *faults,
                    uint64_t *random, int64_t now_s);
/* Answers with {"deletedIds": …}. */
void reply_deleted(struct web_answer *a, struct work *w, const struct fault_set *faults,
                   uint64_t *random);

/* What FAULTS do to a finished answer: its body, its status, its way to the client. */
void reply_bend(struct web_answer *a, const struct fault_set *faults);

#endif
