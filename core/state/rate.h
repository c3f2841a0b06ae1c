/* rate.h - the files behind rate_change(), for state_close(). */
#ifndef HOKO_STATE_RATE_H
#define HOKO_STATE_RATE_H

#include "state/handle.h"

void rate_files_free(struct rate_file *list);

#endif
