#include "state/state.h"

#include <sqlite3.h>

const char *state_version(void) { return sqlite3_libversion(); }
