#include "cli/config_schema.h"

#include "cli/units.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define DAY (1440 * MINUTE)
#define MIB (INT64_C(1) << 20)

#define AT(type, member) .offset = offsetof(struct type, member)

static const char *const overlaps[] = {"skip", "queue", "replace", NULL};
static const char *const catch_ups[] = {"none", "last", "all", NULL};

static const struct config_field limits[] = {
    {"requests_per_minute", CONFIG_RATE, AT(config_limits, requests_per_minute), .min = 1,
     .max = 1000000, .example = "\"auto\""},
    {"concurrency", CONFIG_INT, AT(config_limits, concurrency), .min = 1, .max = 64, .fallback = 4,
     .example = "4"},
    {"batch_rows", CONFIG_INT, AT(config_limits, batch_rows), .min = 1, .max = 10000,
     .fallback = 10000, .example = "10000"},
    {"batch_bytes", CONFIG_SIZE, AT(config_limits, batch_bytes), .min = 1024, .max = 64 * MIB,
     .fallback = 4 * MIB, .example = "\"4MiB\""},
    {"settle_window", CONFIG_DURATION, AT(config_limits, settle_window_ms), .max = 30 * DAY,
     .fallback = 15 * MINUTE, .example = "\"15m\""},
    {"give_up", CONFIG_DURATION, AT(config_limits, give_up_ms), .max = 30 * DAY,
     .fallback = 15 * MINUTE, .example = "\"15m\""},
    {.name = NULL},
};

static const struct config_field retries[] = {
    {"times", CONFIG_INT, AT(config_retries, times), .max = 100, .example = "3"},
    {"delay", CONFIG_DURATION, AT(config_retries, delay_ms), .max = DAY, .fallback = MINUTE,
     .example = "\"1m\""},
    {"factor", CONFIG_FACTOR, AT(config_retries, factor), .min = 1, .max = 10, .fallback = 2,
     .example = "2"},
    {.name = NULL},
};

static const struct config_field allow[] = {
    {"read", CONFIG_TEXTS, AT(config_allow, read), .example = "{ \"data\" }"},
    {"write", CONFIG_TEXTS, AT(config_allow, write), .example = "{ \"out\" }"},
    {"net", CONFIG_TEXTS, AT(config_allow, net), .example = "{ \"crm.example.com\" }"},
    {"env", CONFIG_TEXTS, AT(config_allow, env), .example = "{ \"CRM_URL\" }"},
    {"run", CONFIG_COMMANDS, AT(config_allow, run),
     .also = offsetof(struct config_allow, is_run_any), .example = "{ \"gzip\" }"},
    {.name = NULL},
};

static const struct config_field job[] = {
    {"script", CONFIG_TEXT, AT(config_job, script), .is_required = true,
     .example = "\"scripts/partners.lua\""},
    {"args", CONFIG_TEXTS, AT(config_job, args), .example = "{ \"data/partners.csv\" }"},
    {"schedule", CONFIG_TEXT, AT(config_job, schedule), .example = "\"*/15 * * * *\""},
    {"every", CONFIG_DURATION, AT(config_job, every_ms), .min = SECOND, .max = 366 * DAY,
     .example = "\"90s\""},
    {"timezone", CONFIG_TEXT, AT(config_job, timezone), .text_fallback = "UTC",
     .example = "\"Asia/Riyadh\""},
    {"overlap", CONFIG_CHOICE, AT(config_job, overlap), .choices = overlaps,
     .fallback = CONFIG_OVERLAP_SKIP, .example = "\"skip\""},
    {"catch_up", CONFIG_CHOICE, AT(config_job, catch_up), .choices = catch_ups,
     .fallback = CONFIG_CATCH_UP_LAST, .example = "\"last\""},
    {"catch_up_window", CONFIG_DURATION, AT(config_job, catch_up_window_ms), .min = SECOND,
     .max = 366 * DAY, .fallback = DAY, .example = "\"1d\""},
    {"timeout", CONFIG_DURATION, AT(config_job, timeout_ms), .min = 1, .max = 30 * DAY,
     .example = "\"10m\""},
    {"memory", CONFIG_SIZE, AT(config_job, memory_bytes), .min = MIB, .max = 65536 * MIB,
     .example = "\"256MiB\""},
    {"retries", CONFIG_TABLE, AT(config_job, retries), .fields = retries,
     .example = "{ times = 3, delay = \"1m\", factor = 2 }"},
    {"jitter", CONFIG_DURATION, AT(config_job, jitter_ms), .max = DAY, .example = "\"30s\""},
    {"allow", CONFIG_TABLE, AT(config_job, allow), .fields = allow,
     .example = "{ read = { \"data\" } }"},
    {"on_failure", CONFIG_TEXT, AT(config_job, on_failure), .example = "\"scripts/alert.lua\""},
    {"on_recovery", CONFIG_TEXT, AT(config_job, on_recovery), .example = "\"scripts/alert.lua\""},
    {.name = NULL},
};

const struct config_field config_fields[] = {
    {"base_url", CONFIG_TEXT, AT(config, base_url), .example = "\"https://hoko.to/api\""},
    {"key", CONFIG_TEXT, AT(config, key), .example = "\"default\""},
    {"state", CONFIG_TEXT, AT(config, state), .example = "\"sqlite:.hoko/state.db\""},
    {"limits", CONFIG_TABLE, AT(config, limits), .fields = limits,
     .example = "{ concurrency = 4 }"},
    {"jobs", CONFIG_JOBS, AT(config, jobs), .fields = job,
     .example =
         "{ [\"partners\"] = { script = \"scripts/partners.lua\", schedule = \"@daily\" } }"},
    {.name = NULL},
};

static void put_int(struct buf *b, int64_t n) { buf_printf(b, "%lld", (long long)n); }

static void put_range(struct buf *b, const struct config_field *f,
                      void (*put)(struct buf *, int64_t)) {
  buf_add_text(b, " from ");
  put(b, f->min);
  buf_add_text(b, " to ");
  put(b, f->max);
}

static void put_choices(struct buf *b, const char *const *choices) {
  for (size_t i = 0; choices[i]; i++)
    buf_printf(b, "%s\"%s\"", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

void config_field_put_expected(struct buf *b, const struct config_field *f) {
  switch (f->kind) {
  case CONFIG_TEXT: buf_add_text(b, "a text that is not empty"); return;
  case CONFIG_INT: buf_add_text(b, "a whole number"), put_range(b, f, put_int); return;
  case CONFIG_RATE: buf_add_text(b, "\"auto\" or a whole number"), put_range(b, f, put_int); return;
  case CONFIG_FACTOR: buf_add_text(b, "a number"), put_range(b, f, put_int); return;
  case CONFIG_DURATION: buf_add_text(b, "a duration"), put_range(b, f, units_put_duration); return;
  case CONFIG_SIZE: buf_add_text(b, "a size"), put_range(b, f, units_put_size); return;
  case CONFIG_CHOICE: put_choices(b, f->choices); return;
  case CONFIG_TEXTS: buf_add_text(b, "an array of texts that are not empty"); return;
  case CONFIG_COMMANDS: buf_add_text(b, "true, false or an array of command names"); return;
  case CONFIG_TABLE: buf_add_text(b, "a table with names"); return;
  case CONFIG_JOBS: buf_add_text(b, "a table of jobs by name"); return;
  }
}
