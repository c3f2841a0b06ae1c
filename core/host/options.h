/* options.h - what MESSAGE_UPSERT asks for: flat JSON written by our own Lua half,
 * but by a process that is not trusted. */
#ifndef HOKO_HOST_OPTIONS_H
#define HOKO_HOST_OPTIONS_H

#include "base/buf.h"

#include <stdint.h>

struct upsert_options {
  char stream[512], key_name[64], verb[16];
  bool has_stream, has_key, send_all, wants_objects, wants_all_rejects, wants_drops, dry_run;
  bool reports_missing, deletes_missing;
  int64_t batch_rows, batch_bytes, concurrency;
  int64_t missing_limit; /* in hundredths of a percent */
};

MUST_USE int upsert_options_read(struct upsert_options *o, struct slice json, struct error *err);

#endif
