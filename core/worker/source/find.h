/* find.h - the next of three bytes: where reading CSV spends its time.
 *
 * 16 bytes a step with SSE2, which every x86-64 has; byte by byte elsewhere. */
#ifndef HOKO_WORKER_SOURCE_FIND_H
#define HOKO_WORKER_SOURCE_FIND_H

#include "worker/source/bytes.h"

#include <stddef.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

_Static_assert(BYTES_SLACK >= 16, "a step may read 15 bytes behind the end");

/* The first A, B or C in [P, END), or NULL.  BYTES_SLACK bytes behind END must be
 * readable. */
static inline char *find_any(char *p, char *end, char a, char b, char c) {
#ifdef __SSE2__
  const __m128i as = _mm_set1_epi8(a), bs = _mm_set1_epi8(b), cs = _mm_set1_epi8(c);
  for (; p < end; p += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, as), _mm_cmpeq_epi8(v, bs)),
                               _mm_cmpeq_epi8(v, cs));
    int mask = _mm_movemask_epi8(hit);
    if (!mask) continue;
    p += __builtin_ctz((unsigned)mask);
    return p < end ? p : NULL;
  }
#else
  for (; p < end; p++)
    if (*p == a || *p == b || *p == c) return p;
#endif
  return NULL;
}

#endif
