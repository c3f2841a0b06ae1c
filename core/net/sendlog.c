#include "net/sendlog.h"

static const int64_t BIN_NS = 250 * INT64_C(1000000);

/* BIN is above -SENDLOG_BINS: clocks start at 0. */
static uint32_t *bin_at(struct sendlog *s, int64_t bin) {
  return &s->sent[(bin + SENDLOG_BINS) % SENDLOG_BINS];
}

/* Makes the bin of NOW_NS the newest. */
static void move(struct sendlog *s, int64_t now_ns) {
  int64_t bin = now_ns / BIN_NS;
  if (s->total == 0) s->newest = bin;
  for (int steps = 0; s->newest < bin && steps < SENDLOG_BINS; steps++) {
    s->newest++;
    s->total -= *bin_at(s, s->newest);
    *bin_at(s, s->newest) = 0;
  }
  if (s->newest < bin) s->newest = bin;
}

void sendlog_add(struct sendlog *s, int64_t now_ns, int64_t requests) {
  move(s, now_ns);
  *bin_at(s, s->newest) += (uint32_t)requests;
  s->total += requests;
}

int64_t sendlog_count(struct sendlog *s, int64_t now_ns) {
  move(s, now_ns);
  return s->total;
}

int64_t sendlog_below_at(struct sendlog *s, int64_t max, int64_t now_ns) {
  int64_t left = sendlog_count(s, now_ns);
  if (left <= max) return now_ns;
  int64_t bin = s->newest - SENDLOG_BINS; /* empty: the one that the newest overwrote */
  while (left > max) left -= *bin_at(s, ++bin);
  return (bin + SENDLOG_BINS) * BIN_NS;
}
