#include "base/origin.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

enum { HOST_LEN_MAX = 253 };

static const struct scheme {
  struct slice text;
  int64_t port;
} schemes[] = {{{"https://", 8}, 443}, {{"http://", 7}, 80}, {{"postgresql://", 13}, 5432}};

enum { SCHEMES_OF_HTTP = 2, SCHEMES = 3 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_host_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
}

/* What stands before an "@" may be a password and is not shown. */
static int refuse(struct error *err, struct slice url, const char *why) {
  if (url.len > 0 && memchr(url.ptr, '@', url.len))
    return error_set(err, ERROR_USAGE, "the URL: %s", why);
  return error_set(err, ERROR_USAGE, "%.*s: %s", SLICE_ARG(url), why);
}

/* The first LEN schemes are taken; moves *REST behind the one that is there, or NULL. */
static const struct scheme *take_scheme(struct slice *rest, size_t len) {
  for (size_t i = 0; i < len; i++) {
    struct slice text = schemes[i].text;
    if (rest->len < text.len || strncasecmp(rest->ptr, text.ptr, text.len) != 0) continue;
    *rest = (struct slice){rest->ptr + text.len, rest->len - text.len};
    return &schemes[i];
  }
  return NULL;
}

static struct slice authority_of(struct slice rest) {
  size_t len = 0;
  while (len < rest.len && !memchr("/?#", rest.ptr[len], 3)) len++;
  return (struct slice){rest.ptr, len};
}

/* Splits AUTHORITY at the colon before the port; false: brackets that do not close. */
static bool split_port(struct slice authority, struct slice *host, struct slice *port) {
  size_t from = 0;
  if (authority.len > 0 && authority.ptr[0] == '[') {
    const char *end = memchr(authority.ptr, ']', authority.len);
    if (!end) return false;
    from = (size_t)(end - authority.ptr) + 1;
  }
  size_t at = from;
  while (at < authority.len && authority.ptr[at] != ':') at++;
  if (from > 0 && at != from) return false;
  *host = (struct slice){authority.ptr, at};
  *port = (struct slice){NULL, 0};
  if (at < authority.len) *port = (struct slice){authority.ptr + at + 1, authority.len - at - 1};
  return true;
}

/* "[::1]" in the one spelling that inet_ntop() gives. */
static bool put_address6(char to[HOST_LEN_MAX + 1], struct slice host) {
  char text[INET6_ADDRSTRLEN], plain[INET6_ADDRSTRLEN];
  struct in6_addr address;
  if (host.len < 4 || host.len - 2 >= sizeof text) return false;
  memcpy(text, host.ptr + 1, host.len - 2);
  text[host.len - 2] = '\0';
  if (inet_pton(AF_INET6, text, &address) != 1) return false;
  if (!inet_ntop(AF_INET6, &address, plain, sizeof plain)) return false;
  return snprintf(to, HOST_LEN_MAX + 1, "[%s]", plain) > 0;
}

/* A name, or an IPv4 address as four numbers: a last label that begins with a digit is
 * taken for an address by URL parsers ("127.1", "0x7f000001"), so it must be a whole one. */
static bool put_name(char to[HOST_LEN_MAX + 1], struct slice host) {
  size_t label = 0;
  for (size_t i = 0; i < host.len; i++) {
    char c = host.ptr[i];
    to[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    if (!is_host_char(to[i])) return false;
    if (c != '.') continue;
    if (i == label) return false;
    label = i + 1;
  }
  if (label == host.len) return false;
  to[host.len] = '\0';
  struct in_addr address;
  return !is_digit(to[label]) || inet_pton(AF_INET, to, &address) == 1;
}

static int origin_of(char to[ORIGIN_SIZE], struct slice url, size_t schemes_len,
                     struct error *err) {
  struct slice rest = url, host, port;
  const struct scheme *scheme = take_scheme(&rest, schemes_len);
  if (!scheme) return refuse(err, url, "not a URL that begins with https:// or http://");
  struct slice authority = authority_of(rest);
  if (authority.len > 0 && memchr(authority.ptr, '@', authority.len))
    return refuse(err, url, "a user name or password in it is not taken");
  if (!split_port(authority, &host, &port) || host.len == 0 || host.len > HOST_LEN_MAX)
    return refuse(err, url, "no host name in it");

  char name[HOST_LEN_MAX + 1];
  if (host.ptr[0] == '[' ? !put_address6(name, host) : !put_name(name, host))
    return refuse(err, url, "not a host name of letters, digits, dots and hyphens, nor an address");
  int64_t number = scheme->port;
  if (port.ptr &&
      (port.len == 0 || !is_digit(port.ptr[0]) || number_int64(port, 1, 65535, &number) != 0))
    return refuse(err, url, "the port is no number from 1 to 65535");

  char tail[8] = "";
  if (number != scheme->port) (void)snprintf(tail, sizeof tail, ":%u", (unsigned)(number & 0xffff));
  (void)snprintf(to, ORIGIN_SIZE, "%.*s%s%s", SLICE_ARG(scheme->text), name, tail);
  return 0;
}

int origin_of_url(char to[ORIGIN_SIZE], struct slice url, struct error *err) {
  return origin_of(to, url, SCHEMES_OF_HTTP, err);
}

int origin_of_server(char to[ORIGIN_SIZE], struct slice url, struct error *err) {
  return origin_of(to, url, SCHEMES, err);
}

int origin_of_place(char to[ORIGIN_SIZE], const char *scheme, const char *host, unsigned port,
                    struct error *err) {
  char url[ORIGIN_SIZE + 32];
  bool is_address6 = strchr(host, ':') != NULL;
  int len = snprintf(url, sizeof url, "%s://%s%s%s:%u", scheme, is_address6 ? "[" : "", host,
                     is_address6 ? "]" : "", port);
  if (len < 0 || (size_t)len >= sizeof url)
    return error_set(err, ERROR_USAGE, "%.80s…: the host name is too long", host);
  return origin_of_server(to, slice_of(url), err);
}

/* Behind the host, at ":" or the end. */
static const char *host_end(const char *host) {
  if (host[0] == '[') return strchr(host, ']') + 1;
  return host + strcspn(host, ":");
}

static const char *host_begin(const char *origin) { return strstr(origin, "://") + 3; }

struct slice origin_host(const char *origin) {
  const char *host = host_begin(origin), *end = host_end(host);
  if (host[0] == '[') return (struct slice){host + 1, (size_t)(end - host) - 2};
  return (struct slice){host, (size_t)(end - host)};
}

unsigned origin_port(const char *origin) {
  const char *end = host_end(host_begin(origin));
  struct slice rest = slice_of(origin);
  const struct scheme *scheme = take_scheme(&rest, SCHEMES);
  int64_t port = scheme ? scheme->port : 0;
  if (*end == ':' && number_int64(slice_of(end + 1), 1, 65535, &port) != 0) return 0;
  return (unsigned)port;
}

bool origin_is_loopback(const char *origin) {
  struct slice host = origin_host(origin);
  char text[INET_ADDRSTRLEN];
  struct in_addr address;
  if (slice_is(host, "localhost") || slice_is(host, "::1")) return true;
  if (host.len >= sizeof text) return false;
  memcpy(text, host.ptr, host.len);
  text[host.len] = '\0';
  return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool origin_is_safe(const char *origin) {
  return strncmp(origin, "http://", 7) != 0 || origin_is_loopback(origin);
}
