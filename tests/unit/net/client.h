/* client.h - the real transport as tests use it: one exchange, or many, to the end. */
#ifndef HOKO_TESTS_NET_CLIENT_H
#define HOKO_TESTS_NET_CLIENT_H

#include "api/answer.h"
#include "net/net.h"
#include "server.h"

#define CLIENT_ID "7b1f0c52-3d0e-4c8a-9a55-0f6f2d1e8c11"
#define CLIENT_ONE "[{\"id\":\"" CLIENT_ID "\",\"name\":\"a\"}]" /* 58 bytes */
#define CLIENT_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define CLIENT_REPLY CLIENT_HEAD "Content-Length: 58\r\n\r\n" CLIENT_ONE

/* An exchange with an answer and a text to fill. */
struct wish {
  struct exchange e;
  struct answer answer;
};

/* BODY "" is none. */
void wish_init(struct wish *w, enum exchange_method method, const char *body);
void wish_free(struct wish *w);

/* A net for http://127.0.0.1:PORT/api with OPTIONS' other values; fails the test on error. */
struct net *client_open(int port, struct net_options options);
/* Waits for a finished exchange, 30 s at most, then fails the test. */
struct exchange *client_wait(struct net *n);
/* Submits E and waits for it. */
void client_perform(struct net *n, struct exchange *e);
/* One create, which may be sent once, against a server that does STEP.  Returns how many
 * requests it saw. */
int client_create(struct wish *w, struct server_step step, struct net_options options);

#endif
