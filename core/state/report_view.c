#include "state/report_view.h"

#include "base/json_scan.h"
#include "base/json_text.h"
#include "base/number.h"

/* The token of the member's value, its text in scan->text; JSON_END_OF_VALUE: none. */
static enum json_token find(struct json_scan *scan, struct slice report, const char *object,
                            const char *name) {
  unsigned wanted = object ? 2 : 1;
  bool is_inside = object == NULL;
  json_init(scan, JSON_DEPTH_MAX);
  json_feed(scan, report, true);
  for (;;) {
    enum json_token token = json_next(scan);
    if (token == JSON_END_OF_VALUE || token == JSON_ERROR || token == JSON_NEED_MORE)
      return JSON_END_OF_VALUE;
    if (token != JSON_KEY) continue;
    if (is_inside && scan->depth == wanted && slice_is(scan->text, name)) return json_next(scan);
    if (object && scan->depth == 1) is_inside = slice_is(scan->text, object);
  }
}

int64_t report_view_number(struct slice report, const char *object, const char *name) {
  struct json_scan scan;
  int64_t n;
  if (find(&scan, report, object, name) != JSON_NUMBER) return 0;
  return number_int64(scan.text, INT64_MIN, INT64_MAX, &n) == 0 ? n : 0;
}

bool report_view_text(struct slice report, const char *object, const char *name, struct buf *to) {
  struct json_scan scan;
  return find(&scan, report, object, name) == JSON_STRING && json_unescape(to, scan.text) == 0;
}

void report_view_put_twins(struct buf *b, struct slice report) {
  struct json_scan scan;
  if (find(&scan, report, NULL, "twins") != JSON_ARRAY_BEGIN) return;
  unsigned inside = scan.depth;
  size_t ids = 0;
  for (enum json_token token = json_next(&scan); scan.depth >= inside; token = json_next(&scan)) {
    if (token == JSON_ERROR || token == JSON_NEED_MORE) return;
    if (token != JSON_STRING) continue;
    if (ids) buf_add_text(b, ids % 2 ? " and " : ", ");
    buf_add_slice(b, scan.text);
    ids++;
  }
}

void report_view_put_rows(struct buf *b, struct slice report) {
  static const char *const names[] = {"created", "updated", "unchanged", "superseded", "rejected",
                                      "held",    "pending", "skipped",   "missing",    "deleted"};
  bool is_first = true;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int64_t n = report_view_number(report, "rows", names[i]);
    if (n == 0) continue;
    if (!is_first) buf_add_text(b, ", ");
    is_first = false;
    number_put_grouped(b, n);
    buf_printf(b, " %s", names[i]);
  }
}
