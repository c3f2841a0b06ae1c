#include "sync/seen.h"

#include <stdlib.h>
#include <string.h>

void seen_free(struct seen *s) {
  free(s->words);
  *s = (struct seen){.words = NULL};
}

static bool has_room(struct seen *s, size_t word) {
  if (word < s->words_len) return true;
  size_t len = word + word / 2 + 64;
  uint64_t *words = realloc(s->words, len * sizeof *words);
  if (!words) return false;
  memset(words + s->words_len, 0, (len - s->words_len) * sizeof *words);
  s->words = words;
  s->words_len = len;
  return true;
}

void seen_add(struct seen *s, uint32_t seq) {
  if (seq == 0) return;
  if (has_room(s, seq / 64))
    s->words[seq / 64] |= UINT64_C(1) << seq % 64;
  else
    s->is_failed = true;
}
