/* The report of contract 5. */
#include "host/host.h"

#include "base/json_text.h"

#include <inttypes.h>

static const char *const outcome_name[] = {[RUN_OK] = "ok",
                                           [RUN_SCRIPT_ERROR] = "script-error",
                                           [RUN_USAGE] = "usage",
                                           [RUN_REJECTED] = "rejected",
                                           [RUN_HELD] = "held",
                                           [RUN_AUTH] = "auth",
                                           [RUN_UNREACHABLE] = "unreachable",
                                           [RUN_STATE] = "state",
                                           [RUN_LIMIT] = "limit",
                                           [RUN_INTERRUPTED] = "interrupted"};

const char *run_outcome_name(enum run_outcome outcome) { return outcome_name[outcome]; }

static void put_text(struct buf *b, const char *name, const char *text) {
  buf_printf(b, ",\"%s\":", name);
  if (text)
    json_put_string(b, slice_of(text));
  else
    buf_add_text(b, "null");
}

static void put_time(struct buf *b, const char *name, int64_t wall_ms) {
  char text[CLOCK_TEXT_SIZE];
  clock_format(wall_ms, text);
  buf_printf(b, ",\"%s\":\"%s\"", name, text);
}

static void put_rows(struct buf *b, const struct tally *t) {
  const struct {
    const char *name;
    int64_t count;
  } rows[] = {{"skipped", t->skipped},   {"submitted", t->submitted}, {"created", t->created},
              {"updated", t->updated},   {"unchanged", t->unchanged}, {"superseded", t->superseded},
              {"rejected", t->rejected}, {"held", t->held},           {"pending", t->pending},
              {"missing", t->missing},   {"deleted", t->deleted}};
  buf_add_text(b, ",\"rows\":{");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    buf_printf(b, "%s\"%s\":%" PRId64, i ? "," : "", rows[i].name, rows[i].count);
  buf_add_char(b, '}');
}

static void put_requests(struct buf *b, const struct run_result *r) {
  bool is_first = true;
  buf_printf(b, ",\"requests\":{\"sent\":%" PRId64 ",\"retried\":%" PRId64 ",\"by_status\":{",
             r->requests_sent, r->requests_retried);
  for (size_t i = 0; i < sizeof r->by_status / sizeof *r->by_status && r->by_status[i].count; i++) {
    buf_printf(b, "%s\"%d\":%" PRId64, is_first ? "" : ",", r->by_status[i].status,
               r->by_status[i].count);
    is_first = false;
  }
  buf_printf(
      b, "},\"waited_ms\":%" PRId64 "},\"bytes\":{\"sent\":%" PRId64 ",\"received\":%" PRId64 "}",
      r->waited_ms, r->bytes_sent, r->bytes_received);
}

/* Most runs have none, and no such member. */
static void put_twins(struct buf *b, const struct run_result *r) {
  if (r->twins_len == 0) return;
  buf_add_text(b, ",\"twins\":[");
  for (size_t i = 0; i < r->twins_len; i++) {
    char ours[UUID_TEXT_LEN], other[UUID_TEXT_LEN];
    uuid_format(&r->twin[i].ours, ours);
    uuid_format(&r->twin[i].other, other);
    buf_printf(b, "%s[\"%.*s\",\"%.*s\"]", i ? "," : "", UUID_TEXT_LEN, ours, UUID_TEXT_LEN, other);
  }
  buf_add_char(b, ']');
}

static void put_error(struct buf *b, const struct run_result *r) {
  if (!r->has_error) {
    buf_add_text(b, ",\"error\":null");
    return;
  }
  buf_add_text(b, ",\"error\":{\"code\":");
  json_put_string(b, slice_of(error_code_name(r->err.code)));
  put_text(b, "message", r->err.message);
  put_text(b, "hint", r->err.hint[0] ? r->err.hint : NULL);
  put_text(b, "file", r->err.file[0] ? r->err.file : NULL);
  if (r->err.line)
    buf_printf(b, ",\"line\":%d}", r->err.line);
  else
    buf_add_text(b, ",\"line\":null}");
}

void report_put(struct buf *b, const struct job *job, const struct run_result *r) {
  buf_add_text(b, "{\"schema\":\"hoko.run/1\"");
  put_text(b, "run", r->run);
  put_text(b, "script", job->script);
  put_text(b, "job", job->name);
  put_time(b, "started", r->started_ms);
  put_time(b, "ended", r->ended_ms);
  buf_printf(b, ",\"exit\":%d", r->exit_code);
  put_text(b, "outcome", run_outcome_name(r->outcome));
  put_rows(b, &r->tally);
  put_requests(b, r);
  buf_printf(b, ",\"peak_memory_bytes\":%" PRId64, r->peak_memory_bytes);
  put_twins(b, r);
  put_error(b, r);
  if (job->name && r->script_hash[0])
    buf_printf(b, ",\"script_hash\":\"sha256:%s\"", r->script_hash);
  if (r->warnings.len) buf_printf(b, ",\"warnings\":[%.*s]", (int)r->warnings.len, r->warnings.ptr);
  buf_add_char(b, '}');
}
