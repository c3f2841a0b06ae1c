/* reach.h - the servers that a script may speak to: what --allow-net lists.
 *
 * A word is a host ("crm.example.com", "10.1.2.3", "::1"), a host with a port
 * ("crm.example.com:8443", "[::1]:8080"; without one any port), or a network
 * ("10.0.0.0/8").  A reach never changes, so any thread may ask it.
 *
 * A name is believed only as far as its address: who answers for the name may point it
 * at this machine or its neighbours (DNS rebinding).  So what a name resolved to must
 * be a public address, unless the name is "localhost" and the address loopback, or the
 * address stands in the list itself. */
#ifndef HOKO_NET_REACH_H
#define HOKO_NET_REACH_H

#include "base/error.h"

struct reach;
struct sockaddr;

enum { REACH_WORDS_MAX = 64, REACH_ADDRESS_SIZE = 46 };

/* WORDS ends with NULL and may be NULL.  NULL: ERROR_USAGE with the word, ERROR_MEMORY. */
struct reach *reach_new(const char *const *words, struct error *err);
void reach_free(struct reach *r);

/* Whether ORIGIN, as origin_of_url() gives it, is in the list. */
bool reach_has(const struct reach *r, const char *origin);
/* Whether ORIGIN, which is, may be spoken to at ADDRESS. */
bool reach_admits(const struct reach *r, const char *origin, const struct sockaddr *address);

/* ADDRESS as text, and what it is: "loopback", "private", "link-local", … */
const char *reach_describe(const struct sockaddr *address, char text[REACH_ADDRESS_SIZE]);

#endif
