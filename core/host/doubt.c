#include "host/doubt.h"

#include "base/number.h"

#include <inttypes.h>

enum { NAME_LIMIT = 4096, VALUE_LIMIT = 64 };

static const int64_t KEPT_MS = INT64_C(24) * 3600 * 1000;

/* No script's: theirs are paths, and have no colon. */
static struct slice scope(void) { return SLICE("hoko:doubt"); }

/* SINCE_MS 0 deletes it. */
static int write_since(const struct doubt *d, int64_t since_ms, struct error *err) {
  struct buf name = BUF_WITH_LIMIT(NAME_LIMIT), value = BUF_WITH_LIMIT(VALUE_LIMIT);
  int rc = -1;
  buf_printf(&name, "%s %s", d->base_url, d->stream);
  if (since_ms) buf_printf(&value, "%" PRId64, since_ms);
  if (!buf_ok(&name) || !buf_ok(&value)) {
    (void)error_set(err, ERROR_MEMORY, "out of memory for the name of a stream");
  } else {
    const struct store_value v = {scope(), buf_slice(&name), buf_slice(&value)};
    rc = store_set(d->state, &v, 1, err);
  }
  buf_free(&name);
  buf_free(&value);
  return rc;
}

int doubt_read(const struct doubt *d, int64_t *since_ms, struct error *err) {
  struct buf name = BUF_WITH_LIMIT(NAME_LIMIT), value = BUF_WITH_LIMIT(VALUE_LIMIT);
  bool is_there = false;
  *since_ms = 0;
  buf_printf(&name, "%s %s", d->base_url, d->stream);
  int rc = store_get(d->state, scope(), buf_slice(&name), &value, &is_there, err);
  if (rc == 0 && is_there) (void)!number_int64(buf_slice(&value), 1, INT64_MAX, since_ms);
  buf_free(&name);
  buf_free(&value);
  return rc;
}

int doubt_note(const struct doubt *d, int64_t since_ms, struct error *err) {
  int64_t kept_ms;
  if (doubt_read(d, &kept_ms, err)) return -1;
  return kept_ms && kept_ms <= since_ms ? 0 : write_since(d, since_ms, err);
}

int doubt_looked(const struct doubt *d, int64_t now_ms, struct error *err) {
  int64_t kept_ms;
  if (doubt_read(d, &kept_ms, err)) return -1;
  return kept_ms && kept_ms < now_ms - KEPT_MS ? write_since(d, 0, err) : 0;
}
