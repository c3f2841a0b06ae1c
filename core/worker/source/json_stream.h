/* json_stream.h - the tokens of a JSON file of any length, in flat memory. */
#ifndef HOKO_WORKER_SOURCE_JSON_STREAM_H
#define HOKO_WORKER_SOURCE_JSON_STREAM_H

#include "base/error.h"
#include "base/json_scan.h"
#include "worker/source/bytes.h"

/* No single string may be longer. */
enum { JSON_STREAM_TOKEN_MAX = 16 << 20 };

struct json_stream {
  struct bytes *bytes;   /* borrowed; opened with JSON_STREAM_TOKEN_MAX as its limit */
  struct json_scan scan; /* the last token's text, its place */
};

void json_stream_init(struct json_stream *s, struct bytes *bytes, unsigned depth_max);

/* As json_next().  JSON_NEED_MORE: the file ends where it may.  JSON_ERROR: *err
 * tells, with the column; its line is the scanner's. */
MUST_USE enum json_token json_stream_next(struct json_stream *s, struct error *err);

/* Passes over the value that begins with TOKEN; 0, or -1 as for JSON_ERROR. */
MUST_USE int json_stream_skip(struct json_stream *s, enum json_token token, struct error *err);

#endif
