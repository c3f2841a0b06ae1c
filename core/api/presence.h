/* presence.h - what an answer to GET /partners?id=… says of the one partner.  Pure.
 *
 * Hoko's documents leave the form open (hoko-api 4.4, 40), so an array of none or one,
 * the object alone, and a refusal of the well-formed id are all understood. */
#ifndef HOKO_API_PRESENCE_H
#define HOKO_API_PRESENCE_H

#include "base/slice.h"
#include "base/uuid.h"

enum presence {
  PRESENCE_THERE,
  PRESENCE_ABSENT,
  PRESENCE_UNCLEAR, /* any other answer, another partner's among them */
};

/* BODY: the whole answer with STATUS. */
enum presence presence_of(int status, struct slice body, const struct uuid *id);

#endif
