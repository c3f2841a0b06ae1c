#define ZLIB_CONST /* input that is read only */
#include "worker/source/gzip.h"

#include <stdlib.h>
#include <zlib.h>

struct gzip {
  z_stream z;
  bool is_between; /* a member is complete; another, padding or the end follows */
  bool is_due;     /* zlib has more to tell without input: text that found no room, or an error */
};

enum { WINDOW_BITS = 15, ONLY_GZIP = 16 };

bool gzip_is_magic(struct slice bytes) {
  return bytes.len >= 2 && bytes.ptr[0] == '\x1f' && bytes.ptr[1] == '\x8b';
}

struct gzip *gzip_new(struct error *err) {
  struct gzip *g = calloc(1, sizeof *g);
  if (g && inflateInit2(&g->z, WINDOW_BITS + ONLY_GZIP) == Z_OK) return g;
  free(g);
  error_set(err, ERROR_MEMORY, "out of memory");
  return NULL;
}

void gzip_free(struct gzip *g) {
  if (!g) return;
  (void)inflateEnd(&g->z); /* tells only that the stream was not at its end */
  free(g);
}

/* Tools pad the last member with zeros, as tapes and block devices need them. */
static void skip_padding(struct slice *in) {
  while (in->len && in->ptr[0] == '\0') {
    in->ptr++;
    in->len--;
  }
}

static int inflate_some(struct gzip *g, struct slice *in, char *to, size_t room, size_t *len) {
  g->z.next_in = (const Bytef *)in->ptr;
  g->z.avail_in = (uInt)in->len; /* an inlet's size */
  g->z.next_out = (Bytef *)to;
  g->z.avail_out = (uInt)room; /* BYTES_READ at most */
  int code = inflate(&g->z, Z_NO_FLUSH);
  in->ptr += in->len - g->z.avail_in;
  in->len = g->z.avail_in;
  *len = room - g->z.avail_out;
  return code;
}

/* Another member begins when more than padding follows. */
static int next_member(struct gzip *g, struct slice *in, bool *is_ready, struct error *err) {
  skip_padding(in);
  *is_ready = in->len > 0;
  if (!*is_ready) return 0;
  g->is_between = false;
  return inflateReset(&g->z) == Z_OK ? 0 : error_set(err, ERROR_INTERNAL, "inflateReset failed");
}

int gzip_read(struct gzip *g, struct slice *in, bool is_end, char *to, size_t room, size_t *len,
              struct error *err) {
  *len = 0;
  bool is_ready = in->len > 0 || g->is_due;
  if (g->is_between && next_member(g, in, &is_ready, err)) return -1;
  if (!is_ready && is_end && !g->is_between)
    return error_set(err, ERROR_DATA, "the gzip data ends in the middle: the file is cut off");
  if (!is_ready) return 0;
  int code = inflate_some(g, in, to, room, len);
  g->is_between = code == Z_STREAM_END;
  bool is_good = code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR;
  g->is_due = !g->is_between && (*len == room || !is_good);
  if (is_good || *len > 0) return 0; /* an error comes again, behind the text before it */
  if (code == Z_MEM_ERROR) return error_set(err, ERROR_MEMORY, "out of memory");
  return error_set(err, ERROR_DATA, "the gzip data is damaged (%s)",
                   g->z.msg ? g->z.msg : "no reason given");
}
