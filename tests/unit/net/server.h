/* server.h - a small HTTP server over raw sockets that misbehaves on order.
 *
 * Each request that arrives, on whichever connection, takes the next step; the
 * last step is taken again and again. */
#ifndef HOKO_TESTS_NET_SERVER_H
#define HOKO_TESTS_NET_SERVER_H

#include <stddef.h>

enum server_act {
  SERVER_REPLY,       /* read the request, send the text, keep the connection */
  SERVER_REPLY_CLOSE, /* the same, then close */
  SERVER_REPLY_NOW,   /* send the text without reading, close when the peer does */
  SERVER_RESET_EARLY, /* reset before a byte is read */
  SERVER_RESET,       /* read the request, send the text, reset */
  SERVER_STALL,       /* read the request, send the text, then nothing */
  SERVER_STALL_READ,  /* read the head, then nothing */
};

struct server_step {
  enum server_act act;
  const char *text; /* NULL: nothing */
  size_t len;       /* of text; 0: up to its NUL */
  size_t times;     /* how often its last byte is sent besides */
};

struct server;

struct server *server_start(const struct server_step *steps, size_t steps_len);
/* Ends all connections and threads. */
void server_stop(struct server *s);

int server_port(const struct server *s);
/* Heads of requests that came in whole, and connections accepted. */
int server_requests(struct server *s);
int server_connections(struct server *s);
/* Waits until N requests came, for 30 s at most. */
void server_await(struct server *s, int n);
/* The I-th request, head and what was read of its body, NUL-terminated. */
const char *server_request(struct server *s, int i);

#endif
