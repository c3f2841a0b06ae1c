/* gate.h - a transport that asks before it writes.
 *
 * Requests that only read go through.  The first write of an upsert, its first deletion,
 * and each kind of call of the script's own are shown to the person who is there; what is
 * declined comes back as if nothing was sent.  In a dry run no call of the script's own
 * writes. */
#ifndef HOKO_HOST_GATE_H
#define HOKO_HOST_GATE_H

#include "host/metered.h"

struct running;

struct gate {
  struct transport transport; /* hand this one out */
  struct transport *under;
  struct running *r;
  bool is_for_rows;
  bool is_write_fine, is_delete_fine; /* of this upsert's rows */
  char call[256];                     /* that was fine in this entry */
  struct exchange *declined[NET_CONCURRENCY_MAX];
  size_t declined_len;
};

void gate_init(struct gate *g, struct metered *under, struct running *r, bool is_for_rows);
/* Another upsert or entry begins: what was fine is asked for again. */
void gate_shut(struct gate *g);

#endif
