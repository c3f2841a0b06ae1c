#include "net/transfer.h"

#include "api/answer.h"
#include "net/easy.h"
#include "net/headers.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
  BUFFER_SIZE = 512 << 10, /* both ways: half the CPU of libcurl's own sizes at 1 MiB bodies */
  DRAIN_MAX = 1 << 20,     /* read and dropped to keep a connection; more ends it */
  URL_MAX = 64 << 10,
};

/* How long a connection may have been idle that is used again.  Servers close idle ones,
 * and a request that meets the close has an unknown outcome: dear where it may be sent
 * once only. */
static const long IDLE_S = 118, IDLE_ONCE_S = 15;

struct transfer {
  const struct transfer_shared *shared;
  CURL *easy;
  struct exchange *exchange;
  struct headers headers;
  struct buf url;
  size_t body_at;    /* of the body, given to libcurl in this attempt */
  int64_t body_sent; /* in all attempts */
  size_t drained;
  bool is_enough;    /* the answer was ended by us */
  bool is_once_over; /* libcurl wanted a second attempt */
  char detail[CURL_ERROR_SIZE];
};

/* Before each attempt, on a connection that is ready.  libcurl makes a second one by
 * itself when a kept connection turns out dead; no option keeps it from that, but
 * this callback does, and a body that refuses to be rewound. */
static int on_attempt(void *user, char *peer_ip, char *own_ip, int peer_port, int own_port) {
  struct transfer *t = user;
  struct exchange *e = t->exchange;
  (void)peer_ip;
  (void)own_ip;
  (void)peer_port;
  (void)own_port;
  if (e->is_once && e->attempts > 0) {
    t->is_once_over = true;
    return CURL_PREREQFUNC_ABORT;
  }
  e->attempts++;
  t->body_at = 0;
  headers_reset(&t->headers);
  return CURL_PREREQFUNC_OK;
}

/* libcurl's own sockets would be inherited by the commands that a script may run. */
static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)user;
  (void)purpose;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_send(char *to, size_t size, size_t count, void *user) {
  struct transfer *t = user;
  struct slice body = t->exchange->body;
  size_t room = size * count, left = body.len - t->body_at;
  size_t len = left < room ? left : room;
  memcpy(to, body.ptr + t->body_at, len);
  t->body_at += len;
  t->body_sent += (int64_t)len;
  return len;
}

/* libcurl rewinds a body only to send it again. */
static int on_rewind(void *user, curl_off_t offset, int origin) {
  struct transfer *t = user;
  t->is_once_over = t->exchange->is_once;
  if (t->is_once_over || origin != SEEK_SET || offset != 0) return CURL_SEEKFUNC_FAIL;
  t->body_at = 0;
  return CURL_SEEKFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t count, void *user) {
  struct transfer *t = user;
  headers_line(&t->headers, (struct slice){line, size * count}, clock_wall_ms(t->shared->clock));
  return size * count;
}

static bool is_scanned(const struct transfer *t) {
  return t->exchange->answer && (t->headers.status == 200 || t->headers.status == 201);
}

static bool keep_text(struct exchange *e, struct slice bytes) {
  size_t room = e->text.limit - e->text.len;
  buf_add(&e->text, bytes.ptr, bytes.len < room ? bytes.len : room);
  if (bytes.len > room || !buf_ok(&e->text)) e->is_text_cut = true;
  return !e->is_text_cut;
}

static size_t on_answer(char *bytes, size_t size, size_t count, void *user) {
  struct transfer *t = user;
  struct slice s = {bytes, size * count};
  bool is_wanted = is_scanned(t) ? answer_feed(t->exchange->answer, s) : keep_text(t->exchange, s);
  if (!is_wanted) t->drained += s.len;
  if (t->drained <= DRAIN_MAX) return s.len;
  t->is_enough = true;
  return CURL_WRITEFUNC_ERROR;
}

static CURLcode set_callbacks(struct transfer *t) {
  static const struct easy_callbacks callbacks = {on_attempt, on_socket, on_header, on_answer};
  CURLcode bad = easy_set_callbacks(t->easy, &callbacks, t, t->detail);
  bad |= curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_send);
  bad |= curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
  bad |= curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_rewind);
  bad |= curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
  return bad;
}

static CURLcode set_connection(struct transfer *t) {
  const struct transfer_shared *s = t->shared;
  CURLcode bad = easy_set_connection(t->easy, s->proxy ? s->proxy : "", s->connect_timeout_ms);
  if (s->ca_file) bad |= curl_easy_setopt(t->easy, CURLOPT_CAINFO, s->ca_file);
  /* Wait for a connection to tell whether it takes more streams; without TLS it does not. */
  bad |= curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, strncmp(s->origin, "https", 5) == 0 ? 1L : 0L);
  bad |= curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
  bad |= curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_SIZE);
  bad |=
      curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, (long)(s->stall_timeout_ms + 999) / 1000);
  bad |= curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)s->total_timeout_ms);
  return bad;
}

struct transfer *transfer_new(const struct transfer_shared *shared) {
  struct transfer *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->shared = shared;
  t->url = BUF_WITH_LIMIT(URL_MAX);
  t->easy = curl_easy_init();
  if (t->easy && set_callbacks(t) == CURLE_OK && set_connection(t) == CURLE_OK) return t;
  transfer_free(t);
  return NULL;
}

void transfer_free(struct transfer *t) {
  if (!t) return;
  curl_easy_cleanup(t->easy);
  buf_free(&t->url);
  free(t);
}

struct exchange *transfer_exchange(const struct transfer *t) {
  return t->exchange;
}
CURL *transfer_easy(const struct transfer *t) { return t->easy; }

struct transfer *transfer_of(CURL *easy) {
  return easy_owner(easy);
}

static CURLcode set_request(struct transfer *t) {
  static const char *const method_name[] = {[EXCHANGE_GET] = "GET",
                                            [EXCHANGE_POST] = "POST",
                                            [EXCHANGE_PUT] = "PUT",
                                            [EXCHANGE_DELETE] = "DELETE"};
  const struct exchange *e = t->exchange;
  bool has_body = e->body.len > 0 || e->method == EXCHANGE_POST || e->method == EXCHANGE_PUT;
  buf_clear(&t->url);
  buf_add_text(&t->url, t->shared->base_url);
  buf_add_text(&t->url, e->target);
  const char *url = buf_text(&t->url);
  if (!url) return CURLE_OUT_OF_MEMORY;
  CURLcode bad = curl_easy_setopt(t->easy, CURLOPT_URL, url);
  /* UPLOAD stands for a body by the read callback, which may be empty, HTTPGET for none;
   * the name follows. */
  if (has_body) {
    bad |= curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
    bad |= curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)e->body.len);
  } else {
    bad |= curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
  }
  bad |= curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method_name[e->method]);
  bad |= curl_easy_setopt(t->easy, CURLOPT_MAXAGE_CONN, e->is_once ? IDLE_ONCE_S : IDLE_S);
  bad |= curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER,
                          has_body ? t->shared->with_body : t->shared->without);
  return bad;
}

int transfer_begin(struct transfer *t, struct exchange *e) {
  t->exchange = e;
  t->body_at = t->drained = 0;
  t->body_sent = 0;
  t->is_enough = t->is_once_over = false;
  t->detail[0] = '\0';
  headers_reset(&t->headers);
  if (e->answer) answer_reset(e->answer);
  if (set_request(t) == CURLE_OK) return 0;
  (void)transfer_end(t, CURLE_OUT_OF_MEMORY);
  return -1;
}

static void count_bytes(struct transfer *t) {
  long sent = 0, head = 0;
  curl_off_t body = 0;
  (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent); /* these leave 0 where unknown */
  (void)curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &head);
  (void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
  t->exchange->bytes_sent = sent + t->body_sent;
  t->exchange->bytes_received = head + body;
}

static struct exchange *give_back(struct transfer *t, enum exchange_end end) {
  struct exchange *e = t->exchange;
  e->end = end;
  e->status = t->headers.status >= 200 ? t->headers.status : 0;
  e->limits = t->headers.limits;
  memcpy(e->content_type, t->headers.content_type, sizeof e->content_type);
  memcpy(e->location, t->headers.location, sizeof e->location);
  count_bytes(t);
  e->ended_mono_ns = clock_mono_ns(t->shared->clock);
  t->exchange = NULL;
  return e;
}

static enum exchange_end explain(struct transfer *t, CURLcode code) {
  const struct transfer_shared *s = t->shared;
  struct fault_facts facts = {.code = code,
                              .attempts = t->exchange->attempts,
                              .is_once_over = t->is_once_over,
                              .detail = t->detail,
                              .origin = s->origin,
                              .connect_timeout_ms = s->connect_timeout_ms,
                              .stall_timeout_ms = s->stall_timeout_ms,
                              .total_timeout_ms = s->total_timeout_ms};
  return easy_explain(t->easy, &facts, &t->exchange->err);
}

struct exchange *transfer_end(struct transfer *t, CURLcode code) {
  if (code != CURLE_OK && !t->is_enough) return give_back(t, explain(t, code));
  if (is_scanned(t)) answer_end(t->exchange->answer);
  return give_back(t, EXCHANGE_ANSWERED);
}

struct exchange *transfer_cancelled(struct transfer *t) {
  error_set(&t->exchange->err, ERROR_INTERRUPTED, "the exchange with %s was cancelled",
            t->shared->origin);
  return give_back(t, EXCHANGE_CANCELLED);
}
