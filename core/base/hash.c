#include "base/hash.h"

#include <endian.h>

struct sip {
  uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static inline void sip_round(struct sip *s) {
  s->v0 += s->v1;
  s->v1 = rotate(s->v1, 13) ^ s->v0;
  s->v0 = rotate(s->v0, 32);
  s->v2 += s->v3;
  s->v3 = rotate(s->v3, 16) ^ s->v2;
  s->v0 += s->v3;
  s->v3 = rotate(s->v3, 21) ^ s->v0;
  s->v2 += s->v1;
  s->v1 = rotate(s->v1, 17) ^ s->v2;
  s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word) {
  s->v3 ^= word;
  sip_round(s);
  s->v0 ^= word;
}

static inline uint64_t read_little_endian(const char *at, size_t len) {
  uint64_t word = 0;
  if (len > 0) memcpy(&word, at, len);
  return le64toh(word);
}

uint64_t hash_bytes(const struct hash_key *key, const void *ptr, size_t len) {
  struct sip s = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
                  key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};
  const char *at = ptr;
  size_t rest = len;
  for (; rest >= 8; at += 8, rest -= 8) sip_word(&s, read_little_endian(at, 8));
  sip_word(&s, read_little_endian(at, rest) | (uint64_t)len << 56);
  s.v2 ^= 0xff;
  for (int i = 0; i < 3; i++) sip_round(&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
