#include "sink/conn.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BODY_MAX = 256 << 20, HEAD_MAX = 64 << 10, READ_SIZE = 64 << 10, HEAD_GAP = 160 };

enum conn_state { READ_HEAD, READ_BODY, WAIT, WRITE };

struct conn {
  int fd;
  enum conn_state state;
  struct buf in, out, body; /* body: only of a chunked request */
  size_t head_len, body_len, out_at;
  bool is_chunked, is_post, closes;
  int64_t due_ns;
  struct conn *next_waiting;
};

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void totals_put(struct buf *b, const struct totals *t) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  double cpu_s = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
  buf_room(b, 640);
  int len = snprintf(
      b->ptr + b->len, 640,
      "{\"requests\":%" PRId64 ",\"rows\":%" PRId64 ",\"rows_hash\":\"%016" PRIx64
      "\",\"nulls\":%" PRId64 ",\"bad\":%" PRId64 ",\"connections\":%" PRId64
      ",\"in_flight_max\":%" PRId64 ",\"bytes_in\":%" PRId64 ",\"bytes_out\":%" PRId64
      ",\"first_request_ns\":%" PRId64 ",\"last_answer_ns\":%" PRId64 ",\"cpu_s\":%.3f}\n",
      t->requests, t->sum.rows, t->sum.hash, t->sum.nulls, t->bad, t->connections, t->in_flight_max,
      t->bytes_in, t->bytes_out, t->first_request_ns, t->last_answer_ns, cpu_s);
  b->len += (size_t)len;
}

/* ---- the head ------------------------------------------------------------ */

/* The value of header NAME in C's head, or NULL; it ends with the line. */
static const char *header(const struct conn *c, const char *name) {
  size_t len = strlen(name), head_len = c->head_len;
  const char *head = c->in.ptr;
  for (const char *p = memchr(head, '\n', head_len); p && (size_t)(p - head) + len + 2 < head_len;
       p = memchr(p + 1, '\n', head_len - (size_t)(p + 1 - head)))
    if (!strncasecmp(p + 1, name, len) && p[1 + len] == ':')
      return p + 2 + len + strspn(p + 2 + len, " \t");
  return NULL;
}

static bool has_header(const struct conn *c, const char *name, const char *value) {
  const char *found = header(c, name);
  return found && !strncasecmp(found, value, strlen(value));
}

static bool starts_with(const struct conn *c, const char *text) {
  return !strncmp(c->in.ptr, text, strlen(text));
}

static void note_request(struct totals *t) {
  if (!t->first_request_ns) t->first_request_ns = now_ns();
  if (++t->in_flight > t->in_flight_max) t->in_flight_max = t->in_flight;
}

/* 1: the head is read; 0: more bytes are needed; -1: close. */
static int parse_head(struct sink *s, struct conn *c) {
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  buf_room(&c->in, 1);
  c->in.ptr[c->in.len] = '\0';
  const char *end = memmem(c->in.ptr, c->in.len, "\r\n\r\n", 4);
  if (!end) return c->in.len > HEAD_MAX ? -1 : 0;
  c->head_len = (size_t)(end + 4 - c->in.ptr);
  const char *length = header(c, "content-length");
  c->body_len = length ? strtoull(length, NULL, 10) : 0;
  c->is_chunked = has_header(c, "transfer-encoding", "chunked");
  c->closes = has_header(c, "connection", "close");
  c->is_post = starts_with(c, "POST ");
  if (c->body_len > BODY_MAX) return -1;
  if (has_header(c, "expect", "100-continue") &&
      write(c->fd, go_on, sizeof go_on - 1) != sizeof go_on - 1)
    return -1;
  if (c->is_post || starts_with(c, "PUT ")) note_request(&s->totals);
  c->state = READ_BODY;
  return 1;
}

/* ---- the answer ---------------------------------------------------------- */

/* Appends the answer's body; gives its status line's end. */
static const char *answer_body(struct sink *s, struct conn *c, struct slice body) {
  static const struct slice refusal =
      SLICE_INIT("{\"message\":\"not an array of 1 to 10000 partners\"}");
  if (starts_with(c, "PUT /api/partners ") || starts_with(c, "POST /api/partners ")) {
    s->totals.requests++;
    if (rows_answer(body, c->is_post, &s->totals.sum, &c->out) == 0)
      return c->is_post ? "201 Created" : "200 OK";
    s->totals.bad++;
    c->out.len = HEAD_GAP;
    buf_add(&c->out, refusal);
    return "400 Bad Request";
  }
  if (starts_with(c, "GET /stats "))
    totals_put(&c->out, &s->totals);
  else if (starts_with(c, "GET /api/partners"))
    buf_add(&c->out, SLICE_LIT("[]"));
  else
    return "404 Not Found";
  return "200 OK";
}

/* The body is built behind a gap, so that its length is known before the head is. */
static void answer(struct sink *s, struct conn *c, struct slice body) {
  char head[HEAD_GAP + 1];
  bool is_write = c->is_post || starts_with(c, "PUT ");
  c->out.len = 0;
  buf_room(&c->out, HEAD_GAP);
  c->out.len = HEAD_GAP;
  const char *status = answer_body(s, c, body);
  int len =
      snprintf(head, sizeof head,
               "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n",
               status, c->out.len - HEAD_GAP, c->closes ? "Connection: close\r\n" : "");
  c->out_at = HEAD_GAP - (size_t)len;
  memcpy(c->out.ptr + c->out_at, head, (size_t)len);
  c->state = WRITE;
  if (!is_write) return;
  s->totals.bytes_out += (int64_t)(c->out.len - c->out_at);
  if (!s->latency_ns) return;
  c->state = WAIT;
  c->due_ns = now_ns() + s->latency_ns;
  c->next_waiting = NULL;
  *s->waiting_tail = c;
  s->waiting_tail = &c->next_waiting;
}

/* ---- moving on ----------------------------------------------------------- */

/* Joins the chunks; 1: the last one is there, and the request took *USED bytes; 0: more
 * bytes are needed; -1: close. */
static int join_chunks(struct conn *c, size_t *used) {
  const char *p = c->in.ptr + c->head_len, *end = c->in.ptr + c->in.len;
  c->body.len = 0;
  for (;;) {
    const char *line_end = memmem(p, (size_t)(end - p), "\r\n", 2);
    if (!line_end) return 0;
    size_t len = strtoull(p, NULL, 16);
    if (len > BODY_MAX) return -1;
    if ((size_t)(end - line_end) < len + 4) return 0;
    if (len == 0) {
      *used = (size_t)(line_end + 4 - c->in.ptr);
      return 1;
    }
    buf_add(&c->body, (struct slice){line_end + 2, len});
    p = line_end + 2 + len + 2;
  }
}

/* 1: a request was answered; 0: more bytes are needed; -1: close. */
static int read_request(struct sink *s, struct conn *c) {
  size_t used = c->head_len + c->body_len;
  struct slice body = {c->in.ptr + c->head_len, c->body_len};
  if (c->is_chunked) {
    int joined = join_chunks(c, &used);
    if (joined <= 0) return joined;
    body = (struct slice){c->body.ptr, c->body.len};
  } else if (c->in.len < used) {
    buf_room(&c->in, used - c->in.len + 1);
    return 0;
  }
  s->totals.bytes_in += (int64_t)used;
  answer(s, c, body);
  memmove(c->in.ptr, c->in.ptr + used, c->in.len - used);
  c->in.len -= used;
  return 1;
}

/* Goes as far as the bytes at hand allow; -1: close. */
static int advance(struct sink *s, struct conn *c) {
  int done = 1;
  if (c->state == READ_HEAD) done = parse_head(s, c);
  if (done == 1 && c->state == READ_BODY) done = read_request(s, c);
  return done < 0 ? -1 : 0;
}

static int receive(struct sink *s, struct conn *c) {
  while (c->state <= READ_BODY) {
    buf_room(&c->in, READ_SIZE);
    ssize_t n = read(c->fd, c->in.ptr + c->in.len, c->in.cap - c->in.len - 1);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    if (n == 0) return -1;
    c->in.len += (size_t)n;
    if (advance(s, c)) return -1;
  }
  return 0;
}

static int watch(struct sink *s, struct conn *c, uint32_t events) {
  struct epoll_event e = {.events = events, .data.ptr = c};
  return epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static int send_answer(struct sink *s, struct conn *c) {
  while (c->out_at < c->out.len) {
    ssize_t n = write(c->fd, c->out.ptr + c->out_at, c->out.len - c->out_at);
    if (n < 0) return errno == EAGAIN ? watch(s, c, EPOLLOUT) : -1;
    c->out_at += (size_t)n;
  }
  if (s->totals.in_flight) s->totals.in_flight--;
  s->totals.last_answer_ns = now_ns();
  if (c->closes) return -1;
  c->state = READ_HEAD;
  return watch(s, c, EPOLLIN);
}

/* While a connection waits or writes it is not read: one request at a time. */
static int move(struct sink *s, struct conn *c) {
  if (c->state <= READ_BODY && receive(s, c)) return -1;
  while (c->state == WRITE) {
    if (send_answer(s, c)) return -1;
    if (c->state != READ_HEAD) return 0;
    if (c->in.len && advance(s, c)) return -1;
  }
  return c->state == WAIT ? watch(s, c, 0) : 0;
}

void conn_turn(struct sink *s, struct conn *c) {
  if (move(s, c) == 0) return;
  close(c->fd);
  free(c->in.ptr);
  free(c->out.ptr);
  free(c->body.ptr);
  free(c);
}

void conn_new(struct sink *s, int fd) {
  struct conn *c = calloc(1, sizeof *c);
  if (!c) die("out of memory");
  c->fd = fd;
  s->totals.connections++;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &e)) die("epoll_ctl");
}

int conn_release_due(struct sink *s) {
  while (s->waiting_head) {
    struct conn *c = s->waiting_head;
    int64_t left_ns = c->due_ns - now_ns();
    if (left_ns > 0) return (int)((left_ns + 999999) / 1000000);
    s->waiting_head = c->next_waiting;
    if (!s->waiting_head) s->waiting_tail = &s->waiting_head;
    c->state = WRITE;
    conn_turn(s, c);
  }
  return -1;
}
