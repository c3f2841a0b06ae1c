#include "net/reach.h"

#include "base/number.h"
#include "base/origin.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BYTES = 16, BITS = 8 * BYTES, WORD_SIZE = ORIGIN_SIZE - 16 };

/* Every address as one of IPv6; those of IPv4 are ::ffff:a.b.c.d (RFC 4291). */
struct address {
  unsigned char byte[BYTES];
};

struct network {
  struct address address;
  unsigned bits;
};

struct word {
  char host[WORD_SIZE]; /* of an origin; "" of a network */
  unsigned port;        /* 0: any */
  bool is_address;
  struct network network; /* of an address: all its bits */
};

struct reach {
  size_t len;
  struct word word[REACH_WORDS_MAX];
};

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* ---- addresses ---- */

static bool read_address(struct address *to, const char *text) {
  memcpy(to->byte, mapped, sizeof mapped);
  if (inet_pton(AF_INET, text, to->byte + sizeof mapped) == 1) return true;
  return inet_pton(AF_INET6, text, to->byte) == 1;
}

static bool address_of(struct address *to, const struct sockaddr *from) {
  if (from->sa_family == AF_INET) {
    struct sockaddr_in v4;
    memcpy(&v4, from, sizeof v4);
    memcpy(to->byte, mapped, sizeof mapped);
    memcpy(to->byte + sizeof mapped, &v4.sin_addr, 4);
  } else if (from->sa_family == AF_INET6) {
    struct sockaddr_in6 v6;
    memcpy(&v6, from, sizeof v6);
    memcpy(to->byte, &v6.sin6_addr, BYTES);
  } else {
    return false;
  }
  return true;
}

static bool is_in(const struct address *a, const struct network *n) {
  unsigned whole = n->bits / 8, rest = n->bits % 8;
  if (memcmp(a->byte, n->address.byte, whole) != 0) return false;
  return rest == 0 || ((a->byte[whole] ^ n->address.byte[whole]) >> (8 - rest)) == 0;
}

#define V4(a, b, c, d)                                                                             \
  {                                                                                                \
    { [10] = 0xff, [11] = 0xff, [12] = (a), [13] = (b), [14] = (c), [15] = (d) }                   \
  }

/* What is not on the public Internet: the IANA registries of special-purpose addresses,
 * as far as something may answer there.  NAT64 and 6to4 wrap any address of IPv4. */
static const struct {
  const char *kind;
  struct network network;
} special[] = {
    {"loopback", {V4(127, 0, 0, 0), 96 + 8}},
    {"loopback", {{{[15] = 1}}, BITS}},
    {"unspecified", {V4(0, 0, 0, 0), 96 + 8}},
    {"private", {V4(10, 0, 0, 0), 96 + 8}},
    {"private", {V4(172, 16, 0, 0), 96 + 12}},
    {"private", {V4(192, 168, 0, 0), 96 + 16}},
    {"private", {V4(100, 64, 0, 0), 96 + 10}},
    {"private", {V4(198, 18, 0, 0), 96 + 15}},
    {"private", {V4(192, 0, 0, 0), 96 + 24}},
    {"link-local", {V4(169, 254, 0, 0), 96 + 16}},
    {"multicast", {V4(224, 0, 0, 0), 96 + 4}},
    {"reserved", {V4(240, 0, 0, 0), 96 + 4}},
    {"private", {{{0xfc}}, 7}},
    {"link-local", {{{0xfe, 0x80}}, 10}},
    {"site-local", {{{0xfe, 0xc0}}, 10}},
    {"multicast", {{{0xff}}, 8}},
    {"translated", {{{0x00, 0x64, 0xff, 0x9b}}, 32}},
    {"translated", {{{0x20, 0x02}}, 16}},
};

/* NULL: it is public.  ::/80, but for IPv4 and those above, is nobody's. */
static const char *kind_of(const struct address *a) {
  static const struct network unused = {.bits = 80};
  for (size_t i = 0; i < sizeof special / sizeof *special; i++)
    if (is_in(a, &special[i].network)) return special[i].kind;
  bool is_v4 = memcmp(a->byte, mapped, sizeof mapped) == 0;
  return !is_v4 && is_in(a, &unused) ? "unspecified" : NULL;
}

const char *reach_describe(const struct sockaddr *address, char text[REACH_ADDRESS_SIZE]) {
  struct address a;
  text[0] = '\0';
  if (!address_of(&a, address)) return "unknown";
  bool is_v4 = memcmp(a.byte, mapped, sizeof mapped) == 0;
  if (is_v4)
    (void)inet_ntop(AF_INET, a.byte + sizeof mapped, text, REACH_ADDRESS_SIZE);
  else
    (void)inet_ntop(AF_INET6, a.byte, text, REACH_ADDRESS_SIZE);
  const char *kind = kind_of(&a);
  return kind ? kind : "public";
}

/* ---- words ---- */

static int wrong(const char *word, struct error *err) {
  (void)error_set(err, ERROR_USAGE, "--allow-net: \"%s\" is no host, host:port or network", word);
  return error_hint(err, "as in crm.example.com, crm.example.com:8443, [::1]:8080 or 10.0.0.0/8");
}

static int read_network(struct word *w, const char *text, const char *slash, struct error *err) {
  char address[REACH_ADDRESS_SIZE];
  int64_t bits;
  size_t len = (size_t)(slash - text);
  if (len >= sizeof address) return wrong(text, err);
  memcpy(address, text, len);
  address[len] = '\0';
  if (!read_address(&w->network.address, address)) return wrong(text, err);
  unsigned before = strchr(address, ':') ? 0 : BITS - 32;
  if (number_int64(slice_of(slash + 1), 1, (int64_t)(BITS - before), &bits))
    return wrong(text, err);
  w->network.bits = before + (unsigned)bits;
  w->is_address = true;
  return 0;
}

/* An origin's reader knows what a host is; a bare address of IPv6 has no brackets yet. */
static int read_host(struct word *w, const char *text, struct error *err) {
  char url[ORIGIN_SIZE], origin[ORIGIN_SIZE];
  const char *colon = strchr(text, ':');
  bool is_bare = text[0] != '[' && colon && strchr(colon + 1, ':');
  int len = snprintf(url, sizeof url, is_bare ? "https://[%s]" : "https://%s", text);
  if (len < 0 || (size_t)len >= sizeof url || strpbrk(text, "/?#@")) return wrong(text, err);
  if (origin_of_url(origin, slice_of(url), err)) return wrong(text, err);
  struct slice host = origin_host(origin);
  if (host.len >= sizeof w->host) return wrong(text, err);
  memcpy(w->host, host.ptr, host.len);
  w->host[host.len] = '\0';
  const char *tail = text[0] == '[' ? strchr(text, ']') : text;
  w->port = !is_bare && strchr(tail, ':') ? origin_port(origin) : 0;
  w->is_address = read_address(&w->network.address, w->host);
  w->network.bits = BITS;
  return 0;
}

struct reach *reach_new(const char *const *words, struct error *err) {
  struct reach *r = calloc(1, sizeof *r);
  if (!r) {
    (void)error_set(err, ERROR_MEMORY, "no memory for the list of allowed servers");
    return NULL;
  }
  for (; words && *words; words++) {
    struct word *w = &r->word[r->len];
    const char *slash = strchr(*words, '/');
    int rc = r->len == REACH_WORDS_MAX
                 ? error_set(err, ERROR_USAGE, "more than %d servers are allowed", REACH_WORDS_MAX)
             : slash ? read_network(w, *words, slash, err)
                     : read_host(w, *words, err);
    if (rc) {
      reach_free(r);
      return NULL;
    }
    r->len++;
  }
  return r;
}

void reach_free(struct reach *r) { free(r); }

/* ---- asking ---- */

/* HOST as an address; false: it is a name. */
static bool literal(struct address *to, struct slice host) {
  char text[REACH_ADDRESS_SIZE];
  if (host.len >= sizeof text) return false;
  memcpy(text, host.ptr, host.len);
  text[host.len] = '\0';
  return read_address(to, text);
}

static bool is_listed(const struct reach *r, const struct address *a, unsigned port) {
  for (size_t i = 0; i < r->len; i++) {
    const struct word *w = &r->word[i];
    if (w->is_address && (!w->port || w->port == port) && is_in(a, &w->network)) return true;
  }
  return false;
}

bool reach_has(const struct reach *r, const char *origin) {
  struct slice host = origin_host(origin);
  unsigned port = origin_port(origin);
  struct address a;
  if (literal(&a, host)) return is_listed(r, &a, port);
  for (size_t i = 0; i < r->len; i++)
    if (slice_is(host, r->word[i].host) && (!r->word[i].port || r->word[i].port == port))
      return true;
  return false;
}

bool reach_admits(const struct reach *r, const char *origin, const struct sockaddr *address) {
  struct address a;
  if (!address_of(&a, address)) return false;
  const char *kind = kind_of(&a);
  if (!kind || is_listed(r, &a, origin_port(origin))) return true;
  return strcmp(kind, "loopback") == 0 && slice_is(origin_host(origin), "localhost");
}
