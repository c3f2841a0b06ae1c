#include "net/headers.h"

#include "base/printable.h"

#include <curl/curl.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

void headers_reset(struct headers *h) { *h = (struct headers){.limits = {-1, -1, -1, -1, -1}}; }

static struct slice trimmed(struct slice s) {
  while (s.len > 0 && memchr(" \t\r\n", s.ptr[s.len - 1], 4)) s.len--;
  while (s.len > 0 && (*s.ptr == ' ' || *s.ptr == '\t')) s = (struct slice){s.ptr + 1, s.len - 1};
  return s;
}

/* A number not below 0 at the begin of VALUE ("1000", "1000;w=60", "0.5"), or -1. */
static double number_of(struct slice value) {
  char text[32], *end;
  size_t len = 0;
  while (len < value.len && len < sizeof text && memchr("0123456789.", value.ptr[len], 11)) len++;
  if (len == 0 || len == sizeof text) return -1;
  if (len < value.len && !memchr(",; ", value.ptr[len], 3)) return -1;
  memcpy(text, value.ptr, len);
  text[len] = '\0';
  double number = strtod(text, &end);
  return *end == '\0' && isfinite(number) ? number : -1;
}

/* An HTTP date as wall-clock milliseconds, or -1. */
static int64_t date_of(struct slice value) {
  char text[64];
  if (value.len >= sizeof text) return -1;
  if (value.len > 0) memcpy(text, value.ptr, value.len);
  text[value.len] = '\0';
  time_t seconds = curl_getdate(text, NULL);
  return seconds < 0 ? -1 : (int64_t)seconds * 1000;
}

static void take_retry_after(struct headers *h, struct slice value) {
  int64_t date_ms = -1;
  h->limits.retry_after_s = number_of(value);
  if (h->limits.retry_after_s < 0) date_ms = date_of(value);
  h->retry_at_ms = date_ms > 0 ? date_ms : 0;
}

static bool is_named(struct slice name, const char *ours) {
  return name.len == strlen(ours) && strncasecmp(name.ptr, ours, name.len) == 0;
}

static void take_field(struct headers *h, struct slice name, struct slice value) {
  if (is_named(name, "X-RateLimit-Limit")) {
    h->limits.limit = number_of(value);
  } else if (is_named(name, "X-RateLimit-Remaining")) {
    h->limits.remaining = number_of(value);
  } else if (is_named(name, "X-RateLimit-Reset")) {
    h->limits.reset = number_of(value);
  } else if (is_named(name, "Retry-After")) {
    take_retry_after(h, value);
  } else if (is_named(name, "Date")) {
    h->limits.date_ms = date_of(value);
  } else if (is_named(name, "Content-Type")) {
    printable_copy(h->content_type, sizeof h->content_type, value);
  } else if (is_named(name, "Location")) {
    printable_copy(h->location, sizeof h->location, value);
  }
}

/* "HTTP/1.1 200 OK", "HTTP/2 200"; false: LINE is none. */
static bool take_status(struct headers *h, struct slice line) {
  if (line.len < 5 || memcmp(line.ptr, "HTTP/", 5) != 0) return false;
  const char *blank = memchr(line.ptr, ' ', line.len), *end = line.ptr + line.len;
  headers_reset(h);
  if (!blank || end - blank < 4) return true;
  int status = 0;
  for (int i = 1; i <= 3; i++) {
    if (blank[i] < '0' || blank[i] > '9') return true;
    status = status * 10 + (blank[i] - '0');
  }
  h->status = status;
  return true;
}

/* A Retry-After that is a date becomes a wait, by the clock that wrote it. */
static void end_head(struct headers *h, int64_t now_ms) {
  h->is_ended = true;
  if (h->retry_at_ms == 0) return;
  int64_t sent_ms = h->limits.date_ms >= 0 ? h->limits.date_ms : now_ms;
  int64_t wait_ms = h->retry_at_ms - sent_ms;
  h->limits.retry_after_s = wait_ms > 0 ? (double)wait_ms / 1000 : 0;
}

void headers_line(struct headers *h, struct slice line, int64_t now_ms) {
  line = trimmed(line);
  if (take_status(h, line) || h->is_ended) return;
  if (line.len == 0) {
    end_head(h, now_ms);
    return;
  }
  const char *colon = memchr(line.ptr, ':', line.len);
  if (!colon) return;
  size_t name_len = (size_t)(colon - line.ptr);
  take_field(h, (struct slice){line.ptr, name_len},
             trimmed((struct slice){colon + 1, line.len - name_len - 1}));
}
