/* method.h - the methods that Hoko knows. */
#ifndef HOKO_MOCK_METHOD_H
#define HOKO_MOCK_METHOD_H

#include "base/slice.h"

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_OTHER, METHODS };

extern const char *const method_name[METHODS]; /* "GET" …, "other" */

enum method method_named(struct slice name);

#endif
