/* json_items.h - the items of a JSON file, one by one in flat memory: a walk along
 * a path, with the scanner passing over everything beside it.
 *
 * The whole file is read and checked, so one that is cut off is told even when its
 * items were complete. */
#ifndef HOKO_WORKER_SOURCE_JSON_ITEMS_H
#define HOKO_WORKER_SOURCE_JSON_ITEMS_H

#include "base/buf.h"
#include "worker/source/json_path.h"
#include "worker/source/json_stream.h"

struct json_items {
  struct json_stream stream;
  const struct json_path *path; /* borrowed */
  uint64_t line;                /* of the last item's begin */
  /* private */
  size_t level;                  /* how many parts lead to the open container */
  uint64_t index[JSON_PATH_MAX]; /* of the next element of each open array */
  bool is_begun, is_found, is_in_items;
  struct buf key;
};

void json_items_init(struct json_items *j, struct bytes *bytes, const struct json_path *path,
                     unsigned depth_max);
void json_items_free(struct json_items *j);

/* 1: *token begins an item, which the caller reads from the stream, or skips, to
 * its end; 0: there are no more; -1: *err tells. */
MUST_USE int json_items_next(struct json_items *j, enum json_token *token, struct error *err);

#endif
