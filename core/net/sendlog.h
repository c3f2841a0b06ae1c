/* sendlog.h - how many requests left within the last minute, in flat memory.
 *
 * Times are kept to a quarter of a second, rounded so that a request counts for a
 * minute at least and a minute and a quarter second at most. */
#ifndef HOKO_NET_SENDLOG_H
#define HOKO_NET_SENDLOG_H

#include <stdint.h>

enum { SENDLOG_BINS = 241 };

/* All 0 is an empty one. */
struct sendlog {
  int64_t newest;              /* number of the newest bin, in quarter seconds of the clock */
  uint32_t sent[SENDLOG_BINS]; /* bin B at B % SENDLOG_BINS; what is too old is 0 */
  int64_t total;
};

/* NOW_NS never goes back. */
void sendlog_add(struct sendlog *s, int64_t now_ns, int64_t requests);
/* Forgets what is too old and returns how many are left. */
int64_t sendlog_count(struct sendlog *s, int64_t now_ns);
/* When the count will have fallen to MAX, 0 or more, if nothing is sent. */
int64_t sendlog_below_at(struct sendlog *s, int64_t max, int64_t now_ns);

#endif
