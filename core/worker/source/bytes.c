#include "worker/source/bytes.h"

#include "worker/source/encoding.h"
#include "worker/source/gzip.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INLET_SIZE = 64 << 10 };

static int fd_read(struct bytes *b, char *to, size_t room, size_t *len, struct error *err) {
  ssize_t got;
  do got = read(b->fd, to, room);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EISDIR) return error_set(err, ERROR_DATA, "this is a folder, not a file");
  if (got < 0) return error_errno(err, ERROR_DATA, errno, "cannot read");
  *len = (size_t)got;
  return 0;
}

static int inlet_new(struct bytes_inlet *in, struct error *err) {
  in->ptr = malloc(INLET_SIZE);
  return in->ptr ? 0 : error_set(err, ERROR_MEMORY, "out of memory");
}

static struct slice inlet_rest(const struct bytes_inlet *in) {
  return (struct slice){in->ptr + in->at, in->len - in->at};
}

/* Moves the rest to the front; returns how much room is behind it. */
static size_t inlet_room(struct bytes_inlet *in) {
  if (in->at) memmove(in->ptr, in->ptr + in->at, in->len - in->at);
  in->len -= in->at;
  in->at = 0;
  return INLET_SIZE - in->len;
}

static void inlet_got(struct bytes_inlet *in, size_t len) {
  in->len += len;
  if (len == 0) in->is_end = true;
}

/* Whether a stage must be fed before it is called. */
static bool inlet_is_dry(const struct bytes_inlet *in) { return in->at == in->len && !in->is_end; }

static int packed_fill(struct bytes *b, struct error *err) {
  size_t len, room = inlet_room(&b->packed);
  if (fd_read(b, b->packed.ptr + b->packed.len, room, &len, err)) return -1;
  inlet_got(&b->packed, len);
  return 0;
}

/* The bytes that were read to see whether they are gzip's come first. */
static size_t packed_copy(struct bytes *b, char *to, size_t room) {
  struct slice rest = inlet_rest(&b->packed);
  size_t len = rest.len < room ? rest.len : room;
  memcpy(to, rest.ptr, len);
  b->packed.at += len;
  return len;
}

static int plain_read(struct bytes *b, char *to, size_t room, size_t *len, struct error *err) {
  *len = 0;
  if (!b->gzip) {
    *len = packed_copy(b, to, room);
    return *len || b->packed.is_end ? 0 : fd_read(b, to, room, len, err);
  }
  for (bool is_end = false; *len == 0 && !is_end;) {
    if (inlet_is_dry(&b->packed) && packed_fill(b, err)) return -1;
    struct slice rest = inlet_rest(&b->packed);
    is_end = b->packed.is_end && rest.len == 0;
    if (gzip_read(b->gzip, &rest, is_end, to, room, len, err)) return -1;
    b->packed.at = b->packed.len - rest.len;
  }
  return 0;
}

static int coded_fill(struct bytes *b, struct error *err) {
  size_t len, room = inlet_room(&b->coded);
  if (plain_read(b, b->coded.ptr + b->coded.len, room, &len, err)) return -1;
  inlet_got(&b->coded, len);
  return 0;
}

static int text_read(struct bytes *b, char *to, size_t room, size_t *len, struct error *err) {
  if (!b->encoding) return plain_read(b, to, room, len, err);
  *len = 0;
  for (bool is_end = false, is_short = true; *len == 0 && !is_end;) {
    if (is_short && !b->coded.is_end && coded_fill(b, err)) return -1;
    struct slice rest = inlet_rest(&b->coded);
    is_end = b->coded.is_end && rest.len == 0;
    if (encoding_read(b->encoding, &rest, b->coded.is_end, to, room, len, err)) return -1;
    b->coded.at = b->coded.len - rest.len;
    is_short = *len == 0; /* a character is cut off: its rest must come */
  }
  return 0;
}

/* Reads until the first two bytes are there, and unpacks if they are gzip's. */
static int begin_packed(struct bytes *b, struct error *err) {
  if (inlet_new(&b->packed, err)) return -1;
  while (b->packed.len < 2 && !b->packed.is_end)
    if (packed_fill(b, err)) return -1;
  if (!gzip_is_magic(inlet_rest(&b->packed))) return 0;
  b->gzip = gzip_new(err);
  return b->gzip ? 0 : -1;
}

static int begin_coded(struct bytes *b, const char *encoding, struct error *err) {
  if (!encoding || encoding_is_utf8(encoding)) return 0;
  if (inlet_new(&b->coded, err)) return -1;
  b->encoding = encoding_new(encoding, err);
  return b->encoding ? 0 : -1;
}

int bytes_open(struct bytes *b, int fd, const char *encoding, size_t limit, struct error *err) {
  *b = (struct bytes){.fd = fd, .limit = limit, .cap = 2 * BYTES_READ};
  assert(fd >= 0 && limit >= BYTES_READ);
  b->ptr = b->at = b->end = malloc(b->cap + BYTES_SLACK);
  if (!b->ptr) error_set(err, ERROR_MEMORY, "out of memory");
  if (b->ptr && !begin_coded(b, encoding, err) && !begin_packed(b, err)) return 0;
  bytes_close(b);
  return -1;
}

void bytes_close(struct bytes *b) {
  if (!b->cap) return;
  gzip_free(b->gzip);
  encoding_free(b->encoding);
  free(b->packed.ptr);
  free(b->coded.ptr);
  free(b->ptr);
  close(b->fd);
  *b = (struct bytes){0};
}

/* Moves the unread bytes to the front and makes room for a read behind them. */
static enum bytes_got make_room(struct bytes *b, struct error *err) {
  size_t len = (size_t)(b->end - b->at);
  if (len >= b->limit) return BYTES_FULL;
  if (b->at != b->ptr) memmove(b->ptr, b->at, len);
  if (b->cap - len < BYTES_READ) {
    char *ptr = realloc(b->ptr, 2 * b->cap + BYTES_SLACK);
    if (!ptr) {
      b->at = b->ptr;
      b->end = b->ptr + len;
      error_set(err, ERROR_MEMORY, "out of memory");
      return BYTES_FAILED;
    }
    b->ptr = ptr;
    b->cap *= 2;
  }
  b->at = b->ptr;
  b->end = b->ptr + len;
  return BYTES_MORE;
}

static int append(struct bytes *b, size_t *len, struct error *err) {
  size_t room = b->cap - (size_t)(b->end - b->ptr);
  if (text_read(b, b->end, room > BYTES_READ ? BYTES_READ : room, len, err)) return -1;
  b->end += *len;
  memset(b->end, 0, BYTES_SLACK);
  return 0;
}

/* The first bytes: a byte order mark is none of the text.  What fails behind some
 * bytes fails again when they are used up. */
static int begin_text(struct bytes *b, size_t *len, struct error *err) {
  int rc;
  b->is_begun = true;
  do rc = append(b, len, err);
  while (rc == 0 && *len && b->end - b->at < 3);
  if (rc && b->end == b->at) return -1;
  if (b->end - b->at >= 3 && memcmp(b->at, "\xef\xbb\xbf", 3) == 0) b->at += 3;
  *len = (size_t)(b->end - b->at);
  return 0;
}

enum bytes_got bytes_more(struct bytes *b, struct error *err) {
  enum bytes_got room = make_room(b, err);
  if (room != BYTES_MORE) return room;
  size_t len = 0;
  if (!b->is_begun && begin_text(b, &len, err)) return BYTES_FAILED;
  if (len == 0 && append(b, &len, err)) return BYTES_FAILED;
  return len ? BYTES_MORE : BYTES_END;
}
