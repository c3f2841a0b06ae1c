/* tzif_bytes.h - time-zone files made for tests, byte by byte. */
#ifndef HOKO_TESTS_SCHEDULE_TZIF_BYTES_H
#define HOKO_TESTS_SCHEDULE_TZIF_BYTES_H

#include "base/buf.h"

struct tzif_bytes_change {
  int64_t at_s;
  uint8_t type;
};

static inline void put_big_endian(struct buf *b, uint64_t n, int size) {
  for (int i = size - 1; i >= 0; i--) buf_add_char(b, (char)(n >> 8 * i & 0xff));
}

/* A header and its block: times of TIME_SIZE bytes, types that are OFFSETS. */
static inline void put_block(struct buf *b, char version, int time_size,
                             const struct tzif_bytes_change *changes, size_t changes_len,
                             const int32_t *offsets, size_t offsets_len) {
  buf_add_text(b, "TZif");
  buf_add_char(b, version);
  for (int i = 0; i < 15; i++) buf_add_char(b, 0);
  const uint64_t counts[] = {0, 0, 0, changes_len, offsets_len, 4};
  for (int i = 0; i < 6; i++) put_big_endian(b, counts[i], 4);
  for (size_t i = 0; i < changes_len; i++) put_big_endian(b, (uint64_t)changes[i].at_s, time_size);
  for (size_t i = 0; i < changes_len; i++) put_big_endian(b, changes[i].type, 1);
  for (size_t i = 0; i < offsets_len; i++) {
    put_big_endian(b, (uint64_t)offsets[i], 4);
    put_big_endian(b, 0, 2);
  }
  buf_add(b, "XXX", 4);
}

/* A whole file of version 2 or later: an empty first block, CHANGES, RULE. */
static inline void put_file(struct buf *b, char version, const struct tzif_bytes_change *changes,
                            size_t changes_len, const int32_t *offsets, size_t offsets_len,
                            const char *rule) {
  put_block(b, version, 4, NULL, 0, offsets, 1);
  put_block(b, version, 8, changes, changes_len, offsets, offsets_len);
  buf_printf(b, "\n%s\n", rule);
}

#endif
