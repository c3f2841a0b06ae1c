#include "net/flow.h"

#include "net/easy.h"

#include <sys/socket.h>

enum { CONNECT_TIMEOUT_MS = 10 * 1000 };

/* ---- libcurl's callbacks ---- */

/* See transfer.c: no option of libcurl's keeps it from a second attempt. */
static int on_attempt(void *user, char *peer_ip, char *own_ip, int peer_port, int own_port) {
  struct fetch *f = user;
  (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
  if (f->attempts > 0 && !f->is_safe) {
    f->is_once_over = true;
    return CURL_PREREQFUNC_ABORT;
  }
  f->attempts++;
  return CURL_PREREQFUNC_OK;
}

/* Each address that the name resolved to, before a connection to it. */
static curl_socket_t on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  struct fetch *f = user;
  (void)purpose;
  if (!reach_admits(f->reach, f->origin, &address->addr)) {
    f->barred_kind = reach_describe(&address->addr, f->barred);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Interim answers and those of an earlier attempt are forgotten; trailers are not taken,
 * since they may come when it is not our turn. */
static size_t on_header(char *bytes, size_t size, size_t count, void *user) {
  struct fetch *f = user;
  struct slice line = {bytes, size * count};
  bool is_status = line.len > 5 && memcmp(line.ptr, "HTTP/", 5) == 0;
  if (is_status) buf_clear(&f->head);
  bool is_field = !is_status && !f->headers.is_ended && line.len > 2;
  headers_line(&f->headers, line, clock_wall_ms(f->clock));
  if (is_field) buf_add_slice(&f->head, line);
  return buf_ok(&f->head) ? line.len : 0;
}

static size_t on_piece(char *bytes, size_t size, size_t count, void *user) {
  struct fetch *f = user;
  size_t len = size * count;
  if (!f->is_turn || len > FETCH_PIECE_MAX - f->piece.len) return CURL_WRITEFUNC_PAUSE;
  buf_add(&f->piece, bytes, len);
  return buf_ok(&f->piece) ? len : 0;
}

CURLcode flow_set_callbacks(struct fetch *f) {
  static const struct easy_callbacks callbacks = {on_attempt, on_socket, on_header, on_piece};
  return easy_set_callbacks(f->easy, &callbacks, f, f->detail);
}

/* ---- its turns ---- */

int64_t flow_connect_ms(const struct fetch *f) {
  return f->timeout_ms < CONNECT_TIMEOUT_MS ? f->timeout_ms : CONNECT_TIMEOUT_MS;
}

struct fetch *flow_of(CURL *easy) {
  return easy_owner(easy);
}

void flow_begin_turn(struct fetch *f) {
  f->is_turn = true;
  buf_clear(&f->piece);
  if (!f->is_done) (void)curl_easy_pause(f->easy, CURLPAUSE_CONT); /* an error ends the transfer */
}

void flow_done(struct fetch *f, CURLcode code) {
  f->is_done = true;
  f->code = code;
}

static void explain_barred(struct fetch *f) {
  struct slice host = origin_host(f->origin);
  (void)error_set(&f->err, ERROR_DENIED, "%.*s is at %s, a %s address, which is not allowed",
                  SLICE_ARG(host), f->barred, f->barred_kind);
  (void)error_hint(&f->err, "if that is right, add --allow-net=%s too, or to allow.net in hoko.lua",
                   f->barred);
}

static void explain(struct fetch *f) {
  struct fault_facts facts = {.code = f->code,
                              .attempts = (int)f->attempts,
                              .is_once_over = f->is_once_over,
                              .detail = f->detail,
                              .origin = f->origin,
                              .connect_timeout_ms = flow_connect_ms(f),
                              .stall_timeout_ms = f->timeout_ms,
                              .total_timeout_ms = f->timeout_ms};
  (void)easy_explain(f->easy, &facts, &f->err);
}

static void end(struct fetch *f) {
  f->is_ended = true;
  if (f->code == CURLE_OK) return;
  f->has_failed = true;
  if (f->barred_kind && f->attempts == 0)
    explain_barred(f);
  else
    explain(f);
}

bool flow_end_turn(struct fetch *f) {
  if (!f->is_turn || (!f->is_done && f->piece.len == 0)) return false;
  if (f->is_done) end(f);
  f->is_turn = false;
  return true;
}

/* ---- what came ---- */

int fetch_status(const struct fetch *f) { return f->headers.status; }
struct slice fetch_head(const struct fetch *f) {
  return buf_slice(&f->head);
}

int64_t fetch_retry_after_ms(const struct fetch *f) {
  double seconds = f->headers.limits.retry_after_s;
  return seconds < 0 ? -1 : seconds > 1e9 ? INT64_C(1000000000000) : (int64_t)(seconds * 1000);
}

struct slice fetch_piece(const struct fetch *f) {
  return buf_slice(&f->piece);
}
bool fetch_is_ended(const struct fetch *f) { return f->is_ended; }
const struct error *fetch_error(const struct fetch *f) { return f->has_failed ? &f->err : NULL; }
