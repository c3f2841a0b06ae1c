/* settle_run.h - `hoko settle`: the held creates of streams, without a script. */
#ifndef HOKO_HOST_SETTLE_RUN_H
#define HOKO_HOST_SETTLE_RUN_H

#include "host/host.h"
#include "sync/settle.h"

struct settle_job {
  const char *state, *base_url;
  const char *stream; /* NULL: all of the base URL */
  int64_t window_ms;  /* 0: taken as passed */
  int64_t give_up_ms, wait_ms, batch_rows, batch_bytes, concurrency, requests_per_minute;
  const struct clock *clock;
  void *user;
  void (*warn)(void *user, const char *message);
  /* Of one stream, when it is done with. */
  void (*told)(void *user, const char *stream, const struct settled *settled);
  int (*key)(void *user, struct secret **key, struct error *err);
};

/* *HELD: rows still held in all of them.  -1: *err; what was settled stays so. */
MUST_USE int host_settle(const struct settle_job *job, int64_t *held, struct error *err);

#endif
