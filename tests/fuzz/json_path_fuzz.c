/* The first line is a path, the rest a document: the items are the same wherever
 * the bytes are cut, and a walk that ends well has read a whole document. */
#include "base/buf.h"
#include "base/hash.h"
#include "worker/source/json_items.h"

#include "check.h"

#include <sys/socket.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 12, PACKETS_MAX = 100 };

static const struct hash_key key = {1, 2};

static int open_chunks(struct slice text, size_t chunk) {
  int fd[2];
  check(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) == 0);
  for (size_t at = 0; at < text.len; at += chunk) {
    size_t len = text.len - at < chunk ? text.len - at : chunk;
    check(send(fd[1], text.ptr + at, len, MSG_DONTWAIT) == (ssize_t)len);
  }
  close(fd[1]);
  return fd[0];
}

static int hash_value(struct json_stream *s, enum json_token token, uint64_t *hash,
                      struct error *err) {
  for (unsigned open = 0;;) {
    if (token == JSON_ERROR) return -1;
    bool is_text = token == JSON_KEY || token == JSON_STRING || token == JSON_NUMBER;
    *hash = *hash * 31 + token + (is_text ? hash_slice(&key, s->scan.text) : 0);
    if (token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN) open++;
    if (token == JSON_OBJECT_END || token == JSON_ARRAY_END) open--;
    if (open == 0) return 0;
    token = json_stream_next(s, err);
  }
}

static bool is_document(struct slice text) {
  struct json_scan s;
  enum json_token token;
  if (text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0)
    text = (struct slice){text.ptr + 3, text.len - 3};
  json_init(&s, 100);
  json_feed(&s, text, true);
  do token = json_next(&s);
  while (token != JSON_ERROR && token != JSON_END_OF_VALUE && token != JSON_NEED_MORE);
  return token == JSON_END_OF_VALUE && json_next(&s) == JSON_NEED_MORE;
}

/* Returns how the walk ended. */
static int walk(int fd, const struct json_path *path, uint64_t *hash) {
  struct bytes bytes;
  struct json_items items;
  struct error err;
  enum json_token token;
  int got;
  *hash = 0;
  if (bytes_open(&bytes, fd, NULL, JSON_STREAM_TOKEN_MAX, &err)) return -2;
  json_items_init(&items, &bytes, path, 100);
  while ((got = json_items_next(&items, &token, &err)) > 0) {
    *hash = *hash * 31 + items.line;
    if ((got = hash_value(&items.stream, token, hash, &err)) < 0) break;
  }
  if (got < 0) *hash = *hash * 31 + hash_slice(&key, slice_of(err.message));
  json_items_free(&items);
  bytes_close(&bytes);
  return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char text[JSON_PATH_TEXT_MAX];
  struct json_path path;
  struct error err;
  const uint8_t *end = memchr(data, '\n', len);
  size_t path_len = end ? (size_t)(end - data) : 0;
  if (!end || len > TEXT_MAX || path_len >= sizeof text) return 0;
  memcpy(text, data, path_len);
  text[path_len] = '\0';
  if (json_path_parse(&path, text, &err)) return 0;
  struct slice document = {(const char *)end + 1, len - path_len - 1};
  if (document.len == 0) return 0;
  uint64_t whole, parts;
  int rc = walk(open_chunks(document, document.len), &path, &whole);
  check(rc == walk(open_chunks(document, 1 + document.len / PACKETS_MAX), &path, &parts));
  check(whole == parts);
  bool is_packed = document.len >= 2 && memcmp(document.ptr, "\x1f\x8b", 2) == 0;
  if (rc == 0 && !is_packed) check(is_document(document));
  return 0;
}
