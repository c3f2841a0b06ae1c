#include "bridge/channel.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OUT_LIMIT = 256 << 20, FDS_MAX = 4, SOCKET_BUFFER = 1 << 20, LONG_TEXT = 64 << 10 };

/* A descriptor to go with the frame that begins at AT of the queue. */
struct pending_fd {
  size_t at;
  int fd;
};

struct channel {
  int fd;
  bool is_worker;
  char head[FRAME_HEAD_SIZE];
  size_t head_len;
  enum message_kind kind;
  char *payload;
  size_t payload_len, payload_cap, got_len;
  struct buf out;
  size_t out_at; /* bytes of out already written */
  struct pending_fd out_fd[FDS_MAX];
  size_t out_fds_len;
  int in_fd[FDS_MAX];
  size_t in_fds_len;
};

struct channel *channel_new(int fd, bool is_worker, struct error *err) {
  struct channel *c = calloc(1, sizeof *c);
  if (!c) {
    (void)error_set(err, ERROR_MEMORY, "out of memory for the bridge");
    return NULL;
  }
  c->fd = fd;
  c->is_worker = is_worker;
  c->out = BUF_WITH_LIMIT(OUT_LIMIT);
  int size = SOCKET_BUFFER;
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size); /* only a matter of speed */
  return c;
}

void channel_free(struct channel *c) {
  if (!c) return;
  for (size_t i = 0; i < c->in_fds_len; i++) (void)close(c->in_fd[i]);
  for (size_t i = 0; i < c->out_fds_len; i++) (void)close(c->out_fd[i].fd);
  (void)close(c->fd);
  free(c->payload);
  buf_free(&c->out);
  free(c);
}

int channel_fd(const struct channel *c) { return c->fd; }

/* ---- in ------------------------------------------------------------------ */

static void take_fds(struct channel *c, struct msghdr *msg) {
  for (struct cmsghdr *h = CMSG_FIRSTHDR(msg); h; h = CMSG_NXTHDR(msg, h)) {
    if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
    size_t len = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < len; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
      if (c->in_fds_len < FDS_MAX)
        c->in_fd[c->in_fds_len++] = fd;
      else
        (void)close(fd);
    }
  }
}

static ssize_t receive(struct channel *c, char *to, size_t len) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
  } control;
  struct iovec iov = {to, len};
  struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
  if (c->is_worker) { /* descriptors only go that way */
    msg.msg_control = control.bytes;
    msg.msg_controllen = sizeof control.bytes;
  }
  ssize_t n;
  do n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC | (c->is_worker ? 0 : MSG_DONTWAIT));
  while (n < 0 && errno == EINTR);
  if (n > 0 && c->is_worker) take_fds(c, &msg);
  return n;
}

/* Reads up to LEN - *GOT bytes more; CHANNEL_MESSAGE when all LEN are there. */
static enum channel_got fill(struct channel *c, char *to, size_t len, size_t *got,
                             struct error *err) {
  while (*got < len) {
    ssize_t n = receive(c, to + *got, len - *got);
    if (n == 0) return CHANNEL_CLOSED;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return CHANNEL_NOTHING;
    if (n < 0 && errno == ECONNRESET) return CHANNEL_CLOSED;
    if (n < 0) {
      (void)error_errno(err, ERROR_INTERNAL, errno, "reading from the bridge");
      return CHANNEL_BROKEN;
    }
    *got += (size_t)n;
  }
  return CHANNEL_MESSAGE;
}

static int payload_room(struct channel *c, struct error *err) {
  if (c->payload && c->payload_len <= c->payload_cap) return 0;
  free(c->payload);
  c->payload_cap = c->payload_len ? c->payload_len : 1;
  c->payload = malloc(c->payload_cap);
  if (c->payload) return 0;
  c->payload_cap = 0;
  return error_set(err, ERROR_MEMORY, "out of memory for a message of %zu bytes", c->payload_len);
}

enum channel_got channel_next(struct channel *c, struct message *m, struct error *err) {
  enum channel_got got;
  if (c->head_len < FRAME_HEAD_SIZE) {
    got = fill(c, c->head, FRAME_HEAD_SIZE, &c->head_len, err);
    if (got != CHANNEL_MESSAGE) return got;
    c->got_len = 0;
    if (message_head(c->head, c->is_worker, &c->kind, &c->payload_len, err)) return CHANNEL_BROKEN;
    if (payload_room(c, err)) return CHANNEL_BROKEN;
  }
  got = fill(c, c->payload, c->payload_len, &c->got_len, err);
  if (got != CHANNEL_MESSAGE) return got;
  c->head_len = 0;
  if (message_parse(c->kind, (struct slice){c->payload, c->payload_len}, m, err))
    return CHANNEL_BROKEN;
  return CHANNEL_MESSAGE;
}

bool channel_is_ready(const struct channel *c) {
  struct pollfd p = {.fd = c->fd, .events = POLLIN};
  return poll(&p, 1, 0) > 0;
}

char *channel_keep(struct channel *c) {
  char *payload = c->payload;
  c->payload = NULL;
  c->payload_cap = 0;
  return payload;
}

int channel_take_fd(struct channel *c) {
  if (!c->in_fds_len) return -1;
  int fd = c->in_fd[0];
  c->in_fds_len--;
  memmove(c->in_fd, c->in_fd + 1, c->in_fds_len * sizeof *c->in_fd);
  return fd;
}

/* ---- out ----------------------------------------------------------------- */

static struct iovec iovec_of(struct slice bytes) {
  return (struct iovec){(void *)(uintptr_t)bytes.ptr, bytes.len};
}

/* Writes some of the bytes of N parts, with FD attached to the first one unless it is -1. */
static ssize_t transmit_parts(const struct channel *c, struct iovec *parts, size_t n_parts,
                              int fd) {
  union {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.bytes = {0}};
  struct msghdr msg = {.msg_iov = parts, .msg_iovlen = n_parts};
  if (fd >= 0) {
    msg.msg_control = control.bytes;
    msg.msg_controllen = sizeof control.bytes;
    struct cmsghdr *h = CMSG_FIRSTHDR(&msg);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(h), &fd, sizeof fd);
  }
  ssize_t n;
  do n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | (c->is_worker ? 0 : MSG_DONTWAIT));
  while (n < 0 && errno == EINTR);
  return n;
}

static ssize_t transmit(const struct channel *c, struct slice bytes, int fd) {
  struct iovec part = iovec_of(bytes);
  return transmit_parts(c, &part, 1, fd);
}

/* How far one sendmsg may go: up to the next frame that has a descriptor. */
static size_t stretch(const struct channel *c) {
  for (size_t i = 0; i < c->out_fds_len; i++)
    if (c->out_fd[i].at > c->out_at) return c->out_fd[i].at - c->out_at;
  return c->out.len - c->out_at;
}

static void fd_sent(struct channel *c) {
  (void)close(c->out_fd[0].fd);
  c->out_fds_len--;
  memmove(c->out_fd, c->out_fd + 1, c->out_fds_len * sizeof *c->out_fd);
}

int channel_flush(struct channel *c) {
  if (!buf_ok(&c->out)) return -1; /* a message is lost: the other end would wait for it */
  while (c->out_at < c->out.len) {
    bool has_fd = c->out_fds_len && c->out_fd[0].at == c->out_at;
    ssize_t n = transmit(c, (struct slice){c->out.ptr + c->out_at, stretch(c)},
                         has_fd ? c->out_fd[0].fd : -1);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
    if (has_fd) fd_sent(c);
    c->out_at += (size_t)n;
  }
  buf_clear(&c->out);
  c->out_at = 0;
  return 0;
}

/* M's first text goes out from where it stands; the queue, which is empty, takes it only
 * where the socket does not. */
static int send_long(struct channel *c, const struct message *m) {
  message_put_before(&c->out, m);
  size_t before = c->out.len;
  message_put_behind(&c->out, m);
  if (!buf_ok(&c->out)) return -1;
  struct iovec parts[] = {iovec_of((struct slice){c->out.ptr, before}), iovec_of(m->text[0]),
                          iovec_of((struct slice){c->out.ptr + before, c->out.len - before})};
  ssize_t n = transmit_parts(c, parts, sizeof parts / sizeof *parts, -1);
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return -1;
  bool is_whole = n >= 0 && (size_t)n == c->out.len + m->text[0].len;
  buf_clear(&c->out);
  if (is_whole) return 0;
  message_put(&c->out, m);
  c->out_at = n < 0 ? 0 : (size_t)n;
  return channel_flush(c);
}

int channel_send(struct channel *c, const struct message *m) {
  if (m->text[0].len >= LONG_TEXT && buf_ok(&c->out) && !c->out.len) return send_long(c, m);
  return channel_send_fd(c, m, -1);
}

int channel_send_fd(struct channel *c, const struct message *m, int fd) {
  if (fd >= 0) {
    if (c->out_fds_len == FDS_MAX) {
      (void)close(fd);
      return -1;
    }
    c->out_fd[c->out_fds_len++] = (struct pending_fd){c->out.len, fd};
  }
  message_put(&c->out, m);
  if (!buf_ok(&c->out)) return -1;
  return channel_flush(c);
}

int channel_send_raw(struct channel *c, struct slice frames) {
  assert(c->is_worker && c->out.len == 0);
  while (frames.len) {
    ssize_t n = transmit(c, frames, -1);
    if (n < 0) return -1;
    frames.ptr += n;
    frames.len -= (size_t)n;
  }
  return 0;
}

size_t channel_queued(const struct channel *c) { return c->out.len - c->out_at; }
