#include "schedule/tzif.h"

#include <inttypes.h>
#include <stdlib.h>

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, TYPES_MAX = 256 };

/* The six counts of a header, in its order, and where its block begins. */
struct block {
  uint64_t ut_len, std_len, leaps_len, changes_len, types_len, chars_len;
  uint64_t time_size; /* 4 in the first block, 8 in the second */
  struct slice bytes;
};

static uint32_t read_u32(const char *at) {
  const unsigned char *b = (const unsigned char *)at;
  return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* What two's complement stands for, without a cast that is implementation-defined. */
static int32_t read_i32(const char *at) {
  uint32_t n = read_u32(at);
  return n <= INT32_MAX ? (int32_t)n : -1 - (int32_t)(UINT32_MAX - n);
}

static int64_t read_time(const char *at, uint64_t size) {
  if (size == 4) return read_i32(at);
  uint64_t n = (uint64_t)read_u32(at) << 32 | read_u32(at + 4);
  return n <= INT64_MAX ? (int64_t)n : -1 - (int64_t)(UINT64_MAX - n);
}

static uint64_t block_size(const struct block *b) {
  return b->changes_len * (b->time_size + 1) + b->types_len * TYPE_SIZE + b->chars_len +
         b->leaps_len * (b->time_size + 4) + b->std_len + b->ut_len;
}

/* The block that begins S, with its header; *rest is what stands behind it.  The
 * counts are 32 bits each, so their sum cannot overflow 64. */
static int read_block(struct block *b, struct slice s, uint64_t time_size, struct slice *rest,
                      struct error *err) {
  if (s.len < HEADER_SIZE || memcmp(s.ptr, "TZif", 4) != 0)
    return error_set(err, ERROR_DATA, "it does not begin as a time-zone file does");
  *b = (struct block){.ut_len = read_u32(s.ptr + 20),
                      .std_len = read_u32(s.ptr + 24),
                      .leaps_len = read_u32(s.ptr + 28),
                      .changes_len = read_u32(s.ptr + 32),
                      .types_len = read_u32(s.ptr + 36),
                      .chars_len = read_u32(s.ptr + 40),
                      .time_size = time_size};
  uint64_t size = block_size(b);
  if (size > s.len - HEADER_SIZE)
    return error_set(err, ERROR_DATA, "it is cut short: a block of %" PRIu64 " bytes", size);
  b->bytes = (struct slice){s.ptr + HEADER_SIZE, size};
  *rest = (struct slice){s.ptr + HEADER_SIZE + size, s.len - HEADER_SIZE - size};
  return 0;
}

static int read_offsets(const struct block *b, int32_t offsets[TYPES_MAX], struct error *err) {
  const char *types = b->bytes.ptr + b->changes_len * (b->time_size + 1);
  for (size_t i = 0; i < b->types_len; i++) {
    offsets[i] = read_i32(types + i * TYPE_SIZE);
    if (offsets[i] < TZIF_OFFSET_MIN_S || offsets[i] > TZIF_OFFSET_MAX_S)
      return error_set(err, ERROR_DATA, "an offset of %d seconds from UTC", offsets[i]);
  }
  return 0;
}

static int read_changes(struct tzif *t, const struct block *b, const int32_t offsets[TYPES_MAX],
                        struct error *err) {
  const char *types = b->bytes.ptr + b->changes_len * b->time_size;
  for (size_t i = 0; i < b->changes_len; i++) {
    size_t type = (unsigned char)types[i];
    int64_t at_s = read_time(b->bytes.ptr + i * b->time_size, b->time_size);
    if (type >= b->types_len)
      return error_set(err, ERROR_DATA, "change %zu is to a type that is not there", i);
    if (i > 0 && at_s <= t->changes[i - 1].at_s)
      return error_set(err, ERROR_DATA, "change %zu is out of order", i);
    t->changes[i] = (struct tzif_change){at_s, offsets[type]};
  }
  t->changes_len = b->changes_len;
  return 0;
}

static int read_table(struct tzif *t, const struct block *b, struct error *err) {
  int32_t offsets[TYPES_MAX];
  if (b->leaps_len > 0) {
    (void)error_set(err, ERROR_DATA, "it counts leap seconds, which no clock here does");
    return error_hint(err, "use the zone's name without \"right/\"");
  }
  if (b->types_len == 0 || b->types_len > TYPES_MAX)
    return error_set(err, ERROR_DATA, "it has %" PRIu64 " types of local time", b->types_len);
  if (read_offsets(b, offsets, err) != 0) return -1;
  t->first_offset_s = offsets[0];
  if (b->changes_len == 0) return 0;
  t->changes = calloc(b->changes_len, sizeof *t->changes);
  if (!t->changes) return error_set(err, ERROR_MEMORY, "no memory for a time zone");
  return read_changes(t, b, offsets, err);
}

/* The line behind the second block; empty where the file knows no rule. */
static int read_rule(struct tzif *t, struct slice s, struct error *err) {
  const char *end = s.len > 1 ? memchr(s.ptr + 1, '\n', s.len - 1) : NULL;
  if (!end || s.ptr[0] != '\n') return error_set(err, ERROR_DATA, "its last line is cut short");
  struct slice line = {s.ptr + 1, (size_t)(end - s.ptr) - 1};
  t->has_rule = line.len > 0;
  if (!t->has_rule || tz_rule_parse(&t->rule, line)) return 0;
  return error_set(err, ERROR_DATA, "its last line is no rule");
}

int tzif_parse(struct tzif *t, struct slice bytes, struct error *err) {
  struct block block;
  struct slice rest;
  *t = (struct tzif){0};
  if (read_block(&block, bytes, 4, &rest, err) != 0) return -1;
  bool has_second = bytes.ptr[4] >= '2';
  if (has_second && read_block(&block, rest, 8, &rest, err) != 0) return -1;
  if (read_table(t, &block, err) == 0 && (!has_second || read_rule(t, rest, err) == 0)) return 0;
  tzif_free(t);
  return -1;
}

void tzif_free(struct tzif *t) {
  free(t->changes);
  *t = (struct tzif){0};
}
