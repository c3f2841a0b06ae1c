/* identity.h - what other files of the room ask of the look-up. */
#ifndef HOKO_STATE_IDENTITY_H
#define HOKO_STATE_IDENTITY_H

#include "state/handle.h"

void found_free(struct found *f);

#endif
