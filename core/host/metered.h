/* metered.h - one network for several askers, each with a transport of its own,
 * and a count of what goes through for the report. */
#ifndef HOKO_HOST_METERED_H
#define HOKO_HOST_METERED_H

#include "host/host.h"
#include "net/net.h"

struct metered;

/* What the askers share. */
struct meter {
  struct transport *under;
  struct run_result *result;
  struct {
    struct exchange *exchange;
    struct metered *asker;
  } under_way[NET_CONCURRENCY_MAX];
  size_t under_way_len;
};

/* One asker: sync and settling are one, a script's own call is another. */
struct metered {
  struct transport transport; /* hand this one out */
  struct meter *meter;
  struct exchange *back[NET_CONCURRENCY_MAX]; /* came back while another asked */
  size_t back_len;
};

void meter_init(struct meter *m, struct transport *under, struct run_result *result);
void metered_init(struct metered *a, struct meter *m);

#endif
