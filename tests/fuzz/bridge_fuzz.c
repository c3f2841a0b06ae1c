/* Any bytes at either end of the bridge: each message that is taken lies within its frame
 * and is the same when put and taken again; anything else ends the bridge. */
#include "bridge/bridge.h"

#include "check.h"

#include <sys/socket.h>
#include <unistd.h>

enum { ROUND_MAX = 1 << 20 };

static void check_round(const struct message *m, bool to_worker) {
  struct buf b = BUF_WITH_LIMIT(ROUND_MAX);
  struct message back;
  struct error err;
  enum message_kind kind;
  size_t len;
  message_put(&b, m);
  check(buf_ok(&b));
  check(message_head(b.ptr, to_worker, &kind, &len, &err) == 0 && kind == m->kind);
  check(len == b.len - FRAME_HEAD_SIZE);
  check(message_parse(kind, (struct slice){b.ptr + FRAME_HEAD_SIZE, len}, &back, &err) == 0);
  for (int i = 0; i < MESSAGE_NUMBERS_MAX; i++) check(back.number[i] == m->number[i]);
  for (int i = 0; i < MESSAGE_TEXTS_MAX; i++) check(slice_equal(back.text[i], m->text[i]));
  buf_free(&b);
}

/* Writes BYTES into one end of a socket and reads messages from the other. */
static void read_all(struct slice bytes, bool is_worker) {
  struct error err;
  struct message m;
  enum channel_got got;
  int fd[2];
  check(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
  check(write(fd[1], bytes.ptr, bytes.len) == (ssize_t)bytes.len);
  check(shutdown(fd[1], SHUT_WR) == 0);
  struct channel *c = channel_new(fd[0], is_worker, &err);
  check(c != NULL);
  while ((got = channel_next(c, &m, &err)) == CHANNEL_MESSAGE) check_round(&m, is_worker);
  check(got == CHANNEL_CLOSED || got == CHANNEL_BROKEN);
  channel_free(c);
  (void)close(fd[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len == 0 || len > 64 << 10) return 0;
  struct slice bytes = {(const char *)data, len};
  read_all(bytes, true);
  read_all(bytes, false);
  return 0;
}
