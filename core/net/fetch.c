#include "net/fetch.h"

#include "base/origin.h"
#include "keys/secret.h"
#include "net/easy.h"
#include "net/flow.h"
#include "net/reach.h"

#include <stdlib.h>
#include <strings.h>

enum { BUFFER_SIZE = 4 << 10, URL_MAX = 64 << 10, BODY_MAX = 64 << 20 };

/* A paused transfer is never too slow for libcurl, so a stream's limit is one of speed.
 * libcurl unpacks all that it read in one go and keeps what does not fit a piece: its
 * buffer bounds what a gzip bomb (1:1030) costs, some times 4 MiB. */
static CURLcode set_connection(struct fetch *f) {
  CURLcode bad = easy_set_connection(f->easy, "", flow_connect_ms(f));
  long timeout_s = (long)((f->timeout_ms + 999) / 1000);
  bad |= curl_easy_setopt(f->easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
  if (f->is_stream)
    bad |= curl_easy_setopt(f->easy, CURLOPT_LOW_SPEED_TIME, timeout_s);
  else
    bad |= curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, (long)f->timeout_ms);
  return bad;
}

static CURLcode set_request(struct fetch *f) {
  bool has_body = f->body.len > 0 || strcmp(f->method, "POST") == 0 ||
                  strcmp(f->method, "PUT") == 0 || strcmp(f->method, "PATCH") == 0;
  const char *url = buf_text(&f->url);
  if (!url) return CURLE_OUT_OF_MEMORY;
  CURLcode bad = curl_easy_setopt(f->easy, CURLOPT_URL, url);
  if (has_body) {
    bad |= curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body.len);
    bad |= curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, f->body.len ? f->body.ptr : "");
  } else {
    bad |= curl_easy_setopt(f->easy, CURLOPT_HTTPGET, 1L);
  }
  if (strcmp(f->method, "HEAD") == 0)
    bad |= curl_easy_setopt(f->easy, CURLOPT_NOBODY, 1L);
  else
    bad |= curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, f->method);
  return bad | curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->lines);
}

static int out_of_memory(struct error *err) {
  return error_set(err, ERROR_MEMORY, "no memory for a request");
}

static int add_line(struct fetch *f, const char *line, struct error *err) {
  struct curl_slist *longer = curl_slist_append(f->lines, line);
  if (!longer) return out_of_memory(err);
  f->lines = longer;
  return 0;
}

static int take_method(struct fetch *f, struct slice method, struct error *err) {
  static const char *const safe[] = {"GET", "HEAD", "OPTIONS"};
  bool is_good = method.len > 0 && method.len < sizeof f->method;
  for (size_t i = 0; is_good && i < method.len; i++)
    is_good = method.ptr[i] >= 'A' && method.ptr[i] <= 'Z';
  if (!is_good || slice_is(method, "CONNECT"))
    return error_set(err, ERROR_USAGE, "\"%.*s\" is no method that can be sent", SLICE_ARG(method));
  memcpy(f->method, method.ptr, method.len);
  for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
    if (slice_is(method, safe[i])) f->is_safe = true;
  return 0;
}

static struct slice behind_authority(struct slice url) {
  const char *from = memchr(url.ptr, ':', url.len), *end = url.ptr + url.len;
  for (from += 3; from < end && !memchr("/?#", *from, 3);) from++;
  return (struct slice){from, (size_t)(end - from)};
}

/* libcurl gets the server as we read it, so that both mean the same one. */
static int take_url(struct fetch *f, struct slice url, struct error *err) {
  if (origin_of_url(f->origin, url, err)) return -1;
  struct slice rest = behind_authority(url);
  const char *fragment = rest.len ? memchr(rest.ptr, '#', rest.len) : NULL;
  if (fragment) rest.len = (size_t)(fragment - rest.ptr);
  for (size_t i = 0; i < rest.len; i++)
    if ((unsigned char)rest.ptr[i] <= ' ' || (unsigned char)rest.ptr[i] >= 0x7f)
      return error_set(err, ERROR_USAGE,
                       "%s: a blank or another byte behind it that stands for "
                       "itself in no URL; write it as %%%02X",
                       f->origin, (unsigned char)rest.ptr[i]);
  f->url = BUF_WITH_LIMIT(URL_MAX);
  buf_add_text(&f->url, f->origin);
  if (rest.len == 0 || rest.ptr[0] != '/') buf_add_char(&f->url, '/');
  buf_add_slice(&f->url, rest);
  if (!buf_ok(&f->url)) return error_set(err, ERROR_USAGE, "%s: the URL is too long", f->origin);
  if (reach_has(f->reach, f->origin)) return 0;
  struct slice host = origin_host(f->origin);
  (void)error_set(err, ERROR_DENIED, "%s is not allowed", f->origin);
  return error_hint(err, "add --allow-net=%.*s, or allow = { net = { \"%.*s\" } } in hoko.lua",
                    SLICE_ARG(host), SLICE_ARG(host));
}

static bool is_token(struct slice s) {
  static const char others[] = "!#$%&'*+-.^_`|~";
  for (size_t i = 0; i < s.len; i++) {
    char c = s.ptr[i];
    bool is_alnum = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (!is_alnum && !memchr(others, c, sizeof others - 1)) return false;
  }
  return s.len > 0;
}

/* Headers that say where a message ends or whom it is for are libcurl's. */
static bool is_ours(struct slice name, const struct secret *key) {
  static const char *const ours[] = {
      "Host", "Content-Length", "Transfer-Encoding", "Connection",     "Upgrade",        "Trailer",
      "TE",   "Expect",         "Keep-Alive",        "HTTP2-Settings", "Accept-Encoding"};
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
    if (name.len == strlen(ours[i]) && strncasecmp(name.ptr, ours[i], name.len) == 0) return true;
  const char *carries = key ? secret_template(key) : "";
  return strncasecmp(carries, name.ptr, name.len) == 0 && carries[name.len] == ':';
}

static int take_header(struct fetch *f, struct slice line, const struct secret *key, bool *has_type,
                       struct error *err) {
  const char *colon = memchr(line.ptr, ':', line.len);
  struct slice name = {line.ptr, colon ? (size_t)(colon - line.ptr) : line.len};
  bool is_good = colon && is_token(name);
  for (size_t i = name.len; is_good && i < line.len; i++)
    is_good = (unsigned char)line.ptr[i] >= ' ' || line.ptr[i] == '\t';
  if (!is_good)
    return error_set(err, ERROR_USAGE, "header \"%.*s\" cannot be sent", SLICE_ARG(name));
  if (is_ours(name, key))
    return error_set(err, ERROR_USAGE, "header \"%.*s\" is not the script's to set",
                     SLICE_ARG(name));
  if (name.len == 12 && strncasecmp(name.ptr, "Content-Type", 12) == 0) *has_type = true;
  struct slice value = {colon + 1, line.len - name.len - 1};
  while (value.len && memchr(" \t", *value.ptr, 2))
    value = (struct slice){value.ptr + 1, value.len - 1};
  struct buf text = BUF_WITH_LIMIT(FETCH_HEAD_MAX);
  buf_add_slice(&text, name);
  if (value.len)
    buf_add_text(&text, ": "), buf_add_slice(&text, value);
  else
    buf_add_char(&text, ';'); /* libcurl's way to write an empty one */
  const char *whole = buf_text(&text);
  int rc = whole ? add_line(f, whole, err) : error_set(err, ERROR_USAGE, "a header is too long");
  buf_free(&text);
  return rc;
}

/* libcurl would add "Expect" and a Content-Type of its own to a body. */
static int take_headers(struct fetch *f, struct slice lines, const struct secret *key,
                        struct error *err) {
  bool has_type = false;
  while (lines.len) {
    const char *end = memchr(lines.ptr, '\n', lines.len);
    size_t len = end ? (size_t)(end - lines.ptr) : lines.len, whole = end ? len + 1 : len;
    if (take_header(f, (struct slice){lines.ptr, len}, key, &has_type, err)) return -1;
    lines = (struct slice){lines.ptr + whole, lines.len - whole};
  }
  if (add_line(f, "Expect:", err)) return -1;
  return has_type ? 0 : add_line(f, "Content-Type:", err);
}

static int take_key(struct fetch *f, const struct secret *key, struct error *err) {
  if (!key) return 0;
  struct secret *line = secret_header(key, f->origin, err);
  if (!line) return -1;
  int rc = add_line(f, secret_open(line).ptr, err);
  secret_close(line);
  secret_free(line);
  return rc;
}

static int take(struct fetch *f, const struct fetch_request *r, struct error *err) {
  if (take_method(f, r->method, err) || take_url(f, r->url, err) ||
      take_headers(f, r->headers, r->key, err) || take_key(f, r->key, err))
    return -1;
  f->body = BUF_WITH_LIMIT(BODY_MAX);
  buf_add_slice(&f->body, r->body);
  if (!buf_ok(&f->body)) return error_set(err, ERROR_USAGE, "the body is larger than 64 MiB");
  f->easy = curl_easy_init();
  bool is_set = f->easy && flow_set_callbacks(f) == CURLE_OK && set_connection(f) == CURLE_OK &&
                set_request(f) == CURLE_OK;
  return is_set ? 0 : out_of_memory(err);
}

struct fetch *fetch_new(const struct fetch_request *request, struct error *err) {
  struct fetch *f = calloc(1, sizeof *f);
  if (!f) {
    (void)out_of_memory(err);
    return NULL;
  }
  f->reach = request->reach;
  f->clock = request->clock;
  f->timeout_ms = request->timeout_ms;
  f->is_stream = request->is_stream;
  f->head = BUF_WITH_LIMIT(FETCH_HEAD_MAX);
  f->piece = BUF_WITH_LIMIT(FETCH_PIECE_MAX);
  headers_reset(&f->headers);
  if (take(f, request, err) == 0) return f;
  fetch_free(f);
  return NULL;
}

void fetch_free(struct fetch *f) {
  if (!f) return;
  curl_easy_cleanup(f->easy);
  curl_slist_free_all(f->lines);
  buf_free(&f->url);
  buf_free(&f->body);
  buf_free(&f->head);
  buf_free(&f->piece);
  free(f);
}
