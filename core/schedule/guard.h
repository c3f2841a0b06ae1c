/* guard.h - who may see the pages, and have a job started from them.
 *
 * A page of another site in the same browser must not: so the name by which we are asked
 * for has to be a loopback one (DNS rebinding), a token is asked for that only the owner of
 * the project can read, and a form is taken only with that token, from our own pages. */
#ifndef HOKO_SCHEDULE_GUARD_H
#define HOKO_SCHEDULE_GUARD_H

#include "web/web.h"

enum { GUARD_TOKEN_SIZE = 33 };

struct guard {
  char token[GUARD_TOKEN_SIZE];
  uint16_t port;
};

/* The token lasts over restarts, in FOLDER/.hoko/web-token (0600); .hoko/web-link, beside
 * it, is the address with it. */
MUST_USE int guard_open(struct guard *g, const char *folder, uint16_t port, struct error *err);

/* Whether it was meant for this machine. */
bool guard_is_our_name(const struct guard *g, const struct web_request *r);
/* Whether it has the token in its query, or in the cookie that follows from that. */
bool guard_has_token(const struct guard *g, const struct web_request *r);
bool guard_has_cookie(const struct guard *g, const struct web_request *r);
void guard_give_cookie(const struct guard *g, struct web_answer *a);
/* Whether it is a form of one of our pages; its body is "token=…". */
bool guard_is_our_form(const struct guard *g, const struct web_request *r);

#endif
