/* json_path.h - where in a JSON document the items are: "$.data.items", "$[0].rows",
 * "$.pages[*].items".
 *
 * A part is .name, ['any name'], [N] (from 0) or [*] (each).  The path leads to
 * arrays, and their elements are the items; a [*] at its end says the same. */
#ifndef HOKO_WORKER_SOURCE_JSON_PATH_H
#define HOKO_WORKER_SOURCE_JSON_PATH_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

enum { JSON_PATH_MAX = 16, JSON_PATH_TEXT_MAX = 256 };

struct json_path_part {
  enum { JSON_PATH_NAME, JSON_PATH_INDEX, JSON_PATH_EACH } kind;
  struct slice name;
  uint64_t index;
};

struct json_path {
  struct json_path_part part[JSON_PATH_MAX];
  size_t len;
  char text[JSON_PATH_TEXT_MAX]; /* names point into it: a path stays where it was parsed */
};

MUST_USE int json_path_parse(struct json_path *p, const char *text, struct error *err);

#endif
