#include "base/uuid.h"

#include "base/hex.h"

/* Where the first digit of each byte is in "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx". */
static const uint8_t digit_at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

bool uuid_parse(struct slice s, struct uuid *out) {
  struct uuid id;
  int wrong = 0;
  if (s.len != UUID_TEXT_LEN) return false;
  if (s.ptr[8] != '-' || s.ptr[13] != '-' || s.ptr[18] != '-' || s.ptr[23] != '-') return false;
  for (size_t i = 0; i < sizeof id.bytes; i++) {
    int high = hex_value(s.ptr[digit_at[i]]), low = hex_value(s.ptr[digit_at[i] + 1]);
    wrong |= high | low; /* negative once one of them is */
    id.bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
  }
  if (wrong < 0) return false;
  *out = id;
  return true;
}

void uuid_format(const struct uuid *id, char text[UUID_TEXT_LEN]) {
  text[8] = text[13] = text[18] = text[23] = '-';
  for (size_t i = 0; i < sizeof id->bytes; i++) {
    text[digit_at[i]] = hex_digit(id->bytes[i] >> 4);
    text[digit_at[i] + 1] = hex_digit(id->bytes[i]);
  }
}

struct uuid uuid_from_random(const uint8_t random[16]) {
  struct uuid id;
  memcpy(id.bytes, random, sizeof id.bytes);
  id.bytes[6] = (uint8_t)(0x40 | (id.bytes[6] & 0x0f)); /* version 4 */
  id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f)); /* variant of RFC 9562 */
  return id;
}

void ulid_format(int64_t wall_ms, const uint8_t random[10], char text[ULID_TEXT_LEN + 1]) {
  static const char digit[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  uint64_t time = (uint64_t)wall_ms & 0xffffffffffff; /* 48 bits, until the year 10889 */
  for (int i = 9; i >= 0; i--, time >>= 5) text[i] = digit[time & 31];
  for (int half = 0; half < 2; half++) { /* 5 bytes are 8 digits */
    uint64_t bits = 0;
    for (int i = 0; i < 5; i++) bits = bits << 8 | random[5 * half + i];
    for (int i = 7; i >= 0; i--, bits >>= 5) text[10 + 8 * half + i] = digit[bits & 31];
  }
  text[ULID_TEXT_LEN] = '\0';
}
