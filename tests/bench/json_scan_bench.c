/* How fast JSON is read: 10 MB of partners, the best of 20 passes. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/json_scan.h"

#include <inttypes.h>
#include <stdio.h>

enum { SIZE = 10000000, PASSES = 20 };

static void put_partners(struct buf *b, const char *name) {
  buf_add_char(b, '[');
  for (int i = 0; b->len < SIZE; i++) {
    if (i > 0) buf_add_char(b, ',');
    buf_printf(b, "{\"id\":\"0b9f4c2e-7d31-4c55-9a0e-%012d\",\"name\":\"%s %d\",", i, name, i);
    buf_printf(b, "\"email\":\"partner.%d@example.com\",\"phone\":\"+9665%08d\",", i, i);
    buf_add_text(b, "\"createdAt\":\"2026-11-24T08:00:00.123Z\",");
    buf_add_text(b, "\"updatedAt\":\"2026-11-24T08:00:00.123Z\"}");
  }
  buf_add_char(b, ']');
}

/* The number of tokens, or 0 when TEXT is not read to its end. */
static uint64_t count_tokens(struct slice text) {
  struct json_scan s;
  json_init(&s, 8);
  json_feed(&s, text, true);
  for (uint64_t tokens = 0;; tokens++) {
    enum json_token token = json_next(&s);
    if (token == JSON_END_OF_VALUE) return tokens;
    if (token == JSON_ERROR || token == JSON_NEED_MORE) return 0;
  }
}

static int measure(const char *what, const char *name) {
  struct buf b = BUF_WITH_LIMIT(2 * SIZE);
  int64_t best_ns = INT64_MAX;
  uint64_t tokens = 0;
  put_partners(&b, name);
  for (int i = 0; i < PASSES; i++) {
    int64_t begin_ns = clock_mono_ns(&clock_real);
    tokens = count_tokens(buf_slice(&b));
    int64_t took_ns = clock_mono_ns(&clock_real) - begin_ns;
    if (took_ns < best_ns) best_ns = took_ns;
  }
  printf("%s: %zu bytes, %" PRIu64 " tokens, %.0f MB/s\n", what, b.len, tokens,
         (double)b.len * 1e3 / (double)best_ns);
  buf_free(&b);
  return tokens > 0 ? 0 : 1;
}

int main(void) {
  return measure("English names", "Example Trading Co.") |
         measure("Arabic names", "\u0634\u0631\u0643\u0629 \u0627\u0644\u0645\u062b\u0627\u0644");
}
