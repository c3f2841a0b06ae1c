#include "host/result.h"

#include "base/json_text.h"

#include <inttypes.h>

static const char *outcome_name(const struct tally *t, const struct error *why) {
  if (why) {
    switch (why->code) {
    case ERROR_AUTH: return "auth";
    case ERROR_STATE:
    case ERROR_MEMORY: return "state";
    case ERROR_INTERRUPTED: return "interrupted";
    default: return "unreachable";
    }
  }
  return t->held ? "held" : t->rejected ? "rejected" : "ok";
}

static void put_result(struct buf *b, const struct running *r, const struct tally *t,
                       const struct error *why) {
  buf_printf(b,
             "{\"skipped\":%" PRId64 ",\"submitted\":%" PRId64 ",\"created\":%" PRId64
             ",\"updated\":%" PRId64,
             t->skipped, t->submitted, t->created, t->updated);
  buf_printf(b, ",\"unchanged\":%" PRId64 ",\"superseded\":%" PRId64 ",\"rejected\":%" PRId64,
             t->unchanged, t->superseded, t->rejected);
  buf_printf(b,
             ",\"held\":%" PRId64 ",\"pending\":%" PRId64 ",\"missing\":%" PRId64
             ",\"deleted\":%" PRId64,
             t->held, t->pending, t->missing, t->deleted);
  buf_printf(b, ",\"requests\":%" PRId64 ",\"seconds\":%.3f,\"outcome\":\"%s\"",
             r->result->requests_sent - r->upsert_requests,
             (double)(running_now(r) - r->upsert_began_ns) / 1e9, outcome_name(t, why));
  if (why) {
    buf_printf(b, ",\"error\":{\"code\":\"%s\",\"message\":", error_code_name(why->code));
    json_put_string(b, slice_of(why->message));
    buf_add_char(b, '}');
  }
  buf_add_char(b, '}');
}

void result_send(struct running *r, const struct tally *t, const struct error *why) {
  struct buf json = BUF_WITH_LIMIT(1 << 16);
  put_result(&json, r, t, why);
  if (!r->is_closed)
    running_send(r, &(struct message){.kind = MESSAGE_RESULT, .text = {buf_slice(&json)}});
  buf_free(&json);
  r->has_result_sent = true;
}

/* hoko settle looks for twins later on, too. */
