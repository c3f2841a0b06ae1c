/* embed.h - files compiled into the program by hoko_embed() (vendor/cmake). */
#ifndef HOKO_BASE_EMBED_H
#define HOKO_BASE_EMBED_H

#include "base/slice.h"

/* A table of these ends with name NULL. */
struct embed {
  const char *name;     /* without folder: "run.scd" */
  struct slice content; /* a NUL stands behind it */
};

/* The empty slice with ptr NULL: there is none. */
static inline struct slice embed_find(const struct embed *table, const char *name) {
  for (; table->name; table++)
    if (strcmp(table->name, name) == 0) return table->content;
  return (struct slice){NULL, 0};
}

#endif
