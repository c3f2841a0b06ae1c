/* metered.h - a transport that counts what goes through it, for the report. */
#ifndef HOKO_HOST_METERED_H
#define HOKO_HOST_METERED_H

#include "host/host.h"
#include "net/transport.h"

struct metered {
  struct transport transport; /* hand this one out */
  struct transport *under;
  struct run_result *result;
};

void metered_init(struct metered *m, struct transport *under, struct run_result *result);

#endif
