/* process.h - a process named so that another with its number is not taken for it. */
#ifndef HOKO_STATE_PROCESS_H
#define HOKO_STATE_PROCESS_H

#include "base/slice.h"

#include <stdint.h>

enum { PROCESS_NAME_SIZE = 128 };

/* "PID START BOOT": the start in ticks since the boot, and which boot that was. */
void process_name(char name[PROCESS_NAME_SIZE]);
/* Whether the process of such a name still runs on this machine; *pid its number, 0
 * where NAME is none. */
bool process_is_alive(struct slice name, int64_t *pid);

#endif
