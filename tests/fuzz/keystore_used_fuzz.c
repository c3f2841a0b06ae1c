/* The notes beside a keystore: what is taken, written again and read again is the same. */
#include "keys/used.h"

#include "check.h"

static struct used used, again;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (!used_parse(&used, (struct slice){(const char *)data, len})) {
    check(used.len == 0 && used.generation == 0);
    return 0;
  }
  struct buf b = BUF_WITH_LIMIT(1 << 20);
  used_put(&b, &used);
  check(buf_ok(&b) && used_parse(&again, buf_slice(&b)));
  check(again.len == used.len && again.generation == used.generation);
  check(strcmp(again.id, used.id) == 0);
  for (size_t i = 0; i < used.len; i++)
    check(strcmp(used.entry[i].name, again.entry[i].name) == 0 &&
          used.entry[i].at_ms == again.entry[i].at_ms);
  buf_free(&b);
  return 0;
}
