/* hoko.store: what a script sets is written when the rows before it are told. */
#include "host/calls_inside.h"

static struct slice store_scope(const struct running *r) {
  return slice_of(r->job->name ? r->job->name : r->job->stream ? r->job->stream : "-");
}

void calls_write_store(struct running *r) {
  struct error err;
  if (r->watermarks.len == 0 || r->sync || r->before.pending || r->stop.code != ERROR_NONE ||
      r->job->is_dry)
    return;
  if (running_need_state(r, &err) ||
      watermarks_write(&r->watermarks, r->state, store_scope(r), &err))
    running_stop(r, &err);
}

int call_store_set(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  static const char *const names[] = {"name", "value"};
  struct buf texts[2] = {BUF_WITH_LIMIT(1024), BUF_WITH_LIMIT(1 << 20)};
  int rc = calls_texts(json, names, texts, 2, err);
  if (rc == 0) rc = watermarks_set(&r->watermarks, buf_slice(&texts[0]), buf_slice(&texts[1]), err);
  if (rc == 0) calls_write_store(r);
  buf_add_text(&reply->json, "true");
  buf_free(&texts[0]);
  buf_free(&texts[1]);
  return rc;
}

int call_store_get(struct running *r, struct slice json, struct reply *reply, struct error *err) {
  static const char *const names[] = {"name"};
  struct buf name = BUF_WITH_LIMIT(1024);
  struct slice waiting;
  bool is_there = false;
  int rc = calls_texts(json, names, &name, 1, err);
  if (rc == 0 && watermarks_get(&r->watermarks, buf_slice(&name), &waiting)) {
    buf_add_slice(&reply->json, waiting);
    is_there = waiting.len > 0;
  } else if (rc == 0 && (rc = running_need_state(r, err)) == 0) {
    rc = store_get(r->state, store_scope(r), buf_slice(&name), &reply->json, &is_there, err);
  }
  if (rc == 0 && !is_there) buf_add_text(&reply->json, "null");
  buf_free(&name);
  return rc;
}
