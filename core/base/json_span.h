/* json_span.h - the stretch of a JSON string that stands for itself.
 *
 * Nearly all bytes of nearly all strings are such, so this is where reading and
 * writing JSON spend their time: 16 bytes a step with SSE2, 8 without. */
#ifndef HOKO_BASE_JSON_SPAN_H
#define HOKO_BASE_JSON_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool json_is_special(char c) {
  return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* Whether one of the 8 bytes in WORD is special; the well-known test for a byte
 * below N, which is exact as to whether there is one. */
static inline bool json_word_is_special(uint64_t word) {
  const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
  uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
  uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                   ((backslash - ones) & ~backslash);
  return (found & tops) != 0;
}

#ifdef __SSE2__
/* One bit for each of the 16 bytes that is special. */
static inline unsigned json_specials(__m128i bytes) {
  __m128i low = _mm_set1_epi8(0x1f);
  __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, low), bytes);
  __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  return (unsigned)_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));
}
#endif

/* The first byte from AT on that is a quote, a backslash or a control character,
 * or END.  Sets *has_high when a byte before or near it is not ASCII, and leaves
 * it otherwise. */
static inline const char *json_span_end(const char *at, const char *end, bool *has_high) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    unsigned specials = json_specials(bytes);
    if (_mm_movemask_epi8(bytes) != 0) *has_high = true;
    if (specials != 0) return at + __builtin_ctz(specials);
  }
#endif
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) *has_high = true;
    if (json_word_is_special(word)) break;
  }
  for (; at < end && !json_is_special(*at); at++)
    if ((unsigned char)*at >= 0x80) *has_high = true;
  return at;
}

#endif
