#include "keys/keys.h"

#include <sodium.h>

const char *keys_version(void) { return sodium_version_string(); }
