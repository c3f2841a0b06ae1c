/* json_scan.h - JSON text as a sequence of tokens, while it arrives.
 *
 * Strict (RFC 8259: no BOM, no comments, no trailing comma, valid UTF-8, no raw
 * control characters), depth capped, no allocation, no recursion.  The bytes
 * stay the caller's: it hands in what it has, takes tokens until
 * JSON_NEED_MORE, keeps the unread tail (json_rest) and hands in tail and new
 * bytes together.  A token's slice points into the bytes handed in and is valid
 * until the next json_feed().
 *
 * Several values behind each other (NDJSON) are read by json_reset() after each
 * JSON_END_OF_VALUE.  Who wants one value only calls on without it: then anything
 * but white space is an error.  Once the bytes are final, JSON_NEED_MORE means
 * that no value has begun, or that nothing stands behind the one that was read;
 * inside a value it is JSON_ERROR instead.
 *
 * Escapes are checked as RFC 8259 writes them; that \uD800 to \uDFFF come in
 * pairs is json_unescape()'s to check. */
#ifndef HOKO_BASE_JSON_SCAN_H
#define HOKO_BASE_JSON_SCAN_H

#include "base/slice.h"

#include <stdint.h>

enum json_token {
  JSON_NEED_MORE, /* the bytes end inside a token or between two */
  JSON_OBJECT_BEGIN,
  JSON_OBJECT_END,
  JSON_ARRAY_BEGIN,
  JSON_ARRAY_END,
  JSON_KEY,    /* text: between the quotes, escapes as they stand */
  JSON_STRING, /* the same */
  JSON_NUMBER, /* text: as it stands */
  JSON_TRUE,
  JSON_FALSE,
  JSON_NULL,
  JSON_END_OF_VALUE, /* the outermost value is complete; more bytes may follow */
  JSON_ERROR,        /* reason tells; no way on but json_reset() */
};

enum { JSON_DEPTH_MAX = 512 };

struct json_scan {
  const char *at, *end; /* unread bytes */
  struct slice text;    /* of the last KEY, STRING or NUMBER */
  bool has_escape;      /* whether that text needs json_unescape() */
  bool is_final;        /* no bytes come behind these */
  const char *reason;   /* after JSON_ERROR: a constant sentence without place */
  uint64_t lines,
      line_start;  /* line ends passed; offset (see offset) of the present line's begin */
  uint64_t offset; /* of AT from the first byte ever handed in */
  unsigned depth, depth_max;
  uint8_t expect;                          /* private */
  uint64_t is_object[JSON_DEPTH_MAX / 64]; /* private: one bit a level */
};

/* DEPTH_MAX at most JSON_DEPTH_MAX. */
void json_init(struct json_scan *s, unsigned depth_max);
/* Ready for another value behind the last one; place and unread bytes stay. */
void json_reset(struct json_scan *s);
/* BYTES: the unread tail of the last call's and what came since.  IS_FINAL: no
 * more will come, so a number at the end is complete. */
void json_feed(struct json_scan *s, struct slice bytes, bool is_final);
enum json_token json_next(struct json_scan *s);
/* Takes KEY and its colon, with the comma and one blank before it, if that is what comes
 * next, byte for byte; false: nothing is taken, and json_next() tells.  KEY is text of
 * an earlier JSON_KEY that had no escape.  Most rows have the keys of the last one, and
 * comparing costs half of reading them. */
bool json_take_key(struct json_scan *s, struct slice key);
/* What was handed in and not read. */
static inline struct slice json_rest(const struct json_scan *s) {
  return (struct slice){s->at, (size_t)(s->end - s->at)};
}
/* 1-based place of the next unread byte, for messages. */
uint64_t json_line(const struct json_scan *s);
uint64_t json_column(const struct json_scan *s);

#endif
