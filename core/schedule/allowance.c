#include "schedule/allowance.h"

static const int64_t hour_ms = 3600000;

static void turn(struct allowance *q, int64_t now_ms) {
  int64_t hour = now_ms / hour_ms;
  if (hour == q->hour) return;
  *q = (struct allowance){.hour = hour, .hidden_before = q->hidden_before + q->hidden};
}

bool allowance_take(struct allowance *q, size_t len, int64_t now_ms) {
  turn(q, now_ms);
  if (q->used + (int64_t)len > ALLOWANCE_BYTES) {
    q->hidden++;
    return false;
  }
  q->used += (int64_t)len;
  return true;
}

int64_t allowance_hidden(struct allowance *q, int64_t now_ms) {
  turn(q, now_ms);
  int64_t hidden = q->hidden_before;
  q->hidden_before = 0;
  return hidden;
}
