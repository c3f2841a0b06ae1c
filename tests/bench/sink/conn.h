/* conn.h - one connection to the sink: requests in, answers out, one at a time. */
#ifndef HOKO_BENCH_SINK_CONN_H
#define HOKO_BENCH_SINK_CONN_H

#include "sink/rows.h"

struct totals {
  struct rows_sum sum;
  int64_t requests, bad, bytes_in, bytes_out, connections, in_flight, in_flight_max;
  int64_t first_request_ns, last_answer_ns; /* of the monotonic clock */
};

/* All that there is; the answers that wait are a queue in the order of their time. */
struct sink {
  int epoll_fd;
  int64_t latency_ns;
  struct totals totals;
  struct conn *waiting_head, **waiting_tail;
};

struct conn;

/* Takes FD over. */
void conn_new(struct sink *s, int fd);
/* Moves C on as far as the socket allows; closes and frees it at its end. */
void conn_turn(struct sink *s, struct conn *c);
/* Sends the answers whose time has come; gives how long the next one waits, in ms, or -1. */
int conn_release_due(struct sink *s);

/* The totals as a line of JSON. */
void totals_put(struct buf *b, const struct totals *t);

#endif
