/* client.h - the real transport as tests use it: one exchange, or many, to the end. */
#ifndef HOKO_TESTS_NET_CLIENT_H
#define HOKO_TESTS_NET_CLIENT_H

#include "net/net.h"

/* A net for http://127.0.0.1:PORT/api with OPTIONS' other values; fails the test on error. */
struct net *client_open(int port, struct net_options options);
/* Waits for a finished exchange, 30 s at most, then fails the test. */
struct exchange *client_wait(struct net *n);
/* Submits E and waits for it. */
void client_perform(struct net *n, struct exchange *e);

#endif
