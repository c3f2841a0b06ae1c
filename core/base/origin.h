/* origin.h - the server that a URL speaks to: scheme, host and port (RFC 6454) as
 * one text, so that "the same origin" is strcmp() and nothing else.
 *
 * The text is "https://hoko.to", "postgresql://db.example.com" or "http://127.0.0.1:8080": lower
 * case, the port only where it is not the scheme's own.  Stricter than URL parsers: what two of
 * them could read differently (user names, backslashes, percent signs, "127.1",
 * names outside ASCII) is refused, because a key follows the answer. */
#ifndef HOKO_BASE_ORIGIN_H
#define HOKO_BASE_ORIGIN_H

#include "base/error.h"
#include "base/slice.h"

enum { ORIGIN_SIZE = 272 }; /* scheme 8, host 253, colon and port 6, NUL */

/* The origin of URL (http or https, any path behind it) into TO.  -1: ERROR_USAGE. */
MUST_USE int origin_of_url(char to[ORIGIN_SIZE], struct slice url, struct error *err);
/* The same of whatever a key may be for: postgresql too. */
MUST_USE int origin_of_server(char to[ORIGIN_SIZE], struct slice url, struct error *err);
/* The same put together; HOST is a name, or an address without brackets. */
MUST_USE int origin_of_place(char to[ORIGIN_SIZE], const char *scheme, const char *host,
                             unsigned port, struct error *err);

/* The host of an origin (a name, or an address without brackets) and its port. */
struct slice origin_host(const char *origin);
unsigned origin_port(const char *origin);

/* Whether ORIGIN is this machine by its name or address: localhost, 127.0.0.0/8, ::1. */
bool origin_is_loopback(const char *origin);
/* Whether a key may go there at all: https, a database (which speaks TLS by itself), or a
 * loopback address. */
bool origin_is_safe(const char *origin);

#endif
