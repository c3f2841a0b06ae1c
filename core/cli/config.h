/* config.h - what hoko.lua says, checked.
 *
 * The worker runs the chunk in a bare state and hands over the table that it
 * returned as JSON (a function in it as {"$type":"function"}); config_read()
 * checks every name, type and value and fills in the defaults.  Schedules and
 * time zones stay text here: the schedule's room reads them.
 *
 * A struct config never changes and owns all that it points to. */
#ifndef HOKO_CLI_CONFIG_H
#define HOKO_CLI_CONFIG_H

#include "base/error.h"
#include "base/slice.h"

#include <stdint.h>

struct config_texts {
  const char **at; /* NULL behind the last */
  size_t len;
};

struct config_limits {
  int64_t requests_per_minute; /* 0: as Hoko's headers tell */
  int64_t concurrency, batch_rows, batch_bytes;
  int64_t settle_window_ms, give_up_ms;
};

struct config_allow {
  struct config_texts read, write, net, env, run;
  bool is_run_any; /* run = true */
};

struct config_retries {
  int64_t times, delay_ms;
  double factor;
};

enum config_overlap { CONFIG_OVERLAP_SKIP, CONFIG_OVERLAP_QUEUE, CONFIG_OVERLAP_REPLACE };
enum config_catch_up { CONFIG_CATCH_UP_NONE, CONFIG_CATCH_UP_LAST, CONFIG_CATCH_UP_ALL };

struct config_job {
  const struct config *config; /* that it is in */
  const char *name;
  const char *script; /* relative to the project */
  struct config_texts args;
  const char *schedule; /* NULL: `every`, or by hand only */
  int64_t every_ms;     /* 0: none */
  const char *timezone;
  int overlap;  /* enum config_overlap */
  int catch_up; /* enum config_catch_up */
  int64_t catch_up_window_ms;
  int64_t timeout_ms, memory_bytes; /* 0: what `hoko run` has */
  int64_t jitter_ms;
  struct config_retries retries;
  struct config_allow allow;
  const char *on_failure, *on_recovery; /* NULL: none */
};

struct config {
  const char *base_url, *key, *state; /* NULL: not said */
  struct config_limits limits;
  struct config_job *jobs; /* in the order of their names */
  size_t jobs_len;
  char *source; /* of hoko.lua, to find lines in */
};

/* SOURCE and FILE are for places in messages only: hoko.lua's text and how a
 * person calls it.  -1: ERROR_USAGE with file, line, name, what was expected and
 * the nearest known name. */
MUST_USE int config_read(struct config **out, struct slice json, struct slice source,
                         const char *file, struct error *err);
/* What holds where there is no hoko.lua.  NULL: no memory. */
struct config *config_default(void);
void config_free(struct config *c);

/* The line of hoko.lua on which JOB gives FIELD a value; where it gives none, or FIELD is
 * NULL, that of the job.  Reads the whole text: for messages only. */
int config_job_line(const struct config_job *job, const char *field);
/* NULL: there is none of that name; *err names the nearest. */
const struct config_job *config_job_named(const struct config *c, const char *name,
                                          struct error *err);

#endif
