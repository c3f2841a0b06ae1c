/* The build without readline. */
#include "repl/edit_inside.h"

#include <stddef.h>

const struct edit_terminal *edit_terminal(void) { return NULL; }
